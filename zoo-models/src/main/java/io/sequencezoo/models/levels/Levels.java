package io.sequencezoo.models.levels;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.op.Positions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The levels of log-linear attention as heads of one matrix-state recurrence. Token s is on level
 * {@code ℓ(t, s)}, the bit length of t xor s, as token t sees it: on level l are, while bit l-1 of
 * t is set, the tokens of the half before in its block of {@code 2^l}. So the state of a level
 * starts anew where a block starts, is written in its first half and read in its second:
 *
 * <pre>{@code
 * S^l_t = [2^l does not divide t] A_t S^l_{t-1} + [bit l-1 of t is 0] k_t v_tᵀ        l = 1..L-1
 * o_t = Σ_l λ_{t,l} [bit l-1 of t is 1] (S^l_t)ᵀ q_t + λ_{t,0} (q_t · k_t) v_t
 * }</pre>
 *
 * <p>{@code A_t} is any transition: of a decay, or of the delta rule, whose correction acts on
 * every level. L levels reach {@code 2^{L-1}} tokens.
 *
 * @param count L, the token itself included
 * @param starts the position of each row's first token
 * @param steps T
 */
record Levels(int count, int[] starts, int steps) {
  /** A log decay whose exponential is 0 in every precision. */
  private static final double FORGET = -1e4;

  /** Refuses positions that no level reaches. */
  void check(String subject, int @Nullable [] lengths) {
    for (int row = 0; row < starts.length; row++) {
      int end = Math.addExact(starts[row], lengths == null ? steps : lengths[row]);
      checkArgument(
          end <= 1L << (count - 1),
          "%s: %s levels reach %s tokens, got %s; use more levels",
          subject,
          count,
          1L << (count - 1),
          end);
      Replay.limit((int) Math.min(Integer.MAX_VALUE, (1L << (count - 1)) - end));
    }
  }

  /**
   * The coefficients of all levels: values {@code [B, T, H (L-1), V]}, zero where a level isn't
   * written, and log decays {@code [B, T, H (L-1)]}; the others stay, shared by the levels.
   */
  Map<String, Variable> coefficients(Tape tape, Map<String, Variable> c) {
    Variable v = Recurrence.required(c, MatrixStateRecurrence.VALUE);
    int batch = v.size(0);
    int heads = v.size(2);
    int levels = count - 1;
    Variable written = mask(tape, v, (position, l) -> (position >> l & 1) == 0 ? 1 : 0);
    Variable one = Primitives.reshape(tape, v, batch, steps, heads, 1, v.size(3));
    Variable masked =
        Primitives.multiply(
            tape, one, Primitives.reshape(tape, written, batch, steps, 1, levels, 1));
    Variable forgotten =
        mask(tape, v, (position, l) -> (position & (2L << l) - 1) == 0 ? FORGET : 0);
    Variable g = c.get(MatrixStateRecurrence.DECAY);
    Variable decay =
        g == null
            ? tape.constant(tape.zeros(v.type(), batch, steps, heads, 1))
            : Primitives.reshape(tape, g, batch, steps, heads, 1);
    Variable decays = Primitives.add(tape, decay, forgotten);
    Map<String, Variable> all = new LinkedHashMap<>(c);
    all.put(
        MatrixStateRecurrence.VALUE,
        Primitives.reshape(tape, masked, batch, steps, (long) heads * levels, v.size(3)));
    all.put(
        MatrixStateRecurrence.DECAY,
        Primitives.reshape(tape, decays, batch, steps, (long) heads * levels));
    return all;
  }

  /**
   * What the levels put out, weighed.
   *
   * @param outputs {@code [B, T, H (L-1), V]}
   * @param weights from {@link #weights}
   */
  static Variable read(Tape tape, Variable outputs, Variable weights) {
    Variable split =
        Primitives.reshape(
            tape,
            outputs,
            outputs.size(0),
            outputs.size(1),
            weights.size(2),
            weights.size(3),
            outputs.size(3));
    return Primitives.sum(tape, Primitives.multiply(tape, split, weights), 3, false);
  }

  /**
   * The weights of the levels that each token reads, {@code [B, T, H, L-1, 1]}.
   *
   * @param lambda weights {@code [B, T, H, L]}, the token's own first
   */
  Variable weights(Tape tape, Variable lambda) {
    Variable seen = mask(tape, lambda, (position, l) -> (position >> l & 1) == 0 ? 0 : 1);
    Variable past = Primitives.slice(tape, lambda, 3, 1, count);
    return Primitives.reshape(
        tape,
        Primitives.multiply(tape, past, seen),
        lambda.size(0),
        steps,
        lambda.size(2),
        count - 1,
        1);
  }

  /** {@code λ_{t,0} scale (q_t · k_t) [beta_t] v_t}, {@code [B, T, H, V]}. */
  static Variable own(Tape tape, Map<String, Variable> c, Variable lambda, double scale) {
    Variable q = Recurrence.required(c, MatrixStateRecurrence.QUERY);
    Variable k = Recurrence.required(c, MatrixStateRecurrence.KEY);
    int heads = lambda.size(2);
    Variable matched = Primitives.sum(tape, Primitives.multiply(tape, q, k), 3, true);
    Variable all = Primitives.repeat(tape, matched, 2, heads / q.size(2));
    Variable weight = Primitives.slice(tape, lambda, 3, 0, 1);
    Variable beta = c.get(MatrixStateRecurrence.BETA);
    if (beta != null) {
      Variable rate = Primitives.reshape(tape, beta, beta.size(0), beta.size(1), beta.size(2), 1);
      weight = Primitives.multiply(tape, weight, rate);
    }
    Variable share = Primitives.affine(tape, scale, Primitives.multiply(tape, all, weight), 0);
    return Primitives.multiply(tape, share, Recurrence.required(c, MatrixStateRecurrence.VALUE));
  }

  /** Of every position and level, from level 1 as 0; {@code [B, T, 1, L-1]}. */
  private Variable mask(Tape tape, Variable like, Positions.ByPosition mask) {
    int levels = count - 1;
    Variable numbers = Positions.numbers(tape, like.type(), starts, steps, levels, mask);
    return Primitives.reshape(tape, numbers, starts.length, steps, 1, levels);
  }
}
