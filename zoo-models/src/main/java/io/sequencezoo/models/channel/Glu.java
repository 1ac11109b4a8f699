package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import org.jspecify.annotations.Nullable;

/**
 * The family of gated linear units: one linear map gated by another.
 *
 * <pre>{@code
 * y = (f(x G + b_g) (x U + b_u)) V + b_v
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code gate.weight}, {@code up.weight}: {@code [D, F]}; {@code down.weight}: {@code [F, D]}
 *   <li>{@code f}: silu (SwiGLU), gelu (GEGLU), relu (ReGLU), sigmoid (GLU), none (bilinear)
 * </ul>
 *
 * @param shape D and F
 * @param activation f, or null for the bilinear gate
 */
@Paper(
    key = "shazeer2020glu",
    title = "GLU Variants Improve Transformer",
    authors = "Shazeer 2020",
    arxiv = "2002.05202",
    equations = "5-6")
@Source(
    repo = "Lightning-AI/litgpt",
    path = "litgpt/model.py",
    commit = "26857050fe3ff627cd714fe92f5838f51a3d5efa")
public record Glu(ChannelShape shape, @Nullable Unary activation) implements FeedForward {
  @Override
  public void declare(Declaration declaration) {
    shape.declareIn(declaration.child("gate"));
    shape.declareIn(declaration.child("up"));
    shape.declareOut(declaration.child("down"));
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable gate = Mlp.linear(context.child("gate"), x);
    Variable up = Mlp.linear(context.child("up"), x);
    Variable gated = Activations.gated(context.tape(), activation, gate, up);
    return Mlp.linear(context.child("down"), gated);
  }
}
