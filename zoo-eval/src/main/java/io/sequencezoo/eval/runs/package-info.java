/** Runs of any studies and experiments: listed, chosen, compared, merged. */
package io.sequencezoo.eval.runs;
