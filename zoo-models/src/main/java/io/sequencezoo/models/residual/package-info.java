/** Residual connections around mixers. */
package io.sequencezoo.models.residual;
