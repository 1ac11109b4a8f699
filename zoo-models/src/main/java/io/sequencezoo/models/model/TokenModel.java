package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model of tokens: {@code [B, T]} of them go in, logits of the next ones come out. */
public interface TokenModel extends Model, TokenLogits {
  /** The number of tokens, V. */
  int vocabulary();

  @Override
  default Variable logits(Context context, INDArray ids) {
    return forward(context, ids);
  }

  /** The logits {@code [B, V]} after one more token per row; see {@link Model#step}. */
  default Evolution step(Context context, int[] tokens, @Nullable State initial) {
    return step(context, Nd4j.createFromArray(tokens).reshape(tokens.length, 1), initial);
  }
}
