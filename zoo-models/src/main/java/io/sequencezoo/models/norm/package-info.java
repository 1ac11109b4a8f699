/** Normalisation of the features of each position. */
package io.sequencezoo.models.norm;
