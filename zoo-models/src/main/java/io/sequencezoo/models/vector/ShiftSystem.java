package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A system per channel whose state is shifted by one place per token: H3's memory of the tokens
 * just before.
 *
 * <pre>{@code
 * s_t[0] = B[0] u_t    s_t[n] = s_{t-1}[n-1] + B[n] u_t        state
 * y_t = Σ_n C[n] s_t[n] + D u_t                                 read-out
 * }</pre>
 *
 * <p>Over a sequence it is a convolution with {@code K_j = Σ_n B[n] C[n+j]}, and so is everything
 * about it: K of C with B, what is left of the first state of that state with C, the last state of
 * the last inputs with B.
 *
 * @param b {@code [D, N]}
 * @param c {@code [D, N]}
 * @param d {@code [D]}
 */
public record ShiftSystem(Variable b, Variable c, Variable d) {
  /**
   * Outputs {@code [B, T, D]} and the state {@code [B, D, N]} after the last valid token.
   *
   * @param u {@code [B, T, D]}
   * @param initial {@code [B, D, N]}, or null for zeros
   * @param lengths valid positions per row, or null for all
   */
  public Variable[] apply(
      Tape tape, Variable u, @Nullable Variable initial, int @Nullable [] lengths) {
    Variable[] driven = ShortConvolution.apply(tape, u, kernel(tape), null, null, null, lengths);
    // The last inputs, newest first, become the state that they leave.
    Variable recent = Primitives.flip(tape, driven[1], 1);
    Variable written =
        ShortConvolution.apply(tape, recent, Primitives.flip(tape, b, 1), null, null, null, null)[
            0];
    Variable y = driven[0];
    Variable last = written;
    if (initial != null) {
      Variable[] left = leftOf(tape, initial, u.size(1), lengths);
      y = Primitives.add(tape, y, left[0]);
      last = Primitives.add(tape, last, left[1]);
    }
    return new Variable[] {y, Primitives.permute(tape, last, 0, 2, 1)};
  }

  /**
   * What is read of the first state, {@code [B, T, D]}, and what of it is left, {@code [B, N, D]}:
   * that of a system whose last inputs it is, and which writes into place 0 alone. After N tokens
   * nothing is.
   */
  private Variable[] leftOf(Tape tape, Variable initial, int steps, int @Nullable [] lengths) {
    int batch = initial.size(0);
    int channels = b.size(0);
    int states = b.size(1);
    int window = Math.min(steps, states);
    int[] within =
        lengths == null
            ? null
            : Arrays.stream(lengths).map(length -> Math.min(length, window)).toArray();
    Variable earlier = Primitives.flip(tape, Primitives.permute(tape, initial, 0, 2, 1), 1);
    Variable none = tape.constant(tape.zeros(initial.type(), batch, window, channels));
    Variable taps = behindZero(tape, Primitives.flip(tape, c, 1));
    Variable[] left = ShortConvolution.apply(tape, none, taps, null, earlier, null, within);
    Variable y = left[0];
    if (window < steps) {
      Variable after = tape.constant(tape.zeros(y.type(), batch, steps - window, channels));
      y = Primitives.concat(tape, 1, y, after);
    }
    return new Variable[] {y, Primitives.flip(tape, left[1], 1)};
  }

  /** {@code K + D}, oldest first, behind a zero that makes room for N inputs in a cache. */
  private Variable kernel(Tape tape) {
    int channels = b.size(0);
    int states = b.size(1);
    Variable reversed = Primitives.permute(tape, Primitives.flip(tape, c, 1), 1, 0);
    Variable taps =
        ShortConvolution.apply(
            tape,
            Primitives.reshape(tape, reversed, 1, states, channels),
            Primitives.flip(tape, b, 1),
            null,
            null,
            null,
            null)[0];
    Variable k = Primitives.permute(tape, Primitives.reshape(tape, taps, states, channels), 1, 0);
    Variable own = Primitives.reshape(tape, d, channels, 1);
    Variable zeros = tape.constant(tape.zeros(b.type(), channels, states));
    return Primitives.add(tape, behindZero(tape, k), Primitives.concat(tape, 1, zeros, own));
  }

  private static Variable behindZero(Tape tape, Variable taps) {
    Variable zero = tape.constant(tape.zeros(taps.type(), taps.size(0), 1));
    return Primitives.concat(tape, 1, zero, taps);
  }
}
