package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
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
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.shape.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A matrix per head that outer products drive as they do linear attention's, but through a map of
 * its value side and a nonlinearity: the recurrence of M²RNN.
 *
 * <pre>{@code
 * Z_t = tanh(S_{t-1} W + k_t v_tᵀ)
 * S_t = f_t S_{t-1} + (1 - f_t) Z_t        state
 * o_t = S_tᵀ q_t                           read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, ·, K]}; {@code v}: {@code [B, T, ·, V]}; {@code f}: {@code [B,
 *       T, ·]}, in [0, 1]; {@code W}: {@code [·, V, V]}; {@code o}: {@code [B, T, H, V]}
 *   <li>numbers of heads may differ and divide the largest, H; head h takes that of {@code ⌊h /
 *       (H/·)⌋}
 *   <li>state {@code S}: {@code [B, H, K, V]}
 * </ul>
 *
 * <p>A row of S sees only itself in the past, so that a head is K systems of V units with one W:
 * step by step one product for all of them, and by Newton's method K rows of a dense {@link Cell}.
 * Step by step, states are held at every 64th token and formed again in the pullback.
 */
public final class MatrixCellRecurrence extends CausalRecurrence {
  /** Queries {@code [B, T, ·, K]}. */
  public static final String QUERY = "q";

  /** Keys {@code [B, T, ·, K]}. */
  public static final String KEY = "k";

  /** Values {@code [B, T, ·, V]}. */
  public static final String VALUE = "v";

  /** What is kept, {@code [B, T, ·]}. */
  public static final String FORGET = "f";

  /** Maps of the value side {@code [·, V, V]}. */
  public static final String WEIGHT = "W";

  /** The state {@code [B, H, K, V]}. */
  public static final String STATE = "S";

  private static final String NAME = "matrix_cell";
  private static final String ROW = "h";

  private final double bound;

  /** The recurrence. */
  public MatrixCellRecurrence() {
    this(0);
  }

  /**
   * A recurrence whose training is bounded.
   *
   * @param bound entries of the gradient of the state are cut to ±bound at every token, step by
   *     step; 0 for gradients as they are
   */
  public MatrixCellRecurrence(double bound) {
    super(NAME, Family.NONLINEAR, KEY, Solver.SEQUENTIAL, Solver.NEWTON);
    checkArgument(bound >= 0, "%s: bound must be at least 0, got %s", NAME, bound);
    this.bound = bound;
  }

  /** Sizes: B, T, H, K, V. */
  record Sizes(int batch, int steps, int heads, int keys, int values) {}

  private static Sizes sizes(Map<String, Variable> coefficients) {
    for (String name : new String[] {QUERY, KEY, VALUE, FORGET, WEIGHT}) {
      checkArgument(
          coefficients.get(name) != null,
          "%s: needs coefficient %s, got %s",
          NAME,
          name,
          coefficients.keySet());
    }
    INDArray k = coefficients.get(KEY).operand();
    INDArray v = coefficients.get(VALUE).operand();
    Shapes.check(NAME + " k", k, "BTHK", -1, -1, -1, -1);
    long batch = k.size(0);
    long steps = k.size(1);
    Shapes.check(
        NAME + " q", coefficients.get(QUERY).operand(), "BTHK", batch, steps, -1, k.size(3));
    Shapes.check(NAME + " v", v, "BTHV", batch, steps, -1, -1);
    Shapes.check(NAME + " f", coefficients.get(FORGET).operand(), "BTH", batch, steps, -1);
    Shapes.check(NAME + " W", coefficients.get(WEIGHT).operand(), "HVV", -1, v.size(3), v.size(3));
    int heads = 0;
    for (String name : new String[] {QUERY, KEY, VALUE, FORGET, WEIGHT}) {
      heads = Math.max(heads, headsOf(coefficients, name));
    }
    for (String name : new String[] {QUERY, KEY, VALUE, FORGET, WEIGHT}) {
      int own = headsOf(coefficients, name);
      checkArgument(
          heads % own == 0, "%s: heads of %s must divide %s, got %s", NAME, name, heads, own);
    }
    return new Sizes((int) batch, (int) steps, heads, (int) k.size(3), (int) v.size(3));
  }

