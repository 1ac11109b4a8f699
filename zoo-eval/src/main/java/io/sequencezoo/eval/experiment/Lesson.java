package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.Validator;

/**
 * How one model learns one task.
 *
 * @param <B> the type of batch
 */
public interface Lesson<B> {
  /** The training batches, from the start. */
  BatchSource<B> batches();

  /** What training minimises. */
  Objective<B> objective();

  /** Measures the model during training on the first validation examples. */
  Validator validator(int count);

  /**
   * The scores on the first examples of a split.
   *
   * @param name of the model
   */
  Scores score(String name, Parameters parameters, Split split, int count);
}
