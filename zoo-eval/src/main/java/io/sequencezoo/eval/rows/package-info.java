/** Images as sequences of rows, or of pixels, for classifiers of numbers. */
package io.sequencezoo.eval.rows;
