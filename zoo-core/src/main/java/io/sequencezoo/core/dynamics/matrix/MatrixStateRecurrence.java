package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Update;
import io.sequencezoo.core.kernel.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A matrix per head that forgets by a diagonal decay and learns by outer products: the recurrence
 * of linear attention, retention, gated linear attention, LightNet, HGRN2 and Mamba-2; with a
 * correction of what it holds, that of DeltaNet and its relatives and of RWKV-7.
 *
 * <pre>{@code
 * P_t = diag(e^{g_t}) S_{t-1}                 o_t = S_tᵀ (scale q_t)
 * S_t = P_t + k_t v_tᵀ                                                     scaled
 * S_t = P_t + k_t v_tᵀ    z_t = diag(e^{g_t}) z_{t-1} + k_t                normalised:
 *                                             o_t / (z_tᵀ (scale q_t) + eps)
 * S_t = P_t + beta_t k_t (v_t - P_tᵀ k_t)ᵀ                                 delta
 * S_t = P_t + b_t (a_tᵀ S_{t-1}) + k_t v_tᵀ                                low rank
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k, a, b}: {@code [B, T, H, K]}; {@code v, o}: {@code [B, T, H, V]}; {@code beta}:
 *       {@code [B, T, H]}
 *   <li>{@code g}: log decay, {@code [B, T, H, K]} per key channel, {@code [B, T, H]} per head, or
 *       absent for none; it decays earlier tokens, never the write of its own. The scaled form
 *       takes {@code gv [B, T, H, V]} in its place, by which columns decay: {@code P_t = S_{t-1}
 *       diag(e^{gv_t})}
 *   <li>heads in groups: all but {@code v} may have G heads, G a divisor of H; head h then takes
 *       those of {@code floor(h / (H/G))}, read in place
 *   <li>several writes: the delta rule also takes {@code k [B, T, N, H, K]}, {@code v [B, T, N, H,
 *       V]} and {@code beta [B, T, N, H]}; a token decays once, writes N times and is read once
 *   <li>{@code S}: {@code [B, H, K, V]} state, constant in T; {@code z}: {@code [B, H, K]},
 *       normalised form only
 * </ul>
 *
 * <p>Cost per token and head: 3 K V multiply-adds (decay, write, read), one K V more for each
 * vector that a correction reads or writes by, and K V numbers of memory. Numerical care: the
 * chunked solver bounds every ratio of decays that it forms, so that log decays from 0 to minus
 * infinity are safe in float.
 */
public final class MatrixStateRecurrence extends CausalRecurrence {
  /** Queries, {@code [B, T, H, K]}, or G heads for groups of H/G. */
  public static final String QUERY = "q";

  /** Keys, {@code [B, T, H, K]}, or G heads for groups of H/G. */
  public static final String KEY = "k";

  /** Values, {@code [B, T, H, V]}. */
  public static final String VALUE = "v";

  /** Log decay, {@code [B, T, H, K]} or {@code [B, T, H]}; may be absent. */
  public static final String DECAY = "g";

  /** Log decay of value channels, {@code [B, T, H, V]}; scaled form only, and without g. */
  public static final String VALUE_DECAY = "gv";

  /** The delta rule's rate, {@code [B, T, H]}. */
  public static final String BETA = "beta";

  /** What reads the undecayed state in the low-rank form, {@code a [B, T, H, K]}. */
  public static final String READ = "a";

  /** Along which it is written again, {@code b [B, T, H, K]}. */
  public static final String WRITE = "b";

  /** The state {@code S [B, H, K, V]}. */
  public static final String STATE = "S";

  /** The normaliser {@code z [B, H, K]}. */
  public static final String NORMALISER = "z";

  private final Update update;
  private final double scale;
  private final boolean normalised;
  private final double eps;

  private MatrixStateRecurrence(Update update, double scale, boolean normalised, double eps) {
    super("matrix_state", Family.MATRIX_STATE, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    this.update = update;
    this.scale = scale;
    this.normalised = normalised;
    this.eps = eps;
  }

  /** The plain form; queries are multiplied by {@code scale}. */
  public static MatrixStateRecurrence scaled(double scale) {
    return new MatrixStateRecurrence(Update.SUM, scale, false, 0);
  }

  /** The form whose outputs are divided by {@code z_tᵀ (scale q_t) + eps}. */
  public static MatrixStateRecurrence normalised(double scale, double eps) {
    return new MatrixStateRecurrence(Update.SUM, scale, true, eps);
  }

  /**
   * The delta rule, {@code S_t = P + beta_t k_t (v_t - Pᵀ k_t)ᵀ} with {@code P = diag(e^{g_t})
   * S_{t-1}}: DeltaNet, gated by a decay per head or per channel. With {@code k, v, beta} of N
   * writes per token, the token decays once and then writes N times: DeltaProduct.
   */
  public static MatrixStateRecurrence delta(double scale) {
    return new MatrixStateRecurrence(Update.DELTA, scale, false, 0);
  }

  /**
   * A decay plus a matrix of rank one that reads the state before its decay, {@code S_t =
   * diag(e^{g_t}) S_{t-1} + b_t (a_tᵀ S_{t-1}) + k_t v_tᵀ}: RWKV-7.
   */
  public static MatrixStateRecurrence lowRank(double scale) {
    return new MatrixStateRecurrence(Update.LOW_RANK, scale, false, 0);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    MatrixStateShape shape = shape(coefficients);
    long batch = shape.batch();
    long heads = shape.heads();
    long keys = shape.keys();
    StatePart state = new StatePart(STATE, "BHKV", batch, heads, keys, shape.values());
    return normalised
        ? List.of(state, new StatePart(NORMALISER, "BHK", batch, heads, keys))
        : List.of(state);
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return shape(coefficients).heads();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    MatrixStateShape shape = shape(coefficients);
    return advance(
        tape,
        Precision.of(coefficients.get(VALUE).type()),
        shape,
        solver,
        coefficients,
        initial,
        lengths);
  }

  private <A> Advance advance(
      Tape tape,
      Precision<A> precision,
      MatrixStateShape shape,
      Solver solver,
      Map<String, Variable> coefficients,
      State initial,
      int[] lengths) {
    Variable[] results =
        new MatrixStateScan<>(
                precision, shape, solver, scale, eps, lengths, coefficients, initial, tape)
            .run(tape);
    return results(results);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    MatrixStateShape shape = shape(coefficients);
    Precision<?> precision = Precision.of(coefficients.get(VALUE).type());
    MatrixStateStep<?> step = new MatrixStateStep<>(precision, shape, scale, eps);
    return results(step.run(tape, coefficients, state));
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    MatrixStateShape shape = shape(coefficients);
    return new MatrixStateLinearization(shape, scale, eps).system(coefficients, initial, row, head);
  }

  private MatrixStateShape shape(Map<String, Variable> coefficients) {
    return MatrixStateShape.of(name(), coefficients, update, normalised);
  }

  private Advance results(Variable[] results) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(STATE, results[1]);
    if (normalised) {
      parts.put(NORMALISER, results[2]);
    }
    return new Advance(results[0], parts);
  }
}
