package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * An MLP whose activation is a learned cubic: PolyReLU of a ReLU, PolyNorm of powers that are
 * normalised each.
 *
 * <pre>{@code
 * y = f(x U) V    f(u) = w_0 p_3(u) + w_1 p_2(u) + w_2 p_1(u) + b
 * p_i(u) = max(u, 0)^i, or u^i / √(mean(u^{2i}) + 1e-6) over the features
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up.weight}: {@code [D, F]}; {@code down.weight}: {@code [F, D]}; biases or none
 *   <li>{@code activation.weight}: {@code [3]}, 1/3 each at first; {@code activation.bias}: {@code
 *       [1]}, zero at first
 * </ul>
 *
 * @param shape D and F
 * @param normalised whether it is PolyNorm
 */
@Paper(
    key = "zhuo2024polycom",
    title = "Polynomial Composition Activations: Unleashing the Dynamics of Large Language Models",
    authors = "Zhuo et al. 2024",
    arxiv = "2411.03884")
@Source(
    repo = "BryceZhuo/PolyCom",
    path = "dense_model/megatron_patch/model/llama2/transformer.py",
    commit = "0ed8ad460f1e54eb1817163a9aecdaf7c3887643")
public record PolyMlp(ChannelShape shape, boolean normalised) implements FeedForward {
  private static final double EPS = 1e-6;
  private static final int DEGREE = 3;
  private static final String ACTIVATION = "activation";

  @Override
  public void declare(Declaration declaration) {
    shape.declareIn(declaration.child("up"));
    Declaration own = declaration.child(ACTIVATION);
    own.undecayed("weight", Initialisers.constant(1.0 / DEGREE), DEGREE);
    own.undecayed("bias", Initialisers.zeros(), 1);
    shape.declareOut(declaration.child("down"));
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable hidden = Mlp.linear(context.child("up"), x);
    Context own = context.child(ACTIVATION);
    Variable weight = own.parameter("weight");
    Variable bias = own.parameter("bias");
    Variable active =
        normalised
            ? LearnedActivation.polyNorm(context.tape(), hidden, weight, bias, EPS)
            : LearnedActivation.polyRelu(context.tape(), hidden, weight, bias);
    return Mlp.linear(context.child("down"), active);
  }
}
