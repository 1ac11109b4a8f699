package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import org.jspecify.annotations.Nullable;

/** The training examples of a task of tokens. */
public final class ExampleBatches extends EpochBatches<TokenBatch> {
  /**
   * The training split of a task.
   *
   * @param batch rows of a batch
   * @param window batches of a window; null for none
   * @param seed of the epochs' orders
   */
  public ExampleBatches(TokenTask task, int batch, @Nullable Integer window, long seed) {
    super(task, batch, window, seed, rows -> task.batch(Split.TRAIN, rows));
  }
}
