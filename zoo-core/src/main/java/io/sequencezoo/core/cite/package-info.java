/** Annotations that say where an architecture comes from. */
package io.sequencezoo.core.cite;
