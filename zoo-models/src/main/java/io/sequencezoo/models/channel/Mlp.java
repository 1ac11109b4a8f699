package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;

/**
 * The two-layer perceptron of the Transformer.
 *
 * <pre>{@code
 * y = f(x U + b_u) V + b_v
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up.weight}: {@code [D, F]}; {@code down.weight}: {@code [F, D]}; biases or none
 * </ul>
 *
 * @param shape D and F
 * @param activation f
 */
@Paper(
    key = "vaswani2017attention",
    title = "Attention Is All You Need",
    authors = "Vaswani et al. 2017",
    arxiv = "1706.03762",
    equations = "2")
@Source(
    repo = "Lightning-AI/litgpt",
    path = "litgpt/model.py",
    commit = "26857050fe3ff627cd714fe92f5838f51a3d5efa")
public record Mlp(ChannelShape shape, Activation activation) implements FeedForward {
  @Override
  public void declare(Declaration declaration) {
    shape.declareIn(declaration.child("up"));
    shape.declareOut(declaration.child("down"));
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable hidden = linear(context.child("up"), x);
    Variable active = Activations.apply(context.tape(), activation.function(), hidden);
    return linear(context.child("down"), active);
  }

  static Variable linear(Context context, Variable x) {
    Variable bias = context.hasParameter("bias") ? context.parameter("bias") : null;
    return Dense.linear(context.tape(), x, context.parameter("weight"), bias);
  }
}
