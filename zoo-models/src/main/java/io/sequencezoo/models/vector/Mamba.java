package io.sequencezoo.models.vector;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.SelectiveRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Mamba (S6): N decaying averages per channel whose step size, write and read directions the input
 * selects; a large step forgets and writes, a small one keeps.
 *
 * <pre>{@code
 * u = silu(conv(x_t W_x))      z = x_t W_z
 * (d, B_t, C_t) = u_t W_s      Δ_t = softplus(d W_Δ + b)     A = -e^{log_rate}
 * h_t = exp(Δ_t A) ⊙ h_{t-1} + Δ_t u_t B_t                   state     (eqs. 2a, 4; B by Euler)
 * y_t = ((C_t · h_t + D u_t) silu(z_t)) W_o                  read-out  (eq. 2b)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, N, E]} state, N E numbers per sequence, constant in T; {@code
 *       conv_x}: {@code [B, W-1, E]} last inputs of the convolution
 *   <li>{@code input, gate [D, E], select [E, R + 2N], step [R, E], output [E, D]}: projections
 *       without bias, PyTorch's default but for {@code step}, uniform on ±R^{-1/2}, and {@code
 *       output}, divided by the root of the number of layers
 *   <li>{@code step_bias [E]}: the inverse softplus of steps drawn log-uniformly from {@code
 *       smallestStep} to {@code largestStep}
 *   <li>{@code log_rate [N, E]}: {@code log n} for state n, from 1 (S4D-real); {@code skip [E]}:
 *       ones. Neither is decayed
 * </ul>
 *
 * <p>Cost per token: O(D E + N E) time, O(N E) memory. Differs from the paper: nothing; the
 * reference's one projection to x and z is two here. Numerical care: see {@link
 * SelectiveRecurrence}.
 */
@Paper(
    key = "gu2023mamba",
    title = "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
    authors = "Gu and Dao 2023",
    arxiv = "2312.00752",
    equations = "2, 4")
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/modules/mamba_simple.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public final class Mamba extends VectorStateMixer {
  /** The reference's dt_init_floor. */
  private static final double STEP_FLOOR = 1e-4;

  private static final String INNER = "x";

  private final MambaConfig config;
  private final int states;
  private final int rank;
  private final double outputScale;

  /**
   * A layer of width D.
   *
   * @param inner E, the channels that the state space runs over
   * @param rank R, of the projection to step sizes
   * @param outputScale what the initial output projection is multiplied by
   */
  Mamba(int width, int inner, int rank, double outputScale, MambaConfig config) {
    super(
        MambaConfig.NAME,
        width,
        inner,
        new ShortConvolutions(
            config.shortConvolution(), ImmutableMap.of(INNER, inner), Unary.SILU, true),
        new SelectiveRecurrence(true),
        config.stateSize());
    this.config = config;
    this.states = config.stateSize();
    this.rank = rank;
    this.outputScale = outputScale;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser uniform = Initialisers.fanInUniform();
    declaration.weight("input", uniform, width, inner);
    declaration.weight("gate", uniform, width, inner);
    convolutions.declareUniform(declaration);
    declaration.weight("select", uniform, inner, rank + 2L * states);
    declaration.weight("step", uniform, rank, inner);
    declaration.undecayed("step_bias", this::stepBiases, inner);
    declaration.undecayed("log_rate", Mamba::logRates, states, inner);
    declaration.undecayed("skip", Initialisers.ones(), inner);
    declaration.weight("output", this::outputs, inner, width);
  }

  /** {@code Δ + log(1 - e^{-Δ})}, which the softplus takes back to Δ. */
  private double[] stepBiases(long[] shape, SplittableRandom random) {
    double[] biases = new double[(int) shape[0]];
    double low = Math.log(config.smallestStep());
    double high = Math.log(config.largestStep());
    for (int i = 0; i < biases.length; i++) {
      double step = Math.exp(low + (high - low) * random.nextDouble());
      step = Math.max(step, STEP_FLOOR);
      biases[i] = step + Math.log(-Math.expm1(-step));
    }
    return biases;
  }

  private static double[] logRates(long[] shape, SplittableRandom random) {
    int channels = (int) shape[1];
    double[] rates = new double[(int) shape[0] * channels];
    for (int i = 0; i < rates.length; i++) {
      int state = i / channels + 1;
      rates[i] = Math.log(state);
    }
    return rates;
  }

  private double[] outputs(long[] shape, SplittableRandom random) {
    double[] values = Initialisers.fanInUniform().values(shape, random);
    for (int i = 0; i < values.length; i++) {
      values[i] *= outputScale;
    }
    return values;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable projected = linear(context, x, "input");
    Variable u =
        config.shortConvolution() == 0
            ? Activations.apply(tape, Unary.SILU, projected)
            : convolutions.apply(context, INNER, projected, state, caches);
    Variable selected = linear(context, u, "select");
    Variable[] parts = Primitives.split(tape, selected, 2, rank, states, states);
    Variable rate = Activations.apply(tape, Unary.EXP, context.parameter("log_rate"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(SelectiveRecurrence.INPUT, u);
    coefficients.put(SelectiveRecurrence.STEP, linear(context, parts[0], "step"));
    coefficients.put(SelectiveRecurrence.RATE, Primitives.affine(tape, -1, rate, 0));
    coefficients.put(SelectiveRecurrence.WRITE, parts[1]);
    coefficients.put(SelectiveRecurrence.READ, parts[2]);
    coefficients.put(SelectiveRecurrence.SKIP, context.parameter("skip"));
    coefficients.put(SelectiveRecurrence.GATE, linear(context, x, "gate"));
    coefficients.put(SelectiveRecurrence.BIAS, context.parameter("step_bias"));
    return new Drive(coefficients, Map.of(), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return linear(context, outputs, "output");
  }

  @Override
  long multiplyAdds() {
    long projections =
        3L * width * inner + (long) inner * (rank + 2L * states) + (long) rank * inner;
    // Exponent, decay, write and read: one each per number of state.
    return projections + 4L * states * inner;
  }
}
