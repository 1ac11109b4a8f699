package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import java.util.SplittableRandom;

/**
 * An MLP whose activation is a series of activations, scaled and shifted feature by feature: the
 * series informed activation function of PanGu-π.
 *
 * <pre>{@code
 * y = g(x U + b_u) V + b_v    g(u) = Σ_{i≤n} f(a_i ⊙ u + b_i)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up.weight}: {@code [D, F]}; {@code down.weight}: {@code [F, D]}; biases or none
 *   <li>{@code activation.scale}, {@code activation.shift}: {@code [n, F]}; the first scale is one
 *       at first and everything else zero, so that the block starts as an MLP
 * </ul>
 *
 * <p>Differs from the paper: it has no official code; the source has the series of convolutions
 * that it grew from, and the start is a third party's.
 *
 * @param shape D and F
 * @param terms n
 * @param activation f
 */
@Paper(
    key = "wang2023pangupi",
    title = "PanGu-π: Enhancing Language Model Architectures via Nonlinearity Compensation",
    authors = "Wang et al. 2023",
    arxiv = "2312.17276")
@Source(
    repo = "huawei-noah/VanillaNet",
    path = "models/vanillanet.py",
    commit = "a9cbe959cb11c87d3a02d0b18ab568dfbe1cb412")
public record SiafMlp(ChannelShape shape, int terms, Activation activation) implements FeedForward {
  private static final String ACTIVATION = "activation";

  @Override
  public void declare(Declaration declaration) {
    shape.declareIn(declaration.child("up"));
    Declaration own = declaration.child(ACTIVATION);
    own.undecayed("scale", SiafMlp::firstRow, terms, shape.hidden());
    own.undecayed("shift", Initialisers.zeros(), terms, shape.hidden());
    shape.declareOut(declaration.child("down"));
  }

  private static double[] firstRow(long[] sizes, SplittableRandom random) {
    double[] values = new double[(int) (sizes[0] * sizes[1])];
    for (int i = 0; i < sizes[1]; i++) {
      values[i] = 1;
    }
    return values;
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable hidden = Mlp.linear(context.child("up"), x);
    Context own = context.child(ACTIVATION);
    Variable active =
        LearnedActivation.series(
            context.tape(),
            activation.function(),
            hidden,
            own.parameter("scale"),
            own.parameter("shift"));
    return Mlp.linear(context.child("down"), active);
  }
}
