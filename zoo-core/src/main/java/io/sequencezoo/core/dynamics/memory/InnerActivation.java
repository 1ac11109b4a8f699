package io.sequencezoo.core.dynamics.memory;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Unary;

/**
 * The activation f between the layers of a memory, with two derivatives, since the inner gradient
 * is differentiated once more.
 */
public enum InnerActivation {
  /** {@code x Φ(x)} by the tanh form, as TTT's and Titans' networks have it. */
  @JsonProperty("gelu")
  GELU(Unary.GELU_TANH) {
    @Override
    <A> void derivatives(Precision<A> precision, A x, A first, A second, int n) {
      // f = x (1 + t) / 2, t = tanh u, u = c (x + a x³), with p = 1 - t²:
      // 2 f' = 1 + t + x p u', 2 f'' = 2 p u' + x p (u'' - 2 t u'²).
      Kernels<A> kernels = precision.kernels();
      try (Scratch<A> scratch = precision.scratch()) {
        A t = scratch.take(n);
        A bend = scratch.take(n);
        A p = scratch.take(n);
        kernels.multiply(x, 0, x, 0, bend, 0, n);
        kernels.affine(SCALE * CUBIC, bend, 0, SCALE, t, 0, n);
        kernels.multiply(x, 0, t, 0, t, 0, n);
        kernels.map(Unary.TANH, t, 0, t, 0, n);
        kernels.affine(3 * SCALE * CUBIC, bend, 0, SCALE, bend, 0, n);
        kernels.multiply(t, 0, t, 0, p, 0, n);
        kernels.affine(-1, p, 0, 1, p, 0, n);
        // first = x p u', then half of all.
        kernels.multiply(p, 0, bend, 0, first, 0, n);
        if (second != null) {
          A rest = scratch.take(n);
          kernels.multiply(bend, 0, bend, 0, rest, 0, n);
          kernels.multiply(t, 0, rest, 0, rest, 0, n);
          kernels.affine(-1, rest, 0, 0, rest, 0, n);
          kernels.axpy(3 * SCALE * CUBIC, x, 0, rest, 0, n);
          kernels.multiply(rest, 0, p, 0, rest, 0, n);
          kernels.multiply(x, 0, rest, 0, second, 0, n);
          kernels.add(first, 0, second, 0, second, 0, n);
        }
        kernels.multiply(x, 0, first, 0, first, 0, n);
        kernels.add(first, 0, t, 0, first, 0, n);
        kernels.affine(0.5, first, 0, 0.5, first, 0, n);
      }
    }
  },
  /** {@code x σ(x)}. */
  @JsonProperty("silu")
  SILU(Unary.SILU) {
    @Override
    <A> void derivatives(Precision<A> precision, A x, A first, A second, int n) {
      // f' = s + x s (1 - s), f'' = s (1 - s) (2 + x (1 - 2 s)).
      Kernels<A> kernels = precision.kernels();
      try (Scratch<A> scratch = precision.scratch()) {
        A s = scratch.take(n);
        A p = scratch.take(n);
        kernels.map(Unary.SIGMOID, x, 0, s, 0, n);
        kernels.affine(-1, s, 0, 1, p, 0, n);
        kernels.multiply(s, 0, p, 0, p, 0, n);
        if (second != null) {
          kernels.affine(-2, s, 0, 1, second, 0, n);
          kernels.multiply(x, 0, second, 0, second, 0, n);
          kernels.affine(1, second, 0, 2, second, 0, n);
          kernels.multiply(p, 0, second, 0, second, 0, n);
        }
        kernels.multiply(x, 0, p, 0, first, 0, n);
        kernels.add(first, 0, s, 0, first, 0, n);
      }
    }
  };

  /** √(2/π). */
  private static final double SCALE = Math.sqrt(2 / Math.PI);

  /** Hendrycks and Gimpel's. */
  private static final double CUBIC = 0.044715;

  private final Unary function;

  InnerActivation(Unary function) {
    this.function = function;
  }

  /** {@code f(x)}. */
  Variable apply(Tape tape, Variable x) {
    return Primitives.map(tape, function, x);
  }

  /**
   * {@code f'(x)} and {@code f''(x)} of n numbers.
   *
   * @param second null where not wanted
   */
  abstract <A> void derivatives(Precision<A> precision, A x, A first, A second, int n);
}
