package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two matrices per head and a ridge regression per token: the state is what least squares needs of
 * the past, and a token reads the best linear map from keys to values so far. The recurrence of
 * MesaNet.
 *
 * <pre>{@code
 * H_t = e^{g_t} H_{t-1} + beta_t k_t k_tᵀ        state, keys with keys
 * G_t = e^{g_t} G_{t-1} + beta_t k_t v_tᵀ        state, keys with values
 * (H_t + diag(λ)) x_t = q_t                      solved by conjugate gradients
 * o_t = G_tᵀ x_t                                 read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, K]}; {@code v, o}: {@code [B, T, H, V]}; {@code beta, g}:
 *       {@code [B, T, H]}, g at most 0, beta at least 0
 *   <li>{@code lambda}: λ, {@code [H, K]}, positive
 *   <li>state {@code Skk}: H, {@code [B, H, K, K]}; {@code Skv}: G, {@code [B, H, K, V]}
 * </ul>
 *
 * <p>Both states are {@link MatrixStateRecurrence}s, and so is a product with H at every token: an
 * iteration costs a pass of linear attention. The pullback differentiates the solution and not the
 * iterations: {@code (H + diag(λ)) u = gx}, then {@code gq = u, gH = -u xᵀ, gλ = -u ⊙ x}. Numerical
 * care: iterations end where rounding does, or at a limit; what is left is reported.
 */
public final class RidgeRecurrence extends CausalRecurrence {
  /** Queries {@code [B, T, H, K]}. */
  public static final String QUERY = "q";

  /** Keys {@code [B, T, H, K]}. */
  public static final String KEY = "k";

  /** Values {@code [B, T, H, V]}. */
  public static final String VALUE = "v";

  /** Weights of the tokens {@code [B, T, H]}. */
  public static final String BETA = "beta";

  /** Log decays {@code [B, T, H]}. */
  public static final String DECAY = "g";

  /** The ridge {@code [H, K]}. */
  public static final String RIDGE = "lambda";

  /** The state of keys with keys, {@code [B, H, K, K]}. */
  public static final String KEYS = "Skk";

  /** The state of keys with values, {@code [B, H, K, V]}. */
  public static final String VALUES = "Skv";

  private static final String NAME = "ridge";

  private final MatrixStateRecurrence sums = MatrixStateRecurrence.scaled(1);
  private final int limit;
  private final Consumer<RidgeReport> listener;

  /**
   * A recurrence.
   *
   * @param limit the most iterations of conjugate gradients
   */
  public RidgeRecurrence(int limit) {
    this(limit, report -> {});
  }

