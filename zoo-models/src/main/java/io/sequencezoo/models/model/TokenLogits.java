package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Anything that scores the next token. */
@FunctionalInterface
public interface TokenLogits {
  /** Scores {@code [B, T, V]} of the token after each of {@code ids [B, T]}. */
  Variable logits(Context context, INDArray ids);
}
