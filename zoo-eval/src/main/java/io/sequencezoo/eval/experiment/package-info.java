/**
 * Experiments on any task: what there is to learn ({@code Task}), the models that are trained on it
 * one after the other ({@code Experiment}), and what they show ({@code Results}, {@code Report}).
 * Tasks depend on this package, never the other way round.
 */
package io.sequencezoo.eval.experiment;
