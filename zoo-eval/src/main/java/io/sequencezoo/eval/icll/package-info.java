/**
 * In-context language learning as a task: predictors (baselines, the true automaton, models), the
 * metrics that all of them share, and their results.
 */
package io.sequencezoo.eval.icll;
