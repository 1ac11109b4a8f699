package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * An MLP whose activation is a ReLU with a learned correction around zero, so that negative inputs
 * have a gradient.
 *
 * <pre>{@code
 * y = f(x U + b_u) V + b_v    f(u) = max(u, 0) + ε u e^{-u²/2}
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up.weight}: {@code [D, F]}; {@code down.weight}: {@code [F, D]}; biases or none
 *   <li>{@code activation.epsilon}: {@code [1]}, 0.01 at first
 * </ul>
 *
 * @param shape D and F
 */
@Paper(
    key = "sun2024crrelu",
    title = "A Method on Searching Better Activation Functions",
    authors = "Sun et al. 2024",
    arxiv = "2405.12954")
@Source(
    repo = "keio-crl/ml-networks",
    path = "src/ml_networks/activations.py",
    commit = "c2fff211704a4595aad3acda37013161c5aa4c4d")
public record CrReluMlp(ChannelShape shape) implements FeedForward {
  /** The paper's first value. */
  private static final double EPSILON = 0.01;

  private static final String ACTIVATION = "activation";

  @Override
  public void declare(Declaration declaration) {
    shape.declareIn(declaration.child("up"));
    declaration.child(ACTIVATION).undecayed("epsilon", Initialisers.constant(EPSILON), 1);
    shape.declareOut(declaration.child("down"));
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable hidden = Mlp.linear(context.child("up"), x);
    Variable active =
        LearnedActivation.crRelu(
            context.tape(), hidden, context.child(ACTIVATION).parameter("epsilon"));
    return Mlp.linear(context.child("down"), active);
  }
}
