package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Variable;

/** A block that treats every position alone: norms, channel mixers, projections. */
public interface FeedForward extends Block {
  /** {@code [B, T, D]} to {@code [B, T, D']}. */
  Variable forward(Context context, Variable x);
}
