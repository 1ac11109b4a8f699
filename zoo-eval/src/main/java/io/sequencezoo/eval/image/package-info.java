/** Images as sequences of pixels. */
package io.sequencezoo.eval.image;
