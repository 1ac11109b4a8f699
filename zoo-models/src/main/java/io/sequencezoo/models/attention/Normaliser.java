package io.sequencezoo.models.attention;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;

/** How a number of the input becomes what normalised attention divides by. */
public enum Normaliser {
  /** {@code η = e^n}. */
  @JsonProperty("exp")
  EXP,
  /** {@code η = log(1 + e^n)}. */
  @JsonProperty("softplus")
  SOFTPLUS,
  /** {@code η = 1 / (1 + e^-n)}. */
  @JsonProperty("sigmoid")
  SIGMOID;

  /** From here on down η is e^n to the last bit. */
  private static final double TAIL = -60;

  /**
   * {@code q_t / η_t}, which normalises everything that the query reads. It leaves the range of
   * numbers only where the ratio itself does, though {@code 1 / η} may do so before.
   *
   * @param q {@code [B, T, H, K]}
   * @param n {@code [B, T, H]}
   */
  public Variable divide(Tape tape, Variable q, Variable n) {
    // A step that is repeated can't decide; without a tail the other way is the same to the bit.
    if (!Replay.isRecording() && !hasTail(n)) {
      return scale(tape, q, reciprocal(tape, n));
    }
    // η(n) = η(n - tail) e^tail, and q is multiplied by one after the other.
    Variable tail =
        Primitives.clamp(tape, Primitives.affine(tape, 1, n, -TAIL), Double.NEGATIVE_INFINITY, 0);
    Variable near = scale(tape, q, reciprocal(tape, Primitives.subtract(tape, n, tail)));
    return scale(tape, near, EXP.reciprocal(tape, tail));
  }

  private static boolean hasTail(Variable n) {
    double[] numbers = n.value().reshape(n.length()).toDoubleVector();
    return Arrays.stream(numbers).anyMatch(number -> number < TAIL);
  }

  private static Variable scale(Tape tape, Variable q, Variable factor) {
    return Primitives.multiply(
        tape, q, Primitives.reshape(tape, factor, q.size(0), q.size(1), q.size(2), 1));
  }

  private Variable reciprocal(Tape tape, Variable n) {
    if (this == SOFTPLUS) {
      return Primitives.map(tape, Unary.RECIPROCAL, Primitives.map(tape, Unary.SOFTPLUS, n));
    }
    Variable inverse = Primitives.map(tape, Unary.EXP, Primitives.map(tape, Unary.NEGATE, n));
    return this == EXP ? inverse : Primitives.affine(tape, 1, inverse, 1);
  }
}
