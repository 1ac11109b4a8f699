package io.sequencezoo.models.residual;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.op.Dropout;

/**
 * A residual branch with its norm and dropout, and the gate by which it joins the stream.
 *
 * <pre>{@code
 * y = x + dropout(f(norm(x)))    pre
 * y = norm(x + dropout(f(x)))    post; + stands for the gate
 * }</pre>
 *
 * <p>f is whatever the caller computes between {@link #enter} and {@link #leave}, since mixers
 * return a state besides.
 */
public final class Residual implements Block {
  private final FeedForward norm;
  private final NormPlacement placement;
  private final ResidualGate gate;
  private final int width;
  private final double dropout;
  private final String normName;
  private final String gateName;

  /**
   * A branch of a block.
   *
   * @param name the branch's, whose norm is {@code name_norm} and gate {@code name_gate}
   * @param width D
   * @param dropout the rate in training
   */
  public Residual(
      String name,
      int width,
      FeedForward norm,
      NormPlacement placement,
      ResidualGate gate,
      double dropout) {
    this.norm = norm;
    this.placement = placement;
    this.gate = gate;
    this.width = width;
    this.dropout = dropout;
    this.normName = name + "_norm";
    this.gateName = name + "_gate";
  }

  @Override
  public void declare(Declaration declaration) {
    norm.declare(declaration.child(normName));
    gate.declare(declaration.child(gateName), width);
  }

  /** What f is applied to, from x {@code [B, T, D]}; the context is the block's. */
  public Variable enter(Context context, Variable x) {
    return placement == NormPlacement.PRE ? norm(context, x) : x;
  }

  /** The output, from x and {@code branch = f(enter(x))}; the context is the block's. */
  public Variable leave(Context context, Variable x, Variable branch) {
    Variable kept =
        context.isTraining()
            ? Dropout.apply(
                context.tape(), branch, dropout, context.child(normName).seed("dropout"))
            : branch;
    Variable sum = gate.join(context.child(gateName), x, kept);
    return placement == NormPlacement.POST ? norm(context, sum) : sum;
  }

  private Variable norm(Context context, Variable x) {
    return norm.apply(context.child(normName), x);
  }
}
