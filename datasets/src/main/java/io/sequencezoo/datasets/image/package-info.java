/** Generated images of shapes, to be read as sequences of pixels or of rows. */
package io.sequencezoo.datasets.image;
