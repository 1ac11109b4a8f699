package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

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
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
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
 * MesaNet and Gated KalmaNet.
 *
 * <pre>{@code
 * H_t = e^{g_t} H_{t-1} + beta_t k_t k_tᵀ        state, keys with keys
 * G_t = e^{g_t} G_{t-1} + beta_t k_t v_tᵀ        state, keys with values
 * (H_t + diag(λ)) x_t = q_t                      solved by conjugate gradients
 * o_t = G_tᵀ x_t                                 read-out; or of q_t + alpha_t (x_t - q_t)
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, K]}; {@code v, o}: {@code [B, T, H, V]}; {@code beta, g}:
 *       {@code [B, T, H]}, g at most 0, beta at least 0
 *   <li>{@code lambda}: λ, {@code [H, K]}, positive; or a share of {@code ‖H_t‖}, not given
 *   <li>{@code alpha}: {@code [B, T, H]}, 1 where absent
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

  /** The ridge {@code [H, K]}, where it is given. */
  public static final String RIDGE = "lambda";

  /** The share of the solution in what reads, {@code [B, T, H]}; absent for all of it. */
  public static final String MIX = "alpha";

  /** The state of keys with keys, {@code [B, H, K, K]}. */
  public static final String KEYS = "Skk";

  /** The state of keys with values, {@code [B, H, K, V]}. */
  public static final String VALUES = "Skv";

  private static final String NAME = "ridge";
  private static final String WRITTEN = "beta k";

  private static final MatrixStateRecurrence SUMS = MatrixStateRecurrence.scaled(1);

  private final Ridge ridge;
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
    this(Ridge.GIVEN, limit, listener);
  }

  private RidgeRecurrence(Ridge ridge, int limit, Consumer<RidgeReport> listener) {
    super(NAME, Family.MATRIX_STATE, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    checkArgument(limit >= 1, "%s: iterations must be at least 1, got %s", NAME, limit);
    this.ridge = ridge;
    this.limit = limit;
    this.listener = listener;
  }

  /**
   * One whose ridge isn't given but a share of the size of the keys' state, {@code λ_t = share
   * ‖H_t‖} for every key channel: the recurrence of Gated KalmaNet.
   *
   * @param share positive; conditions are at most {@code 1 + 1/share}
   */
  public static RidgeRecurrence relative(double share, int limit, Consumer<RidgeReport> listener) {
    return new RidgeRecurrence(new Ridge.Relative(share), limit, listener);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    INDArray q = coefficients.get(QUERY).operand();
    Shapes.check(NAME + " q", q, "BTHK", -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    long heads = q.size(2);
    long keys = q.size(3);
    check(coefficients, KEY, "BTHK", batch, steps, heads, keys);
    check(coefficients, VALUE, "BTHV", batch, steps, heads, -1);
    check(coefficients, BETA, "BTH", batch, steps, heads);
    check(coefficients, DECAY, "BTH", batch, steps, heads);
    if (ridge.isGiven()) {
      check(coefficients, RIDGE, "HK", heads, keys);
    }
    if (coefficients.containsKey(MIX)) {
      check(coefficients, MIX, "BTH", batch, steps, heads);
    }
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
      Tape tape, Solver solver, Map<String, Variable> given, State initial, int[] lengths) {
    State state = start(given, initial);
    Map<String, Variable> coefficients = written(tape, given);
    State keys = keys(tape, state);
    Variable lambda = ridge.of(tape, solver, coefficients, keys, lengths);
    RidgeSolution<?> solution = solution(tape, solver, coefficients, lambda, keys, lengths);
    Evolution image = image(tape, solver, coefficients, tape.constant(solution.x()), keys, lengths);
    Variable x = solution.differentiable(tape, coefficients.get(QUERY), image.outputs(), lambda);
    Evolution read =
        SUMS.evolve(
            tape,
            solver,
            sum(
                coefficients,
                mixed(tape, coefficients, x),
                coefficients.get(WRITTEN),
                coefficients.get(VALUE)),
            held(state.get(VALUES), state),
            lengths);
    Map<String, Variable> parts = new LinkedHashMap<>();
    Variable last = image.state().get(MatrixStateRecurrence.STATE);
    parts.put(KEYS, Primitives.permute(tape, last, 0, 1, 3, 2));
    parts.put(VALUES, read.state().get(MatrixStateRecurrence.STATE));
    return new Advance(read.outputs(), parts);
  }

  /** The keys' state as a sum holds it: a read takes the transpose of what is held. */
  private static State keys(Tape tape, State state) {
    return held(Primitives.permute(tape, state.get(KEYS), 0, 1, 3, 2), state);
  }

  /** {@code H_t p_t}, and the keys' state after the last token, transposed. */
  static Evolution image(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      Variable p,
      State keys,
      int[] lengths) {
    return SUMS.evolve(
        tape,
        solver,
        sum(coefficients, p, coefficients.get(KEY), coefficients.get(WRITTEN)),
        keys,
        lengths);
  }

  private RidgeSolution<?> solution(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      Variable lambda,
      State keys,
      int[] lengths) {
    INDArray k = coefficients.get(KEY).value();
    INDArray g = coefficients.get(DECAY).value();
    INDArray written = coefficients.get(WRITTEN).value();
    INDArray matrix = keys.get(MatrixStateRecurrence.STATE).value();
    INDArray q = coefficients.get(QUERY).value();
    return new RidgeSolution<>(
        Precision.of(q),
        tape,
        (inner, p) ->
            SUMS.evolve(
                    inner,
                    solver,
                    Map.of(
                        MatrixStateRecurrence.QUERY,
                        inner.constant(p),
                        MatrixStateRecurrence.KEY,
                        inner.constant(k),
                        MatrixStateRecurrence.VALUE,
                        inner.constant(written),
                        MatrixStateRecurrence.DECAY,
                        inner.constant(g)),
                    held(inner.constant(matrix), keys),
                    lengths)
                .outputs()
                .value(),
        q,
        lambda.value(),
        lengths,
        limit,
        listener);
  }

  /** What reads: x, or {@code q + alpha (x - q)}. */
  private static Variable mixed(Tape tape, Map<String, Variable> coefficients, Variable x) {
    Variable alpha = coefficients.get(MIX);
    if (alpha == null) {
      return x;
    }
    Variable q = coefficients.get(QUERY);
    Variable share =
        Primitives.reshape(tape, alpha, alpha.size(0), alpha.size(1), alpha.size(2), 1);
    Variable turned = Primitives.multiply(tape, share, Primitives.subtract(tape, x, q));
    return Primitives.add(tape, q, turned);
  }

  /** The coefficients with what is written of keys, {@code beta k}, calculated once. */
  private static Map<String, Variable> written(Tape tape, Map<String, Variable> coefficients) {
    Variable k = coefficients.get(KEY);
    Variable beta =
        Primitives.reshape(tape, coefficients.get(BETA), k.size(0), k.size(1), k.size(2), 1);
    Map<String, Variable> all = new LinkedHashMap<>(coefficients);
    all.put(WRITTEN, Primitives.multiply(tape, k, beta));
    return all;
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
    RidgeStep<A> step =
        new RidgeStep<>(
            precision,
            ridge,
            limit,
            keys,
            values,
            name -> slab(precision, coefficients.get(name)),
            new RidgeStep.Moving<>(
                slab(precision, state.get(KEYS)),
                slab(precision, state.get(VALUES)),
                precision.slab(skk),
                precision.slab(skv),
                precision.slab(o)));
    Parallel.run(batch * heads, task -> step.run(task, task % heads));
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(KEYS, tape.constant(skk));
    parts.put(VALUES, tape.constant(skv));
    return new Advance(tape.constant(o), parts);
  }

  private static <A> Slab<A> slab(Precision<A> precision, Variable given) {
    return given == null ? null : precision.slab(given.operand());
  }

  /** Exact for values along given solutions, as the sum of keys with values is. */
  @Override
  protected LinearSystem system(Map<String, Variable> given, State initial, int row, int head) {
    Tape tape = Tape.detached();
    State state = start(given, initial);
    Map<String, Variable> coefficients = written(tape, given);
    State keys = keys(tape, state);
    Variable q = coefficients.get(QUERY);
    int[] all = Lengths.of(NAME, null, q.size(0), q.size(1));
    Variable lambda = ridge.of(tape, Solver.AUTO, coefficients, keys, all);
    INDArray x = solution(tape, Solver.AUTO, coefficients, lambda, keys, all).x();
    return SUMS.linearize(
        sum(
            coefficients,
            mixed(tape, coefficients, tape.constant(x)),
            coefficients.get(WRITTEN),
            coefficients.get(VALUE)),
        held(state.get(VALUES), state),
        row,
        head);
  }
}
