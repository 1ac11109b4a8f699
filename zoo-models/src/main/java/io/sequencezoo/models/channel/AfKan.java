package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.Dense;

/**
 * AF-KAN: a Kolmogorov-Arnold layer of bumps of every feature on a learned grid, with features
 * weighted among each other before a linear map; two such layers make a channel mixer.
 *
 * <pre>{@code
 * φ_dj = (silu(x_d - low_j) silu(high_j - x_d))²    f = (φ - min φ)/(max φ - min φ)
 * z_d = softmax_d(w·f_d / max(τ, 1)) Σ_j f_dj       layer(x) = silu(layerNorm(z)) W
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up}, {@code down}: the layers from D to F and back; {@code low, high}: {@code [G]},
 *       {@code low_j = (j - order)/grid} and {@code (order + 1)/grid} more; {@code attention}: w,
 *       {@code [G]}; {@code temperature}: {@code [1]}, √in at first; {@code norm_gain, norm_bias}:
 *       {@code [in]}; {@code weight}: {@code [in, out]}, uniform on ±1/√in
 * </ul>
 *
 * <p>Differs from the reference: minimum and maximum are those of a position's own features, where
 * there they are those of the whole batch, which shows the future and makes training differ from
 * inference; the bias of the attention, without effect, is left out.
 *
 * @param width D
 * @param hidden F
 * @param grid pieces of the unit interval
 * @param order pieces before it
 */
@Paper(
    key = "ta2025afkan",
    title =
        "AF-KAN: Activation Function-Based Kolmogorov-Arnold Networks for Efficient"
            + " Representation Learning",
    authors = "Ta and Tran 2025",
    arxiv = "2503.06112")
@Source(
    repo = "hoangthangta/All-KAN",
    path = "models/af_kan.py",
    commit = "825c8fb0c0713e228dbb1e88eb0c53d72dab01d5")
public record AfKan(int width, int hidden, int grid, int order) implements FeedForward {
  private static final double EPS = 1e-5;

  @Override
  public void declare(Declaration declaration) {
    declare(declaration.child("up"), width, hidden);
    declare(declaration.child("down"), hidden, width);
  }

  private void declare(Declaration declaration, int in, int out) {
    int pieces = grid + order;
    declaration.undecayed("low", knots(0), pieces);
    declaration.undecayed("high", knots((order + 1.0) / grid), pieces);
    double bound = 1 / Math.sqrt(pieces);
    declaration.undecayed("attention", Initialisers.uniform(-bound, bound), pieces);
    declaration.undecayed("temperature", Initialisers.constant(Math.sqrt(in)), 1);
    declaration.undecayed("norm_gain", Initialisers.ones(), in);
    declaration.undecayed("norm_bias", Initialisers.zeros(), in);
    declaration.weight("weight", Initialisers.fanInUniform(), in, out);
  }

  private Initialiser knots(double shift) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int j = 0; j < values.length; j++) {
        values[j] = (j - order) / (double) grid + shift;
      }
      return values;
    };
  }

  @Override
  public Variable apply(Context context, Variable x) {
    return layer(context.child("down"), layer(context.child("up"), x));
  }

  private static Variable layer(Context context, Variable x) {
    Variable features =
        LearnedActivation.kanFeatures(
            context.tape(),
            x,
            context.parameter("low"),
            context.parameter("high"),
            context.parameter("attention"),
            context.parameter("temperature"),
            new Variable[] {context.parameter("norm_gain"), context.parameter("norm_bias")},
            EPS,
            false);
    return Dense.linear(context.tape(), features, context.parameter("weight"), null);
  }
}
