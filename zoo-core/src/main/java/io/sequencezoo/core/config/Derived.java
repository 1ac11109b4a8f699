package io.sequencezoo.core.config;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/**
 * Marks a component of a configuration that stands for what the place of the block says, such as a
 * head's share of the width, or for none, where it is 0 or, if it isn't a number, null. That isn't
 * written, and a key that says it is refused: it is left out instead.
 */
@JacksonAnnotationsInside
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Derived {}
