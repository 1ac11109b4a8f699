/**
 * Mixers with a matrix state per head: linear attention, its gated relatives and delta rules, all
 * parametrisations of the matrix-state recurrence.
 */
package io.sequencezoo.models.matrix;