  private static int headsOf(Map<String, Variable> coefficients, String name) {
    return coefficients.get(name).size(name.equals(WEIGHT) ? 0 : 2);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Sizes s = sizes(coefficients);
    return List.of(new StatePart(STATE, "BHKV", s.batch, s.heads, s.keys, s.values));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return sizes(coefficients).heads;
  }

  /** A coefficient with H heads. */
  private static Variable all(
      Tape tape, Map<String, Variable> coefficients, String name, Sizes sizes) {
    int times = sizes.heads / headsOf(coefficients, name);
    Variable given = coefficients.get(name);
    return times == 1 ? given : Primitives.repeat(tape, given, name.equals(WEIGHT) ? 0 : 2, times);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Sizes sizes = sizes(coefficients);
    Variable[] inputs = {
      all(tape, coefficients, QUERY, sizes),
      all(tape, coefficients, KEY, sizes),
      all(tape, coefficients, VALUE, sizes),
      all(tape, coefficients, FORGET, sizes),
      all(tape, coefficients, WEIGHT, sizes),
      start(coefficients, initial).get(STATE)
    };
    Variable[] results =
        solver == Solver.NEWTON
            ? newton(tape, sizes, inputs, lengths)
            : MatrixCellScan.apply(tape, sizes, bound, lengths, inputs);
    return new Advance(results[0], Map.of(STATE, results[1]));
  }

  /** A head's rows of state as rows of a batch of dense cells. */
  private static Variable[] newton(Tape tape, Sizes s, Variable[] inputs, int[] lengths) {
    int rows = s.batch * s.keys;
    int[] valid = new int[rows];
    for (int i = 0; i < rows; i++) {
      valid[i] = lengths[i / s.keys];
    }
    NonlinearRecurrence row = new NonlinearRecurrence(cell(s.values));
    List<Variable> outputs = new ArrayList<>();
    List<Variable> states = new ArrayList<>();
    for (int h = 0; h < s.heads; h++) {
      Variable k = head(tape, inputs[1], 2, h, s.batch, s.steps, s.keys, 1);
      Variable v = head(tape, inputs[2], 2, h, s.batch, s.steps, 1, s.values);
      Variable f = head(tape, inputs[3], 2, h, s.batch, s.steps, 1, 1);
      Variable drive =
          Primitives.concat(
              tape,
              3,
              Primitives.multiply(tape, k, v),
              Primitives.expand(tape, f, s.batch, s.steps, s.keys, 1));
      Map<String, Variable> coefficients =
          Map.of(
              NonlinearRecurrence.INPUT,
              Primitives.reshape(
                  tape, Primitives.permute(tape, drive, 0, 2, 1, 3), rows, s.steps, s.values + 1L),
              WEIGHT,
              head(tape, inputs[4], 0, h, s.values, s.values));
      State before =
          new State(Map.of(ROW, head(tape, inputs[5], 1, h, rows, s.values)), new int[rows]);
      Evolution evolution = row.evolve(tape, Solver.NEWTON, coefficients, before, valid);
      Variable trajectory =
          Primitives.reshape(tape, evolution.outputs(), s.batch, s.keys, s.steps, s.values);
      Variable q =
          Primitives.permute(
              tape, head(tape, inputs[0], 2, h, s.batch, s.steps, s.keys, 1), 0, 2, 1, 3);
      outputs.add(Primitives.sum(tape, Primitives.multiply(tape, trajectory, q), 1, false));
      states.add(Primitives.reshape(tape, evolution.state().get(ROW), s.batch, s.keys, s.values));
    }
    return new Variable[] {
      Primitives.stack(tape, 2, outputs.toArray(new Variable[0])),
      Primitives.stack(tape, 1, states.toArray(new Variable[0]))
    };
  }

  private static Variable head(Tape tape, Variable x, int axis, int h, long... shape) {
    return Primitives.reshape(tape, Primitives.slice(tape, x, axis, h, h + 1L), shape);
  }

