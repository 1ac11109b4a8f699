package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The delta family between its projections: from queries, keys, values, rates and gates to outputs
 * and the final state {@code S [B, H, K, V]}. All correct what the state holds before they add to
 * it.
 *
 * <p>In all of them {@code q: [B, T, G, K]} with G a divisor of H, {@code v, o: [B, T, H, V]},
 * queries are multiplied by {@code scale}, and the initial state may be null.
 */
public final class DeltaOperators {
  private DeltaOperators() {}

  /**
   * {@code P = diag(e^{g_t}) S_{t-1}}, {@code S_t = P + beta_t k_t (v_t - Pᵀ k_t)ᵀ}: DeltaNet
   * without {@code g}, Gated DeltaNet with {@code g [B, T, H]}, Kimi Delta Attention with {@code g
   * [B, T, H, K]}.
   *
   * @param beta {@code [B, T, H]}
   * @param g log decay, or null for none
   */
  public static Evolution deltaRule(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable beta,
      @Nullable Variable g,
      @Nullable State initial,
      double scale) {
    Map<String, Variable> coefficients = LinearOperators.coefficients(q, k, v, g);
    coefficients.put(MatrixStateRecurrence.BETA, beta);
    return MatrixStateRecurrence.delta(scale).evolve(tape, solver, coefficients, initial, null);
  }

  /**
   * DeltaProduct: a token decays once, then follows the delta rule N times with keys, values and
   * rates of its own, and is read after the last.
   *
   * @param k {@code [B, T N, G, K]}, write j of token t in row {@code t N + j}
   * @param v {@code [B, T N, H, V]}
   * @param beta {@code [B, T N, H]}
   * @param g log decay {@code [B, T, H]}, or null for none
   */
  public static Evolution deltaProduct(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable beta,
      @Nullable Variable g,
      @Nullable State initial,
      double scale) {
    int steps = q.size(1);
    checkArgument(
        steps > 0 && k.size(1) % steps == 0,
        "delta product: k must have a multiple of T=%s rows, got %s",
        steps,
        k.size(1));
    return deltaRule(
        tape,
        solver,
        q,
        perToken(tape, k, steps),
        perToken(tape, v, steps),
        perToken(tape, beta, steps),
        g,
        initial,
        scale);
  }

  /** {@code [B, T N, ...]} as {@code [B, T, N, ...]}. */
  private static Variable perToken(Tape tape, Variable x, int steps) {
    long[] shape = x.shape();
    long[] split = new long[shape.length + 1];
    split[0] = shape[0];
    split[1] = steps;
    split[2] = shape[1] / steps;
    System.arraycopy(shape, 2, split, 3, shape.length - 2);
    return Primitives.reshape(tape, x, split);
  }

  /**
   * {@code S_t = diag(e^{g_t}) S_{t-1} + b_t (a_tᵀ S_{t-1}) + k_t v_tᵀ}: the transition of RWKV-7,
   * a diagonal plus a matrix of rank one, which reads the state before its decay.
   *
   * @param a {@code [B, T, G, K]}, as b and k
   * @param g log decay {@code [B, T, H, K]} or {@code [B, T, H]}, or null for none
   */
  public static Evolution lowRank(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable a,
      Variable b,
      @Nullable Variable g,
      @Nullable State initial,
      double scale) {
    Map<String, Variable> coefficients = LinearOperators.coefficients(q, k, v, g);
    coefficients.put(MatrixStateRecurrence.READ, a);
    coefficients.put(MatrixStateRecurrence.WRITE, b);
    return MatrixStateRecurrence.lowRank(scale).evolve(tape, solver, coefficients, initial, null);
  }

  /**
   * Gated DeltaNet-2: {@code P = diag(e^{g_t}) S_{t-1}}, {@code S_t = P - k_t ((b_t ⊙ k_t)ᵀ P) +
   * k_t (w_t ⊙ v_t)ᵀ}.
   *
   * @param g log decay {@code [B, T, G, K]}
   * @param b what is erased {@code [B, T, G, K]}
   * @param w what is written {@code [B, T, H, V]}
   */
  public static Evolution gatedDeltaRule2(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable g,
      Variable b,
      Variable w,
      @Nullable State initial,
      double scale) {
    Map<String, Variable> coefficients = LinearOperators.coefficients(q, k, v, g);
    eraseAndWrite(tape, coefficients, b, w);
    return MatrixStateRecurrence.lowRank(scale).evolve(tape, solver, coefficients, initial, null);
  }

  /** Completes q, k, v and the log decay per channel by gates that erase and write. */
  static void eraseAndWrite(Tape tape, Map<String, Variable> coefficients, Variable b, Variable w) {
    Variable k = Recurrence.required(coefficients, MatrixStateRecurrence.KEY);
    Variable decay =
        Activations.apply(
            tape, Unary.EXP, Recurrence.required(coefficients, MatrixStateRecurrence.DECAY));
    coefficients.put(
        MatrixStateRecurrence.READ,
        Primitives.multiply(tape, decay, Primitives.multiply(tape, b, k)));
    coefficients.put(MatrixStateRecurrence.WRITE, Primitives.affine(tape, -1, k, 0));
    coefficients.computeIfPresent(
        MatrixStateRecurrence.VALUE, (name, v) -> Primitives.multiply(tape, w, v));
  }

  /**
   * Comba: {@code S_t = e^{g_t} S_{t-1} + beta_t k_t (v_t - p_tᵀ S_{t-1})ᵀ}, whose feedback reads
   * the state before its decay.
   *
   * @param p {@code [B, T, H, K]}, as q and k
   * @param beta {@code [B, T, H]}
   * @param g log decay {@code [B, T, H]}
   */
  public static Evolution comba(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable p,
      Variable beta,
      Variable g,
      @Nullable State initial,
      double scale) {
    Map<String, Variable> coefficients = LinearOperators.coefficients(q, k, v, g);
    feedBack(tape, coefficients, p, beta);
    return MatrixStateRecurrence.lowRank(scale).evolve(tape, solver, coefficients, initial, null);
  }

  /** Completes q, k and v by a feedback that p reads and k writes, at a rate. */
  static void feedBack(Tape tape, Map<String, Variable> coefficients, Variable p, Variable beta) {
    Variable k = Recurrence.required(coefficients, MatrixStateRecurrence.KEY);
    Variable rate = Primitives.reshape(tape, beta, beta.size(0), beta.size(1), beta.size(2), 1);
    Variable written = Primitives.multiply(tape, k, rate);
    coefficients.put(MatrixStateRecurrence.KEY, written);
    coefficients.put(MatrixStateRecurrence.READ, p);
    coefficients.put(MatrixStateRecurrence.WRITE, Primitives.affine(tape, -1, written, 0));
  }
}
