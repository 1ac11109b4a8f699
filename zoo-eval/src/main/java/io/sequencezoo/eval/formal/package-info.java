/** Formal languages: which architectures track states, and for how long. */
package io.sequencezoo.eval.formal;
