package io.sequencezoo.models.residual;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.op.Dropout;

/**
 * A residual branch with its norm and dropout.
 *
 * <pre>{@code
 * y = x + dropout(f(norm(x)))    pre
 * y = norm(x + dropout(f(x)))    post
 * }</pre>
 *
 * <p>f is whatever the caller computes between {@link #enter} and {@link #leave}, since mixers
 * return a state besides.
 */
public final class Residual implements Block {
  private final FeedForward norm;
  private final NormPlacement placement;
  private final double dropout;

  /** A branch; dropout is the rate in training. */
  public Residual(FeedForward norm, NormPlacement placement, double dropout) {
    this.norm = norm;
    this.placement = placement;
    this.dropout = dropout;
  }

  @Override
  public void declare(Declaration declaration) {
    norm.declare(declaration);
  }

  /** What f is applied to, from x {@code [B, T, D]}. */
  public Variable enter(Context context, Variable x) {
    return placement == NormPlacement.PRE ? norm.apply(context, x) : x;
  }

  /** The output, from x and {@code branch = f(enter(x))}. */
  public Variable leave(Context context, Variable x, Variable branch) {
    Variable kept =
        context.isTraining()
            ? Dropout.apply(context.tape(), branch, dropout, context.seed("dropout"))
            : branch;
    Variable sum = Primitives.add(context.tape(), x, kept);
    return placement == NormPlacement.POST ? norm.apply(context, sum) : sum;
  }
}
