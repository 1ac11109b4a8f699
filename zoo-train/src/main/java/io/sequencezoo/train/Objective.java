package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;

/**
 * What training minimises: a loss of a model on a batch.
 *
 * @param <B> the type of batch
 */
@FunctionalInterface
public interface Objective<B> {
  /** Evaluates the model on the context's tape; for training and validation alike. */
  Loss loss(Context context, B batch);

  /**
   * A loss that is a mean over things that count, so that means over batches can be joined exactly.
   *
   * @param mean a scalar, the mean over {@code count} tokens
   * @param count the number of tokens, or other units, that the mean is over
   */
  record Loss(Variable mean, long count) {}
}
