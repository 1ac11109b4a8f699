package io.sequencezoo.core.dynamics.matrix;

/**
 * How a ridge regression per token went, over all tokens and heads of one batch.
 *
 * @param iterations of conjugate gradients, until the last token was solved or no more were allowed
 * @param residual the largest {@code |b - A x| / |b|} that is left
 */
public record RidgeReport(int iterations, double residual) {}
