package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.models.model.TokenLogits;

/** The cross-entropy of a model's next-token scores, over the positions whose target counts. */
public final class TokenObjective implements Objective<TokenBatch> {
  private final TokenLogits model;

  /** The objective of a model. */
  public TokenObjective(TokenLogits model) {
    this.model = model;
  }

  @Override
  public Loss loss(Context context, TokenBatch batch) {
    Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
    Variable logits = model.logits(rows, batch.ids());
    Losses.CrossEntropy result =
        Losses.crossEntropy(
            context.tape(), logits, batch.targets(), TokenBatch.IGNORED, /* labelMask= */ null);
    return Loss.of(context, result.loss(), batch.targetCount());
  }
}