  /**
   * The same with somebody who hears how it went.
   *
   * @param listener gets a report of every batch that is solved, backward as well
   */
  public RidgeRecurrence(int limit, Consumer<RidgeReport> listener) {
    super(NAME, Family.MATRIX_STATE, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    checkArgument(limit >= 1, "%s: iterations must be at least 1, got %s", NAME, limit);
    this.limit = limit;
    this.listener = listener;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    INDArray q = coefficients.get(QUERY).value();
    Shapes.check(NAME + " q", q, "BTHK", -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    long heads = q.size(2);
    long keys = q.size(3);
    check(coefficients, KEY, "BTHK", batch, steps, heads, keys);
    check(coefficients, VALUE, "BTHV", batch, steps, heads, -1);
    check(coefficients, BETA, "BTH", batch, steps, heads);
    check(coefficients, DECAY, "BTH", batch, steps, heads);
    check(coefficients, RIDGE, "HK", heads, keys);
    return List.of(
        new StatePart(KEYS, "BHKL", batch, heads, keys, keys),
        new StatePart(VALUES, "BHKV", batch, heads, keys, coefficients.get(VALUE).size(3)));
  }

  private static void check(
      Map<String, Variable> coefficients, String name, String axes, long... sizes) {
    Variable given = coefficients.get(name);
    checkArgument(
        given != null, "%s: needs coefficient %s, got %s", NAME, name, coefficients.keySet());
    Shapes.check(NAME + " " + name, given.operand(), axes, sizes);
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(QUERY).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    State state = start(coefficients, initial);
    Variable written = written(tape, coefficients);
    // A read takes the transpose of what is held.
    State keys = held(Primitives.permute(tape, state.get(KEYS), 0, 1, 3, 2), state);
    Solution<?> solution = Solution.of(this, tape, solver, coefficients, written, keys, lengths);
    Evolution image =
        sums.evolve(
            tape,
            solver,
            sum(coefficients, tape.constant(solution.x), coefficients.get(KEY), written),
            keys,
            lengths);
    Variable x = solution.differentiable(tape, coefficients, image.outputs());
    Evolution read =
        sums.evolve(
            tape,
            solver,
            sum(coefficients, x, written, coefficients.get(VALUE)),
            held(state.get(VALUES), state),
            lengths);
    Map<String, Variable> parts = new LinkedHashMap<>();
    Variable last = image.state().get(MatrixStateRecurrence.STATE);
    parts.put(KEYS, Primitives.permute(tape, last, 0, 1, 3, 2));
    parts.put(VALUES, read.state().get(MatrixStateRecurrence.STATE));
    return new Advance(read.outputs(), parts);
  }

  /** {@code beta k}. */
  private static Variable written(Tape tape, Map<String, Variable> coefficients) {
    Variable k = coefficients.get(KEY);
    Variable beta =
        Primitives.reshape(tape, coefficients.get(BETA), k.size(0), k.size(1), k.size(2), 1);
    return Primitives.multiply(tape, k, beta);
  }

  private static State held(Variable matrix, State state) {
    return new State(Map.of(MatrixStateRecurrence.STATE, matrix), state.counts());
  }

  /** The coefficients of a sum of {@code k vᵀ} with this one's decay. */
  private static Map<String, Variable> sum(
      Map<String, Variable> coefficients, Variable q, Variable k, Variable v) {
    return Map.of(
        MatrixStateRecurrence.QUERY,
        q,
        MatrixStateRecurrence.KEY,
        k,
        MatrixStateRecurrence.VALUE,
        v,
        MatrixStateRecurrence.DECAY,
        coefficients.get(DECAY));
  }

  /** What solves the regressions of one stretch, forward and backward. */
  private static final class Solution<A> {
    private final Precision<A> precision;
    private final RidgeSolve<A> solve;
    private final Consumer<RidgeReport> listener;
    private final INDArray x;

    private Solution(
        Precision<A> precision,
        RidgeSolve<A> solve,
        Consumer<RidgeReport> listener,
        Tape tape,
        INDArray q) {
      this.precision = precision;
      this.solve = solve;
      this.listener = listener;
      this.x = run(tape, q);
    }

    static Solution<?> of(
        RidgeRecurrence of,
        Tape tape,
        Solver solver,
        Map<String, Variable> coefficients,
        Variable written,
        State keys,
        int[] lengths) {
      return of(
          Precision.of(written.type()), of, tape, solver, coefficients, written, keys, lengths);
    }

    private static <A> Solution<A> of(
        Precision<A> precision,
        RidgeRecurrence of,
        Tape tape,
        Solver solver,
        Map<String, Variable> coefficients,
        Variable written,
        State keys,
        int[] lengths) {
      INDArray k = coefficients.get(KEY).value();
      INDArray g = coefficients.get(DECAY).value();
      INDArray matrix = keys.get(MatrixStateRecurrence.STATE).value();
      RidgeSolve<A> solve =
          new RidgeSolve<>(
              precision,
              (inner, p) ->
                  of.sums
                      .evolve(
                          inner,
                          solver,
                          Map.of(
                              MatrixStateRecurrence.QUERY,
                              inner.constant(p),
                              MatrixStateRecurrence.KEY,
                              inner.constant(k),
                              MatrixStateRecurrence.VALUE,
                              inner.constant(written.value()),
                              MatrixStateRecurrence.DECAY,
                              inner.constant(g)),
                          held(inner.constant(matrix), keys),
                          lengths)
                      .outputs()
                      .value(),
              coefficients.get(RIDGE).value(),
              lengths,
              of.limit);
      return new Solution<>(precision, solve, of.listener, tape, coefficients.get(QUERY).value());
    }

    private INDArray run(Tape tape, INDArray b) {
      INDArray solved = solve.run(tape, b);
      listener.accept(solve.report());
      return solved;
    }

    /** x as a function of what it solves: {@code x + (H + diag(λ))^{-1} (q - H x - λ ⊙ x)}. */
    Variable differentiable(Tape tape, Map<String, Variable> coefficients, Variable image) {
      return tape.record(
          x, this::pullback, coefficients.get(QUERY), image, coefficients.get(RIDGE));
    }

    private void pullback(Cotangents cotangents) {
      Tape tape = cotangents.tape();
      INDArray u = run(tape, cotangents.output(0));
      INDArray minus = tape.allocate(precision.type(), u.shape());
      Kernels<A> kernels = precision.kernels();
      int width = (int) (u.size(2) * u.size(3));
      int tokens = (int) (u.length() / width);
      Slab<A> us = precision.slab(u);
      Slab<A> xs = precision.slab(x);
      Slab<A> to = precision.slab(minus);
      INDArray ridge = tape.allocate(precision.type(), cotangents.shape(2));
      try (Scratch<A> scratch = precision.scratch()) {
        A sum = scratch.zeros(width);
        A row = scratch.take(width);
        A other = scratch.take(width);
        for (int i = 0; i < tokens; i++) {
          long at = (long) i * width;
          us.load(at, row, 0, width);
          kernels.affine(-1, row, 0, 0, row, 0, width);
          to.store(at, row, 0, width);
          xs.load(at, other, 0, width);
          kernels.multiplyAdd(row, 0, other, 0, sum, 0, width);
        }
        precision.slab(ridge).store(0, sum, 0, width);
      }
      cotangents.add(0, u);
      cotangents.add(1, minus);
      cotangents.add(2, ridge);
    }
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    return step(Precision.of(coefficients.get(QUERY).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    Variable q = coefficients.get(QUERY);
    int batch = q.size(0);
    int heads = q.size(2);
    int keys = q.size(3);
    int values = coefficients.get(VALUE).size(3);
    INDArray o = tape.allocate(q.type(), batch, 1, heads, values);
    INDArray skk = tape.allocate(q.type(), batch, heads, keys, keys);
    INDArray skv = tape.allocate(q.type(), batch, heads, keys, values);
    Parallel.run(
        batch * heads,
        task -> {
          double[] query = numbers(precision, q.value(), task, keys);
          double[] key = numbers(precision, coefficients.get(KEY).value(), task, keys);
          double[] value = numbers(precision, coefficients.get(VALUE).value(), task, values);
          double beta = numbers(precision, coefficients.get(BETA).value(), task, 1)[0];
          double decay = Math.exp(numbers(precision, coefficients.get(DECAY).value(), task, 1)[0]);
          double[] ridge = numbers(precision, coefficients.get(RIDGE).value(), task % heads, keys);
          double[][] h = new double[keys][];
          double[] read = new double[values];
          double[][] g = new double[keys][];
          for (int d = 0; d < keys; d++) {
            int row = task * keys + d;
            h[d] = moved(numbers(precision, state.get(KEYS).value(), row, keys), decay);
            g[d] = moved(numbers(precision, state.get(VALUES).value(), row, values), decay);
            for (int e = 0; e < keys; e++) {
              h[d][e] += beta * key[d] * key[e];
            }
            for (int e = 0; e < values; e++) {
              g[d][e] += beta * key[d] * value[e];
            }
            store(precision, h[d], skk, row);
            store(precision, g[d], skv, row);
          }
          double[] x = RidgeSolve.solve(h, ridge, query, limit);
          for (int d = 0; d < keys; d++) {
            for (int e = 0; e < values; e++) {
              read[e] += x[d] * g[d][e];
            }
          }
          store(precision, read, o, task);
        });
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(KEYS, tape.constant(skk));
    parts.put(VALUES, tape.constant(skv));
    return new Advance(tape.constant(o), parts);
  }

  private static double[] moved(double[] row, double decay) {
    for (int i = 0; i < row.length; i++) {
      row[i] *= decay;
    }
    return row;
  }

  /** Row i of rows of n numbers. */
  private static <A> double[] numbers(Precision<A> precision, INDArray from, int i, int n) {
    double[] row = new double[n];
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      precision.slab(from).load((long) i * n, tile, 0, n);
      precision.kernels().widen(tile, 0, row, 0, n);
    }
    return row;
  }

  private static <A> void store(Precision<A> precision, double[] row, INDArray to, int i) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(row.length);
      precision.kernels().round(row, 0, tile, 0, row.length);
      precision.slab(to).store((long) i * row.length, tile, 0, row.length);
    }
  }

  /** Exact for values along given solutions, as the sum of keys with values is. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Tape tape = Tape.detached();
    State state = start(coefficients, initial);
    Variable q = coefficients.get(QUERY);
    Variable written = written(tape, coefficients);
    int[] all = Lengths.of(NAME, null, q.size(0), q.size(1));
    Solution<?> solution =
        Solution.of(
            this,
            tape,
            Solver.AUTO,
            coefficients,
            written,
            held(Primitives.permute(tape, state.get(KEYS), 0, 1, 3, 2), state),
            all);
    return sums.linearize(
        sum(coefficients, tape.constant(solution.x), written, coefficients.get(VALUE)),
        held(state.get(VALUES), state),
        row,
        head);
  }
}
