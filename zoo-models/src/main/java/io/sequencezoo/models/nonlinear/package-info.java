/** Nonlinear recurrent networks: cells whose next state depends nonlinearly on the last. */
package io.sequencezoo.models.nonlinear;
