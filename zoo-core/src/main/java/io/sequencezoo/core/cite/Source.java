package io.sequencezoo.core.cite;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The public reference implementation whose conventions and constants a block follows. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Source {
  /** The repository, {@code owner/name}. */
  String repo();

  /** The path inside it. */
  String path();

  /** The commit that was read. */
  String commit();
}
