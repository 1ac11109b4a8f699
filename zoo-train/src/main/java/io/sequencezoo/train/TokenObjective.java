package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.op.Losses;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The cross-entropy of a model's next-token scores, over the positions whose target counts. */
public final class TokenObjective implements Objective<TokenBatch> {
  private final Model model;

  /** The objective of a model. */
  public TokenObjective(Model model) {
    this.model = model;
  }

  @Override
  public Loss loss(Context context, TokenBatch batch) {
    Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
    Variable logits = model.logits(rows, batch.ids());
    Losses.CrossEntropy result =
        Losses.crossEntropy(
            context.tape(), logits, batch.targets(), TokenBatch.IGNORED, /* labelMask= */ null);
    return new Loss(result.loss(), batch.targetCount());
  }

  /** A model of tokens. */
  @FunctionalInterface
  public interface Model {
    /** Scores {@code [B, T, V]} of the token after each of {@code ids [B, T]}. */
    Variable logits(Context context, INDArray ids);
  }
}
