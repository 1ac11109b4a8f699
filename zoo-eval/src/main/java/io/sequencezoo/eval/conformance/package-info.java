/** Runs files of reference inputs, outputs and gradients against the zoo's operators. */
package io.sequencezoo.eval.conformance;
