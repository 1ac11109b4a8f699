package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Variable;

/** A block that treats every position alone: norms, channel mixers, projections. */
public interface FeedForward extends Block {
  /** {@code [B, T, D]} to {@code [B, T, D']}; padding of the context's rows may hold anything. */
  default Variable forward(Context context, Variable x) {
    return apply(context, PaddedRows.cleared(context.tape(), x, context.lengths()));
  }

  /**
   * The same where padding is finite, as inside a model: gradients of parameters multiply it by
   * zero.
   */
  Variable apply(Context context, Variable x);
}