  /** One row of the state: {@code h' = f h + (1 - f) tanh(h W + u)}, driven by u and f. */
  private static Cell cell(int values) {
    return TapeCell.named(NAME)
        .state(ROW, values)
        .parameters(WEIGHT)
        .structure(JacobianStructure.DENSE)
        .step(
            (tape, h, x, theta) -> {
              Variable u = Primitives.slice(tape, x, 1, 0, values);
              Variable f = Primitives.slice(tape, x, 1, values, values + 1L);
              Variable moved = Primitives.matmul(tape, h, theta.get(WEIGHT));
              Variable z = Primitives.map(tape, Unary.TANH, Primitives.add(tape, moved, u));
              Variable kept = Primitives.multiply(tape, f, Primitives.subtract(tape, h, z));
              return Primitives.add(tape, z, kept);
            });
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    return step(Precision.of(coefficients.get(KEY).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    Sizes s = sizes(coefficients);
    INDArray o = tape.allocate(precision.type(), s.batch, 1, s.heads, s.values);
    INDArray next = tape.allocate(precision.type(), s.batch, s.heads, s.keys, s.values);
    OfHeads<A> queries = OfHeads.of(precision, coefficients, QUERY, s.heads, s.keys);
    OfHeads<A> keys = OfHeads.of(precision, coefficients, KEY, s.heads, s.keys);
    OfHeads<A> values = OfHeads.of(precision, coefficients, VALUE, s.heads, s.values);
    OfHeads<A> forgets = OfHeads.of(precision, coefficients, FORGET, s.heads, 1);
    OfHeads<A> weights = OfHeads.of(precision, coefficients, WEIGHT, s.heads, s.values * s.values);
    Slab<A> before = precision.slab(state.get(STATE).operand());
    Slab<A> after = precision.slab(next);
    Slab<A> out = precision.slab(o);
    Parallel.run(
        s.batch * s.heads,
        task -> {
          int matrix = s.keys * s.values;
          long at = (long) task * matrix;
          try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
            double[] q = queries.load(scratch, task);
            double[] k = keys.load(scratch, task);
            double[] v = values.load(scratch, task);
            double f = forgets.load(scratch, task)[0];
            // Rows share the weight.
            double[] w = weights.load(scratch, task % s.heads);
            double[] h = scratch.take(matrix);
            double[] read = scratch.zeros(s.values);
            DoubleRows.load(precision, before, at, h, 0, matrix);
            move(s, k, v, f, w, h);
            for (int i = 0; i < s.keys; i++) {
              for (int j = 0; j < s.values; j++) {
                read[j] += q[i] * h[i * s.values + j];
              }
            }
            DoubleRows.store(precision, h, 0, after, at, matrix);
            DoubleRows.store(precision, read, 0, out, (long) task * s.values, s.values);
          }
        });
    return new Advance(tape.constant(o), Map.of(STATE, tape.constant(next)));
  }

  /**
   * A coefficient of a token, of which each of its heads serves several.
   *
   * @param shared heads of the state for one of its own
   * @param size numbers of a head
   */
  private record OfHeads<A>(Precision<A> precision, Slab<A> slab, int shared, int size) {
    static <A> OfHeads<A> of(
        Precision<A> precision,
        Map<String, Variable> coefficients,
        String name,
        int heads,
        int size) {
      Slab<A> slab = precision.slab(coefficients.get(name).operand());
      return new OfHeads<>(precision, slab, heads / headsOf(coefficients, name), size);
    }

    /** Those of a head, counted through all rows. */
    double[] load(Scratch<double[]> scratch, int head) {
      double[] numbers = scratch.take(size);
      DoubleRows.load(precision, slab, (long) (head / shared) * size, numbers, 0, size);
      return numbers;
    }
  }

  /** Moves the state of one head by one token. */
  private static void move(Sizes s, double[] k, double[] v, double f, double[] w, double[] h) {
    int n = s.values;
    try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
      double[] z = scratch.take(n);
      for (int i = 0; i < s.keys; i++) {
        for (int j = 0; j < n; j++) {
          z[j] = k[i] * v[j];
        }
        for (int l = 0; l < n; l++) {
          double held = h[i * n + l];
          for (int j = 0; j < n; j++) {
            z[j] += held * w[l * n + j];
          }
        }
        for (int j = 0; j < n; j++) {
          h[i * n + j] = f * h[i * n + j] + (1 - f) * Math.tanh(z[j]);
        }
      }
    }
  }

