package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.vector.ChannelRecurrence;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * S4D: a time-invariant linear system per channel, driven by that channel alone, whose modes forget
 * at one rate and turn at frequencies that span the range of time scales; channels mix afterwards.
 *
 * <pre>{@code
 * A = -e^{log_a_real} + i a_imag, Δ = e^{log_step}
 * λ = e^{ΔA}, γ = (λ - 1)/A               zero-order hold, or bilinear
 * x_t = λ ⊙ x_{t-1} + u_t 1               state     (eq. 3, B in C)
 * y_t = 2 Re Σ_n C_n γ_n x_{t,n} + d u_t  read-out: a convolution with K_l = 2 Re Σ C γ λ^l (eq. 4)
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; the output passes an {@link OutputGate}
 *   <li>{@code x}: {@code [B, D, 2, N/2]} state, D N numbers per sequence, constant in T: one mode
 *       of every conjugate pair
 *   <li>{@code log_step [D]}: log-uniform on [.001, .1]
 *   <li>{@code log_a_real}, {@code a_imag [D, N/2]}: log .5 and by {@link S4dInit}
 *   <li>{@code c [D, 2, N/2]}: complex normal, variance 1/2 in both parts
 *   <li>{@code d [D]}: feedthrough, N(0, 1)
 * </ul>
 *
 * <p>Cost per token: 3 D N multiply-adds beside the gate's. Differs from the paper: nothing.
 * Numerical care: discretisation and powers of λ are computed in double from log λ, by series where
 * steps are tiny.
 */
@Paper(
    key = "gu2022s4d",
    title = "On the Parameterization and Initialization of Diagonal State Space Models",
    authors = "Gu, Gupta, Goel and Re 2022",
    arxiv = "2206.11893",
    equations = "3, 4, 8, 9")
@Source(
    repo = "state-spaces/s4",
    path = "models/s4/s4d.py",
    commit = "e757cef57d89e448c413de7325ed5601aceaac13")
public final class S4d extends DiagonalMixer {
  private final int pairs;
  private final S4dConfig config;

  /** A layer of width D. */
  public S4d(int width, S4dConfig config) {
    super(
        S4dConfig.NAME,
        width,
        new ChannelRecurrence(),
        (long) width * config.stateSize(),
        config.output(),
        Unary.GELU);
    this.pairs = config.stateSize() / 2;
    this.config = config;
  }

  @Override
  void declareSystem(Declaration declaration) {
    declaration.undecayed(
        "log_step",
        Initialisers.uniform(Math.log(config.smallestStep()), Math.log(config.largestStep())),
        width);
    declaration.undecayed("log_a_real", Initialisers.constant(Math.log(0.5)), width, pairs);
    declaration.undecayed("a_imag", this::frequencies, width, pairs);
    declaration.weight("c", Initialisers.normal(Math.sqrt(0.5)), width, 2, pairs);
  }

  private double[] frequencies(long[] shape, SplittableRandom random) {
    double[] one = config.init().frequencies(pairs);
    double[] all = new double[width * pairs];
    for (int i = 0; i < all.length; i++) {
      all[i] = one[i % pairs];
    }
    return all;
  }

  @Override
  Map<String, Variable> coefficients(Context context, Variable u) {
    return new SsmOperators.S4dSystem(
            config.discretisation(),
            context.parameter("log_step"),
            context.parameter("log_a_real"),
            context.parameter("a_imag"),
            context.parameter("c"),
            context.parameter(FEEDTHROUGH))
        .coefficients(context.tape(), u);
  }

  @Override
  long systemMultiplyAdds() {
    // Four for the complex product of each mode, two to read it.
    return 6L * width * pairs;
  }
}
