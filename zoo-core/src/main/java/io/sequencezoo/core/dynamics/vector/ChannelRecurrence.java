package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A time-invariant system per channel, with one input, one output and a complex diagonal
 * transition: the recurrence of S4D.
 *
 * <pre>{@code
 * x_t = λ ⊙ x_{t-1} + u_t 1            state, per channel
 * y_t = Re Σ_n w_n x_{t,n} + d u_t     read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]}; {@code y}: {@code [B, T, D, 1]}, one head per channel
 *   <li>{@code log_lambda}: {@code [D, 2, N]}, {@code log λ}: log magnitudes, then angles
 *   <li>{@code w}: {@code [D, 2, N]}, input and output weights in one
 *   <li>{@code d}: {@code [D]}, or absent for zero
 *   <li>{@code x}: {@code [B, D, 2, N]} state
 * </ul>
 *
 * <p>Cost per token and channel: 6 N multiply-adds for transition and read-out when stepping; 4 N +
 * L in chunks of L. Training keeps nothing but inputs and outputs.
 */
public final class ChannelRecurrence extends CausalRecurrence {
  /** Inputs {@code [B, T, D]}. */
  public static final String INPUT = "u";

  /** {@code log λ [D, 2, N]}. */
  public static final String LOG_LAMBDA = "log_lambda";

  /** {@code w [D, 2, N]}. */
  public static final String WEIGHT = "w";

  /** {@code d [D]}. */
  public static final String FEEDTHROUGH = "d";

  /** The state {@code x [B, D, 2, N]}. */
  public static final String STATE = "x";

  private static final String NAME = "channel_diagonal";

  /**
   * Modes from which transforms, whose cost they don't enter, beat chunks, which write and read
   * every one of them. Measured: docs/adr/0005.
   */
  private static final int MANY_MODES = 512;

  /** Channels of a task of a step: each costs exponentials, sines and cosines of all its modes. */
  private static final int GRAIN = 16;

  /** The recurrence. */
  public ChannelRecurrence() {
    super(NAME, Family.VECTOR_STATE, INPUT, Solver.CHUNKED, Solver.CONVOLUTION, Solver.SEQUENTIAL);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    INDArray u = coefficients.get(INPUT).value();
    Shapes.check(NAME + " u", u, "BTD", -1, -1, -1);
    INDArray log = coefficients.get(LOG_LAMBDA).value();
    Shapes.check(NAME + " log_lambda", log, "DRN", u.size(2), 2, -1);
    INDArray w = coefficients.get(WEIGHT).value();
    Shapes.check(NAME + " w", w, "DRN", u.size(2), 2, log.size(2));
    if (coefficients.get(FEEDTHROUGH) != null) {
      Shapes.check(NAME + " d", coefficients.get(FEEDTHROUGH).operand(), "D", u.size(2));
    }
    return List.of(new StatePart(STATE, "BDRN", u.size(0), u.size(2), 2, log.size(2)));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(INPUT).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Variable u = coefficients.get(INPUT);
    ChannelShape shape =
        new ChannelShape(
            u.size(0), u.size(1), u.size(2), coefficients.get(LOG_LAMBDA).size(2), lengths);
    Variable[] inputs = {
      u,
      coefficients.get(LOG_LAMBDA),
      coefficients.get(WEIGHT),
      coefficients.get(FEEDTHROUGH),
      initial == null ? null : initial.get(STATE)
    };
    Variable[] results = run(tape, Precision.of(u.type()), shape, chosen(solver, shape), inputs);
    return new Advance(results[0], Map.of(STATE, results[1]));
  }

  private static Solver chosen(Solver solver, ChannelShape shape) {
    if (solver != Solver.AUTO) {
      return solver;
    }
    return shape.modes() >= MANY_MODES ? Solver.CONVOLUTION : Solver.CHUNKED;
  }

