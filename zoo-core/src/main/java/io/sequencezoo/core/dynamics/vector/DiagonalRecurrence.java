package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.DoubleRows;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A time-invariant system with many inputs and outputs and a complex diagonal transition: the
 * recurrence of S5 and the LRU.
 *
 * <pre>{@code
 * x_t = λ ⊙ x_{t-1} + u_t B            h_t = (Re x_t | Im x_t)
 * y_t = h_t C + d ⊙ u_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}, {@code y}: {@code [B, T, D]}
 *   <li>{@code log_lambda}: {@code [2, N]}, {@code log λ}: log magnitudes, then angles
 *   <li>{@code b}: {@code [D, 2N]}, real parts, then imaginary ones
 *   <li>{@code c}: {@code [2N, D]}, what is read of real parts, then of imaginary ones: {@code Re(x
 *       C')} is {@code c = [Re C'; -Im C']}. Twice the rows in the bidirectional form: after what
 *       is read of the past, what is read of the future, {@code x_t = λ ⊙ x_{t+1} + u_t B}
 *   <li>{@code d}: {@code [D]}, or absent for zero
 *   <li>{@code x}: {@code [B, 2, N]} state; none in the bidirectional form
 * </ul>
 *
 * <p>Cost per token: 4 N D multiply-adds for B and C, 4 N for the transition.
 */
public final class DiagonalRecurrence extends CausalRecurrence {
  /** Inputs {@code [B, T, D]}. */
  public static final String INPUT = "u";

  /** {@code log λ [2, N]}. */
  public static final String LOG_LAMBDA = "log_lambda";

  /** {@code B [D, 2N]}. */
  public static final String WRITE = "b";

  /** {@code C [2N, D]}. */
  public static final String READ = "c";

  /** {@code d [D]}. */
  public static final String FEEDTHROUGH = "d";

  /** The state {@code x [B, 2, N]}. */
  public static final String STATE = "x";

  /** Rows from which a task per row keeps usual machines busy. */
  private static final int MANY_ROWS = 8;

  private DiagonalRecurrence() {
    super("diagonal", Family.VECTOR_STATE, INPUT, Solver.SEQUENTIAL, Solver.ASSOCIATIVE_SCAN);
  }

  /** The system in time. */
  public static DiagonalRecurrence causal() {
    return new DiagonalRecurrence();
  }

  /** The sum of two readings: of the system in time and of the same one against it. */
  public static Recurrence bidirectional() {
    return new BidirectionalDiagonal(causal());
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    check(coefficients, 1);
    int batch = coefficients.get(INPUT).size(0);
    return List.of(new StatePart(STATE, "BRN", batch, 2, coefficients.get(LOG_LAMBDA).size(1)));
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Variable u = coefficients.get(INPUT);
    Variable log = coefficients.get(LOG_LAMBDA);
    Variable written = Dense.linear(tape, u, coefficients.get(WRITE), null);
    Variable start = initial == null ? null : initial.get(STATE);
    Variable[] scanned =
        ComplexScan.scan(tape, written, log, start, false, segmented(solver, u), lengths);
    Variable y = Dense.linear(tape, scanned[0], coefficients.get(READ), null);
    return new Advance(feedThrough(tape, coefficients, y), Map.of(STATE, scanned[1]));
  }

  /** Few rows leave threads idle; short sequences aren't worth a second pass. */
  static boolean segmented(Solver solver, Variable u) {
    return solver == Solver.ASSOCIATIVE_SCAN
        || (solver == Solver.AUTO && u.size(0) < MANY_ROWS && u.size(1) >= 2 * ComplexScan.SEGMENT);
  }

  static Variable feedThrough(Tape tape, Map<String, Variable> coefficients, Variable read) {
    Variable d = coefficients.get(FEEDTHROUGH);
    return d == null
        ? read
        : Primitives.add(tape, read, Primitives.multiply(tape, coefficients.get(INPUT), d));
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    Variable u = coefficients.get(INPUT);
    Variable lambda = ComplexArrays.exponential(tape, coefficients.get(LOG_LAMBDA));
    Variable written = Dense.linear(tape, u, coefficients.get(WRITE), null);
    int modes = lambda.size(1);
    INDArray next = tape.allocate(u.type(), u.size(0), 2, modes);
    advance(Precision.of(u.type()), lambda, state.get(STATE), written, next);
    Variable last = tape.constant(next);
    Variable h = Primitives.reshape(tape, last, u.size(0), 1, 2L * modes);
    Variable y = Dense.linear(tape, h, coefficients.get(READ), null);
    return new Advance(feedThrough(tape, coefficients, y), Map.of(STATE, last));
  }

  /** {@code λ ⊙ x + v} of every row, in double. */
  private static <A> void advance(
      Precision<A> precision, Variable lambda, Variable x, Variable v, INDArray next) {
    int modes = lambda.size(1);
    Slab<A> lambdas = precision.slab(lambda.operand());
    Slab<A> before = precision.slab(x.operand());
    Slab<A> written = precision.slab(v.operand());
    Slab<A> after = precision.slab(next);
    Parallel.run(
        false,
        x.size(0),
        row -> {
          int width = 2 * modes;
          long at = (long) row * width;
          try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
            double[] factor = scratch.take(width);
            double[] state = scratch.take(width);
            double[] added = scratch.take(width);
            DoubleRows.load(precision, lambdas, 0, factor, 0, width);
            DoubleRows.load(precision, before, at, state, 0, width);
            DoubleRows.load(precision, written, at, added, 0, width);
            for (int i = 0; i < modes; i++) {
              double re = factor[i] * state[i] - factor[modes + i] * state[modes + i];
              double im = factor[i] * state[modes + i] + factor[modes + i] * state[i];
              state[i] = re + added[i];
              state[modes + i] = im + added[modes + i];
            }
            DoubleRows.store(precision, state, 0, after, at, width);
          }
        });
  }

  /** Exact: {@code Λ} rotates and scales pairs of numbers, state {@code (Re x | Im x)}. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    INDArray u = coefficients.get(INPUT).value();
    int modes = coefficients.get(LOG_LAMBDA).size(1);
    double[][] inputs = new double[(int) u.size(1)][(int) u.size(2)];
    for (int t = 0; t < inputs.length; t++) {
      for (int i = 0; i < inputs[t].length; i++) {
        inputs[t][i] = u.getDouble(row, t, i);
      }
    }
    double[][] write = transposed(coefficients.get(WRITE).value());
    double[][] read = transposed(coefficients.get(READ).value());
    double[][] feed = diagonal(coefficients.get(FEEDTHROUGH));
    double[] start = new double[2 * modes];
    for (int i = 0; initial != null && i < 2 * modes; i++) {
      start[i] = initial.get(STATE).value().getDouble(row, i / modes, i % modes);
    }
    Transition transition = transition(coefficients.get(LOG_LAMBDA).value(), modes);
    return DenseLinearSystem.builder(inputs, 2 * modes, read.length)
        .transition(t -> transition)
        .input(t -> write)
        .output(t -> read)
        .feedthrough(t -> feed)
        .initialState(start)
        .build();
  }

  private static Transition transition(INDArray logLambda, int modes) {
    double[] log = ComplexArrays.values(Precision.of(logLambda), logLambda);
    return ComplexArrays.transition(log, 0, modes);
  }

  private static double[][] transposed(INDArray matrix) {
    return matrix.castTo(DataType.DOUBLE).transpose().dup('c').toDoubleMatrix();
  }

  private static double[][] diagonal(Variable d) {
    if (d == null) {
      return null;
    }
    double[][] matrix = new double[d.size(0)][d.size(0)];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i][i] = d.value().getDouble(i);
    }
    return matrix;
  }

  /** Checks all shapes, for so many readings of so many scans. */
  static void check(Map<String, Variable> coefficients, int readings) {
    INDArray u = coefficients.get(INPUT).operand();
    Shapes.check("diagonal u", u, "BTD", -1, -1, -1);
    INDArray log = coefficients.get(LOG_LAMBDA).operand();
    Shapes.check("diagonal log_lambda", log, "RN", 2, -1);
    long width = 2 * log.size(1);
    INDArray c = coefficients.get(READ).operand();
    Shapes.check("diagonal b", coefficients.get(WRITE).operand(), "DN", u.size(2), width);
    Shapes.check("diagonal c", c, "ND", readings * width, -1);
    if (coefficients.get(FEEDTHROUGH) != null) {
      Shapes.check("diagonal d", coefficients.get(FEEDTHROUGH).operand(), "D", u.size(2));
      Shapes.check("diagonal c", c, "ND", -1, u.size(2));
    }
  }
}
