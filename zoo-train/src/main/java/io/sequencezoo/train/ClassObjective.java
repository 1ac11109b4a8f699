package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.data.ClassBatch;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.models.model.Model;

/**
 * The cross-entropy of what a model makes of whole sequences: its outputs {@code [B, C]} after the
 * last valid token of each row are logits of classes.
 */
public final class ClassObjective implements Objective<ClassBatch> {
  private final Model model;

  /** The objective of a model. */
  public ClassObjective(Model model) {
    this.model = model;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException where a class isn't one of the model's
   */
  @Override
  public Loss loss(Context context, ClassBatch batch) {
    Losses.CrossEntropy result =
        Losses.crossEntropy(
            context.tape(), logits(context, batch), batch.classes(), TokenBatch.IGNORED, null);
    return Loss.of(context, result.loss(), batch.classCount());
  }

  /** The logits {@code [B, C]}. */
  Variable logits(Context context, ClassBatch batch) {
    Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
    return model.prefill(rows, batch.inputs(), null).outputs();
  }
}