  private static <A> Variable[] run(
      Tape tape, Precision<A> precision, ChannelShape shape, Solver solver, Variable[] inputs) {
    return new ChannelScan<>(precision, shape, solver, inputs).run(tape);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    Variable u = coefficients.get(INPUT);
    int channels = u.size(2);
    int modes = coefficients.get(LOG_LAMBDA).size(2);
    Precision<?> precision = Precision.of(u.type());
    double[] log = ComplexArrays.values(precision, coefficients.get(LOG_LAMBDA).value());
    double[] w = ComplexArrays.values(precision, coefficients.get(WEIGHT).value());
    double[] in = ComplexArrays.values(precision, u.value());
    double[] x = ComplexArrays.values(precision, state.get(STATE).value());
    double[] y = new double[in.length];
    Variable feed = coefficients.get(FEEDTHROUGH);
    double[] d = feed == null ? null : ComplexArrays.values(precision, feed.value());
    Parallel.ranges(
        channels,
        GRAIN,
        (from, to) -> {
          double[] lambda = new double[2 * modes];
          for (int c = (int) from; c < to; c++) {
            ComplexArrays.powers(log, c * 2 * modes, modes, 1, lambda, 0);
            for (int k = c; k < in.length; k += channels) {
              double read = advance(lambda, modes, in[k], x, k * 2 * modes, w, c * 2 * modes);
              y[k] = read + (d == null ? 0 : d[c] * in[k]);
            }
          }
        });
    INDArray out = tape.allocate(u.type(), u.size(0), 1, channels, 1);
    INDArray next = tape.allocate(u.type(), u.size(0), channels, 2, modes);
    ComplexArrays.store(precision, y, out);
    ComplexArrays.store(precision, x, next);
    return new Advance(tape.constant(out), Map.of(STATE, tape.constant(next)));
  }

  /** Moves the state of one channel of one row; returns what is read of it. */
  private static double advance(
      double[] lambda, int modes, double u, double[] x, int xo, double[] w, int wo) {
    double read = 0;
    for (int i = 0; i < modes; i++) {
      double re = lambda[i] * x[xo + i] - lambda[modes + i] * x[xo + modes + i] + u;
      double im = lambda[i] * x[xo + modes + i] + lambda[modes + i] * x[xo + i];
      x[xo + i] = re;
      x[xo + modes + i] = im;
      read += w[wo + i] * re - w[wo + modes + i] * im;
    }
    return read;
  }

  /** Exact; a head is a channel, of state {@code (Re x | Im x)}. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Variable u = coefficients.get(INPUT);
    int modes = coefficients.get(LOG_LAMBDA).size(2);
    double[][] inputs = new double[u.size(1)][1];
    for (int t = 0; t < inputs.length; t++) {
      inputs[t][0] = u.value().getDouble(row, t, head);
    }
    double[][] write = new double[2 * modes][1];
    double[][] read = new double[1][2 * modes];
    double[] start = new double[2 * modes];
    for (int i = 0; i < 2 * modes; i++) {
      double sign = i < modes ? 1 : -1;
      write[i][0] = i < modes ? 1 : 0;
      read[0][i] = sign * coefficients.get(WEIGHT).value().getDouble(head, i / modes, i % modes);
      if (initial != null) {
        start[i] = initial.get(STATE).value().getDouble(row, head, i / modes, i % modes);
      }
    }
    Variable feed = coefficients.get(FEEDTHROUGH);
    double[][] direct = feed == null ? null : new double[][] {{feed.value().getDouble(head)}};
    INDArray log = coefficients.get(LOG_LAMBDA).value();
    Transition transition =
        ComplexArrays.transition(
            ComplexArrays.values(Precision.of(log), log), head * 2 * modes, modes);
    return DenseLinearSystem.builder(inputs, 2 * modes, 1)
        .transition(t -> transition)
        .input(t -> write)
        .output(t -> read)
        .feedthrough(t -> direct)
        .initialState(start)
        .build();
  }
}
