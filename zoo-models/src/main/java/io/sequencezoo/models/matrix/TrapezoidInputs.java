package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.RunningAngle;
import io.sequencezoo.core.op.Turn;
import io.sequencezoo.models.conv.Delay;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Mamba-3's recurrence by the generalised trapezoid rule, as coefficients of a matrix state that is
 * driven one token late. With {@code b, c} turned by the running angles and {@code w_t = λ_t Δ_t}:
 *
 * <pre>{@code
 * S_t = α_t S_{t-1} + (1 - λ_t) Δ_t α_t b_{t-1} x_{t-1}ᵀ + w_t b_t x_tᵀ
 * Z_t = S_t - w_t b_t x_tᵀ = α_t Z_{t-1} + α_t (w_{t-1} + (1 - λ_t) Δ_t) b_{t-1} x_{t-1}ᵀ
 * y_t = S_tᵀ c_t = Z_tᵀ c_t + w_t (b_t · c_t) x_t
 * }</pre>
 *
 * <p>The state is Z: the last token's own write waits for the weight that the next token gives it.
 *
 * @param coefficients of the recurrence on {@code Z [B, H, N, P]}
 * @param turnedB b of all tokens, turned, {@code [B, T, H R, N]}, as turnedC
 * @param turnedC c of all tokens, turned
 * @param now w of all tokens, {@code [B, T, H]}
 * @param angle θ after the last token, {@code [B, H, R]}
 * @param b of the last token, {@code [B, 1, H R N]}
 * @param x of the last token, {@code [B, 1, H P]}
 * @param weight w of the last token, {@code [B, 1, H]}
 */
record TrapezoidInputs(
    Map<String, Variable> coefficients,
    Variable turnedB,
    Variable turnedC,
    Variable now,
    Variable angle,
    Variable b,
    Variable x,
    Variable weight) {

  /**
   * What the input gives at every token.
   *
   * @param x {@code [B, T, H, P]}
   * @param b {@code [B, T, H R, N]}, as c; biased, but not turned. R runs of a head share its steps
   *     and angles; with R = 1 the coefficients are those of the recurrence, else of its rows
   * @param step Δ {@code [B, T, H]}
   * @param logDecay {@code log α = A Δ}, as step
   * @param trapezoid the logit of λ, as step
   * @param turns what the angles' increments are the π tanh of, over Δ; {@code [B, T, H or 1, R]}
   */
  record Given(
      Variable x,
      Variable b,
      Variable c,
      Variable step,
      Variable logDecay,
      Variable trapezoid,
      Variable turns) {}

  /**
   * The parts of the state before.
   *
   * @param angle {@code [B, H, R]}
   * @param b {@code [B, 1, H N]}
   * @param x {@code [B, 1, H P]}
   * @param weight {@code [B, 1, H]}
   */
  record Before(Variable angle, Variable b, Variable x, Variable weight) {}

  /** Computes them for a stretch; valid positions per row, or null for all. */
  static TrapezoidInputs of(Tape tape, Given in, Before before, int @Nullable [] lengths) {
    Variable bounded = Primitives.map(tape, Unary.TANH, in.turns);
    Variable increments =
        Primitives.affine(
            tape, Math.PI, Primitives.multiply(tape, bounded, column(tape, in.step)), 0);
    Variable[] angles = RunningAngle.apply(tape, increments, before.angle, lengths);
    int ranks = in.b.size(2) / in.x.size(2);
    Variable shared = ranks == 1 ? angles[0] : Primitives.repeat(tape, angles[0], 2, ranks);
    Variable b = Turn.apply(tape, in.b, shared);
    Variable c = Turn.apply(tape, in.c, shared);
    Variable now = Primitives.map(tape, Unary.SIGMOID, in.trapezoid);
    Variable weight = Primitives.multiply(tape, now, in.step);
    Variable[] lateB = Delay.apply(tape, Heads.joined(tape, b), before.b, lengths);
    Variable[] lateX = Delay.apply(tape, Heads.joined(tape, in.x), before.x, lengths);
    Variable[] lateWeight = Delay.apply(tape, weight, before.weight, lengths);
    // (1 - λ) Δ + w of the token before, decayed by this token.
    Variable rest = Primitives.subtract(tape, in.step, weight);
    Variable gathered =
        Primitives.multiply(
            tape,
            Primitives.map(tape, Unary.EXP, in.logDecay),
            Primitives.add(tape, rest, lateWeight[0]));
    int heads = in.x.size(2);
    Map<String, Variable> coefficients =
        LinearOperators.coefficients(
            c,
            Primitives.multiply(
                tape,
                Heads.split(tape, lateB[0], heads * ranks),
                column(tape, ranks == 1 ? gathered : Primitives.repeat(tape, gathered, 2, ranks))),
            Heads.split(tape, lateX[0], heads),
            in.logDecay);
    return new TrapezoidInputs(
        coefficients, b, c, weight, angles[1], lateB[1], lateX[1], lateWeight[1]);
  }

  /** {@code w_t (b_t · c_t), [B, T, H, 1]}: what the output has of the token itself; R = 1. */
  Variable share(Tape tape) {
    Variable matched = Primitives.sum(tape, Primitives.multiply(tape, turnedB, turnedC), 3, true);
    return Primitives.multiply(tape, matched, column(tape, now));
  }

  /**
   * Outputs of all tokens: what the recurrence read, the token's own share, and the skip.
   *
   * @param read {@code [B, T, H, P]}, as x
   * @param skip D {@code [H]}, or null for none
   */
  static Variable outputs(
      Tape tape, Variable read, Variable share, Variable x, @Nullable Variable skip) {
    Variable factor =
        skip == null
            ? share
            : Primitives.add(tape, share, Primitives.reshape(tape, skip, x.size(2), 1));
    return Primitives.add(tape, read, Primitives.multiply(tape, x, factor));
  }

  /** {@code S} after the last token from {@code Z}. */
  Variable whole(Tape tape, Variable z) {
    int batch = z.size(0);
    int heads = z.size(1);
    Variable key = Primitives.reshape(tape, b, batch, heads, z.size(2), 1);
    Variable value = Primitives.reshape(tape, x, batch, heads, 1, z.size(3));
    Variable scale = Primitives.reshape(tape, weight, batch, heads, 1, 1);
    return Primitives.add(
        tape, z, Primitives.multiply(tape, Primitives.multiply(tape, key, scale), value));
  }

  /** {@code [B, T, H]} as {@code [B, T, H, 1]}. */
  private static Variable column(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1);
  }
}
