package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.DoubleRows;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
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

  /** Channels of a task of a step. */
  private static final int GRAIN = 16;

  /** Modes from which a step is worth sharing among threads. */
  private static final int WORTH_SHARING = 1 << 15;

  /** The recurrence. */
  public ChannelRecurrence() {
    super(NAME, Family.VECTOR_STATE, INPUT, Solver.CHUNKED, Solver.CONVOLUTION, Solver.SEQUENTIAL);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    INDArray u = coefficients.get(INPUT).operand();
    Shapes.check(NAME + " u", u, "BTD", -1, -1, -1);
    INDArray log = coefficients.get(LOG_LAMBDA).operand();
    Shapes.check(NAME + " log_lambda", log, "DRN", u.size(2), 2, -1);
    INDArray w = coefficients.get(WEIGHT).operand();
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
    return step(Precision.of(coefficients.get(INPUT).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    Variable u = coefficients.get(INPUT);
    int batch = u.size(0);
    int channels = u.size(2);
    int modes = coefficients.get(LOG_LAMBDA).size(2);
    int width = 2 * modes;
    Variable feed = coefficients.get(FEEDTHROUGH);
    INDArray out = tape.allocate(u.type(), batch, 1, channels, 1);
    INDArray next = tape.allocate(u.type(), batch, channels, 2, modes);
    Variable lambda = ComplexArrays.exponential(tape, coefficients.get(LOG_LAMBDA));
    Slab<A> lambdas = precision.slab(lambda.operand());
    Slab<A> weights = precision.slab(coefficients.get(WEIGHT).operand());
    Slab<A> feeds = feed == null ? null : precision.slab(feed.operand());
    Slab<A> inputs = precision.slab(u.operand());
    Slab<A> before = precision.slab(state.get(STATE).operand());
    Slab<A> after = precision.slab(next);
    Slab<A> outputs = precision.slab(out);
    int tasks = (channels + GRAIN - 1) / GRAIN;
    Parallel.run(
        (long) batch * channels * modes >= WORTH_SHARING,
        tasks,
        task -> {
          int from = task * GRAIN;
          int n = Math.min(GRAIN, channels - from);
          try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
            double[] factors = scratch.take(n * width);
            double[] w = scratch.take(n * width);
            double[] x = scratch.take(n * width);
            double[] d = scratch.zeros(n);
            double[] in = scratch.take(n);
            double[] y = scratch.take(n);
            DoubleRows.load(precision, lambdas, (long) from * width, factors, 0, n * width);
            DoubleRows.load(precision, weights, (long) from * width, w, 0, n * width);
            if (feeds != null) {
              DoubleRows.load(precision, feeds, from, d, 0, n);
            }
            for (int b = 0; b < batch; b++) {
              long at = (long) b * channels + from;
              DoubleRows.load(precision, inputs, at, in, 0, n);
              DoubleRows.load(precision, before, at * width, x, 0, n * width);
              for (int c = 0; c < n; c++) {
                y[c] = advance(factors, modes, in[c], x, c * width, w) + d[c] * in[c];
              }
              DoubleRows.store(precision, y, 0, outputs, at, n);
              DoubleRows.store(precision, x, 0, after, at * width, n * width);
            }
          }
        });
    return new Advance(tape.constant(out), Map.of(STATE, tape.constant(next)));
  }

  /**
   * Moves the state of one channel of one row; returns what is read of it.
   *
   * @param at where the channel's numbers start, in all three
   */
  private static double advance(
      double[] lambda, int modes, double u, double[] x, int at, double[] w) {
    double read = 0;
    for (int i = at; i < at + modes; i++) {
      double re = lambda[i] * x[i] - lambda[i + modes] * x[i + modes] + u;
      double im = lambda[i] * x[i + modes] + lambda[i + modes] * x[i];
      x[i] = re;
      x[i + modes] = im;
      read += w[i] * re - w[i + modes] * im;
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
