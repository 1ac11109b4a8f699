/** Linear attention and its gated relatives: parametrisations of the matrix-state recurrence. */
package io.sequencezoo.models.linear;