  /** One head of one row at one token, in double. */
  private record Head(
      double[] q, double[] k, double[] v, double f, double[][] w, double[][] state) {
    static <A> Head of(
        Precision<A> precision,
        Sizes s,
        Map<String, Variable> coefficients,
        Variable state,
        int task,
        int t) {
      int row = task / s.heads;
      int head = task % s.heads;
      double[][] w = new double[s.values][];
      int weight = head / (s.heads / headsOf(coefficients, WEIGHT));
      for (int i = 0; i < s.values; i++) {
        w[i] =
            DoubleRows.load(
                precision, coefficients.get(WEIGHT).value(), weight * s.values + i, s.values);
      }
      double[][] matrix = new double[s.keys][];
      for (int i = 0; i < s.keys; i++) {
        matrix[i] = DoubleRows.load(precision, state.value(), task * s.keys + i, s.values);
      }
      return new Head(
          at(precision, s, coefficients, QUERY, row, head, t, s.keys),
          at(precision, s, coefficients, KEY, row, head, t, s.keys),
          at(precision, s, coefficients, VALUE, row, head, t, s.values),
          at(precision, s, coefficients, FORGET, row, head, t, 1)[0],
          w,
          matrix);
    }

    private static <A> double[] at(
        Precision<A> precision,
        Sizes s,
        Map<String, Variable> coefficients,
        String name,
        int row,
        int head,
        int t,
        int n) {
      int heads = headsOf(coefficients, name);
      int index = (row * s.steps + t) * heads + head / (s.heads / heads);
      return DoubleRows.load(precision, coefficients.get(name).value(), index, n);
    }

    /** Moves the state by one token; returns {@code 1 - Z²}. */
    double[][] move() {
      double[][] slopes = new double[state.length][v.length];
      for (int i = 0; i < state.length; i++) {
        double[] z = new double[v.length];
        for (int j = 0; j < v.length; j++) {
          double sum = k[i] * v[j];
          for (int l = 0; l < v.length; l++) {
            sum += state[i][l] * w[l][j];
          }
          z[j] = Math.tanh(sum);
          slopes[i][j] = 1 - z[j] * z[j];
        }
        for (int j = 0; j < v.length; j++) {
          state[i][j] = f * state[i][j] + (1 - f) * z[j];
        }
      }
      return slopes;
    }
  }

  /**
   * The Jacobian along the trajectory: on the K V numbers of S, row by row, {@code J_t} of a row is
   * {@code f I + (1 - f) diag(1 - z²) Wᵀ}, and {@code u_t = S_t - J_t S_{t-1}}.
   */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Sizes s = sizes(coefficients);
    Precision<?> precision = Precision.of(coefficients.get(KEY).type());
    int size = s.keys * s.values;
    Transition[] transitions = new Transition[s.steps];
    double[][] inputs = new double[s.steps][size];
    double[][][] reads = new double[s.steps][][];
    double[] start = null;
    Variable first = start(coefficients, initial).get(STATE);
    double[][] state = null;
    for (int t = 0; t < s.steps; t++) {
      Head now = Head.of(precision, s, coefficients, first, row * s.heads + head, t);
      if (state == null) {
        start = flat(now.state);
      } else {
        System.arraycopy(state, 0, now.state, 0, s.keys);
      }
      double[] before = flat(now.state);
      transitions[t] = jacobian(s, now, now.move());
      double[] after = flat(now.state);
      double[] predicted = transitions[t].apply(before);
      reads[t] = new double[s.values][size];
      for (int i = 0; i < size; i++) {
        inputs[t][i] = after[i] - predicted[i];
        reads[t][i % s.values][i] = now.q[i / s.values];
      }
      state = now.state;
    }
    double[][] identity = new double[size][size];
    for (int i = 0; i < size; i++) {
      identity[i][i] = 1;
    }
    return DenseLinearSystem.builder(inputs, size, s.values)
        .transition(t -> transitions[t])
        .input(t -> identity)
        .output(t -> reads[t])
        .initialState(start)
        .build();
  }

  /** Rows of the state move without each other. */
  private static Transition jacobian(Sizes s, Head head, double[][] slopes) {
    List<Transition> rows = new ArrayList<>();
    for (int i = 0; i < s.keys; i++) {
      double[][] j = new double[s.values][s.values];
      for (int to = 0; to < s.values; to++) {
        for (int from = 0; from < s.values; from++) {
          j[to][from] = (1 - head.f) * slopes[i][to] * head.w[from][to] + (from == to ? head.f : 0);
        }
      }
      rows.add(Transitions.dense(j));
    }
    return Transitions.directSum(rows);
  }

  private static double[] flat(double[][] rows) {
    double[] flat = new double[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }
}
