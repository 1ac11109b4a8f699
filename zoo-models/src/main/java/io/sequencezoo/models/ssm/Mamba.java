package io.sequencezoo.models.ssm;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.diagonal.SelectiveRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;

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
public final class Mamba implements Parametrisation {
  /** The reference's dt_init_floor. */
  private static final double STEP_FLOOR = 1e-4;

  private static final String INNER = "x";

  private final int width;
  private final int inner;
  private final int states;
  private final int rank;
  private final int span;
  private final double smallestStep;
  private final double largestStep;
  private final double outputScale;
  private final ShortConvolutions convolution;
  private final SelectiveRecurrence recurrence = new SelectiveRecurrence(true);

  /**
   * A layer of width D.
   *
   * @param inner E, the channels that the state space runs over
   * @param states N
   * @param rank R, of the projection to step sizes
   * @param span W, of the convolution, or 0 for none
   * @param outputScale what the initial output projection is multiplied by
   */
  public Mamba(
      int width,
      int inner,
      int states,
      int rank,
      int span,
      double smallestStep,
      double largestStep,
      double outputScale) {
    this.width = width;
    this.inner = inner;
    this.states = states;
    this.rank = rank;
    this.span = span;
    this.smallestStep = smallestStep;
    this.largestStep = largestStep;
    this.outputScale = outputScale;
    this.convolution = new ShortConvolutions(span, ImmutableMap.of(INNER, inner), Unary.SILU, true);
  }

  @Override
  public String name() {
    return MambaConfig.NAME;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser linear = Initialisers.fanInUniform();
    declaration.weight("input", linear, width, inner);
    declaration.weight("gate", linear, width, inner);
    convolution.declare(declaration, Convolutions.uniform(), Convolutions.uniformBias(span));
    declaration.weight("select", linear, inner, rank + 2L * states);
    declaration.weight("step", linear, rank, inner);
    declaration.undecayed("step_bias", this::stepBiases, inner);
    declaration.undecayed("log_rate", Mamba::logRates, states, inner);
    declaration.undecayed("skip", Initialisers.ones(), inner);
    declaration.weight("output", this::outputs, inner, width);
  }

  /** {@code Δ + log(1 - e^{-Δ})}, which the softplus takes back to Δ. */
  private double[] stepBiases(long[] shape, SplittableRandom random) {
    double[] biases = new double[(int) shape[0]];
    double low = Math.log(smallestStep);
    double high = Math.log(largestStep);
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
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolution.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable projected = Dense.linear(tape, x, context.parameter("input"), null);
    Variable u =
        span == 0
            ? Activations.apply(tape, Unary.SILU, projected)
            : convolution.apply(context, INNER, projected, state, caches);
    Variable selected = Dense.linear(tape, u, context.parameter("select"), null);
    Variable[] parts = Primitives.split(tape, selected, 2, rank, states, states);
    Variable rate = Activations.apply(tape, Unary.EXP, context.parameter("log_rate"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(SelectiveRecurrence.INPUT, u);
    coefficients.put(
        SelectiveRecurrence.STEP, Dense.linear(tape, parts[0], context.parameter("step"), null));
    coefficients.put(SelectiveRecurrence.RATE, Primitives.affine(tape, -1, rate, 0));
    coefficients.put(SelectiveRecurrence.WRITE, parts[1]);
    coefficients.put(SelectiveRecurrence.READ, parts[2]);
    coefficients.put(SelectiveRecurrence.SKIP, context.parameter("skip"));
    coefficients.put(
        SelectiveRecurrence.GATE, Dense.linear(tape, x, context.parameter("gate"), null));
    coefficients.put(SelectiveRecurrence.BIAS, context.parameter("step_bias"));
    return new Drive(coefficients, Map.of(), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return Dense.linear(context.tape(), outputs, context.parameter("output"), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) states * inner * type.width() + convolution.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long projections =
        3L * width * inner + (long) inner * (rank + 2L * states) + (long) rank * inner;
    // Exponent, decay, write and read: one each per number of state.
    return projections + convolution.multiplyAddsPerToken() + 4L * states * inner;
  }
}
