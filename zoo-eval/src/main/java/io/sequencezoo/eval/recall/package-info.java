/** Recall of values by their keys, many of them in one sequence. */
package io.sequencezoo.eval.recall;
