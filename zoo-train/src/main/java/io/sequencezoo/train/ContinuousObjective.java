package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.data.ContinuousBatch;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.models.model.Model;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The mean squared error of a model's outputs {@code [B, T, H G]}, the nearest of H steps ahead
 * first, over the targets that count.
 */
public final class ContinuousObjective implements Objective<ContinuousBatch> {
  private final Model model;

  /** The objective of a model. */
  public ContinuousObjective(Model model) {
    this.model = model;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException where the targets are not as wide as the model's outputs
   */
  @Override
  public Loss loss(Context context, ContinuousBatch batch) {
    Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
    Variable outputs = model.forward(rows, batch.inputs());
    INDArray targets = batch.targets();
    checkArgument(
        outputs.size(-1) == targets.size(2) * targets.size(3),
        "objective: targets must have H*G=%s numbers per position, as the model's outputs, got"
            + " %s*%s",
        outputs.size(-1),
        targets.size(2),
        targets.size(3));
    Variable ahead = Primitives.reshape(context.tape(), outputs, targets.shape());
    Variable error = Losses.meanSquaredError(context.tape(), ahead, targets, batch.mask());
    return Loss.of(context, error, batch.targetCount());
  }
}
