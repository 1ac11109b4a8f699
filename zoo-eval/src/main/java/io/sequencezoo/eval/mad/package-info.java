/** Mechanistic architecture design: six token tasks, and one score over them. */
package io.sequencezoo.eval.mad;
