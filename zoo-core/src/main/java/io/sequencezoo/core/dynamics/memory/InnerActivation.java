package io.sequencezoo.core.dynamics.memory;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;

/**
 * The activation between the layers of a memory. Its slope is written in primitives, since the
 * inner gradient is differentiated once more.
 */
public enum InnerActivation {
  /** {@code x Φ(x)} by the tanh form, as TTT's and Titans' networks have it. */
  @JsonProperty("gelu")
  GELU(Unary.GELU_TANH) {
    @Override
    Variable slope(Tape tape, Variable x) {
      // g = x (1 + tanh u) / 2, u = c (x + a x³).
      Variable square = Primitives.map(tape, Unary.SQUARE, x);
      Variable inner =
          Primitives.multiply(tape, x, Primitives.affine(tape, SCALE * CUBIC, square, SCALE));
      Variable tanh = Primitives.map(tape, Unary.TANH, inner);
      Variable innerSlope = Primitives.affine(tape, 3 * SCALE * CUBIC, square, SCALE);
      Variable sech = Primitives.affine(tape, -1, Primitives.map(tape, Unary.SQUARE, tanh), 1);
      Variable bend = Primitives.multiply(tape, x, Primitives.multiply(tape, sech, innerSlope));
      return Primitives.affine(tape, 0.5, Primitives.add(tape, tanh, bend), 0.5);
    }
  },
  /** {@code x σ(x)}. */
  @JsonProperty("silu")
  SILU(Unary.SILU) {
    @Override
    Variable slope(Tape tape, Variable x) {
      // s (1 + x (1 - s)).
      Variable s = Primitives.map(tape, Unary.SIGMOID, x);
      Variable rest = Primitives.multiply(tape, x, Primitives.affine(tape, -1, s, 1));
      return Primitives.multiply(tape, s, Primitives.affine(tape, 1, rest, 1));
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

  /** {@code f'(x)}. */
  abstract Variable slope(Tape tape, Variable x);
}
