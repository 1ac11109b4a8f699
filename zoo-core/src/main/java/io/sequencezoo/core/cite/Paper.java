package io.sequencezoo.core.cite;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The paper that defines an architecture; feeds the table of architectures and the bibliography.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Paper {
  /** The BibTeX key. */
  String key();

  /** The title. */
  String title();

  /** Authors and year, as a citation in running text. */
  String authors();

  /** The arXiv identifier, or empty. */
  String arxiv() default "";

  /** The equations transcribed, such as {@code "3-4"}. */
  String equations() default "";
}
