package io.sequencezoo.models.levels;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import java.util.LinkedHashMap;
import java.util.Map;

/** Log-linear attention between its projections. */
public final class LogLinearOperators {
  private LogLinearOperators() {}

  /**
   * {@code o_t = Σ_{s≤t} λ_{t,ℓ(t,s)} e^{g_{s+1} + ... + g_t} (q_t · k_s) v_s}, from the first
   * token of a sequence; ℓ(t, s) is the bit length of t xor s. The final state is that of the
   * levels.
   *
   * @param q {@code [B, T, G, K]}, as k
   * @param v {@code [B, T, H, V]}
   * @param g log decay {@code [B, T, H]}
   * @param lambda {@code [B, T, H, L]}, of at least {@code ⌈log2 T⌉ + 1} levels
   */
  public static Evolution logLinearAttention(
      Tape tape, Solver solver, Variable q, Variable k, Variable v, Variable g, Variable lambda) {
    Map<String, Variable> c = new LinkedHashMap<>();
    c.put(MatrixStateRecurrence.QUERY, q);
    c.put(MatrixStateRecurrence.KEY, k);
    c.put(MatrixStateRecurrence.VALUE, v);
    c.put(MatrixStateRecurrence.DECAY, g);
    Levels levels = new Levels(lambda.size(3), new int[q.size(0)], q.size(1));
    levels.check(LogLinearConfig.NAME, null);
    Evolution evolution =
        MatrixStateRecurrence.scaled(1)
            .evolve(tape, solver, levels.coefficients(tape, c), null, null);
    Variable past = Levels.read(tape, evolution.outputs(), levels.weights(tape, lambda));
    return new Evolution(
        Primitives.add(tape, past, Levels.own(tape, c, lambda, 1)), evolution.state());
  }
}
