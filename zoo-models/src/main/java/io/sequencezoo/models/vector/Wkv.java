package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.RunningMaximum;
import io.sequencezoo.models.conv.Delay;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * RWKV-4's weighted average of values, as two channels of the element-wise recurrence per feature,
 * numerator and denominator, both over {@code e^{p_t}}:
 *
 * <pre>{@code
 * p_t = max(p_{t-1} + d, k_t)           d = -e^w
 * a_t = e^{p_{t-1} + d - p_t} a_{t-1} + e^{k_t - p_t} v_t        b_t likewise, 1 in place of v_t
 * z_t = u + k_t - p_{t-1}
 * y_t = (e^{-relu(z_t)} a_{t-1} + e^{-relu(-z_t)} v_t) / (e^{-relu(z_t)} b_{t-1} + e^{-relu(-z_t)})
 * }</pre>
 *
 * @param coefficients of the recurrence on {@code [a, b]}, {@code [B, T, 2 E]}
 * @param past {@code e^{-relu(z_t)}}, the weight of the state before the token, {@code [B, T, E]}
 * @param own {@code e^{-relu(-z_t)}}, the weight of the token itself
 * @param last p after the last token, {@code [B, E]}
 */
record Wkv(Map<String, Variable> coefficients, Variable past, Variable own, Variable last) {
  /** p before the first token: the least that float still adds to without overflow. */
  static final double EMPTY = -1e38;

  /**
   * Weights of a stretch.
   *
   * @param k {@code [B, T, E]}, as v
   * @param w {@code [E]}, as u
   * @param p before it, {@code [B, E]}
   * @param lengths valid positions per row, or null for all
   */
  static Wkv of(
      Tape tape,
      Variable k,
      Variable v,
      Variable w,
      Variable u,
      Variable p,
      int @Nullable [] lengths) {
    Variable rate = Primitives.affine(tape, -1, Primitives.map(tape, Unary.EXP, w), 0);
    Variable decay = Primitives.expand(tape, rate, k.shape());
    Variable[] largest = RunningMaximum.apply(tape, k, decay, p, lengths);
    Variable weighted = Primitives.multiply(tape, largest[1], v);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        ElementwiseRecurrence.LOG_DECAY, Primitives.concat(tape, 2, largest[0], largest[0]));
    coefficients.put(ElementwiseRecurrence.INPUT, Primitives.concat(tape, 2, weighted, largest[1]));
    Variable before = previous(tape, largest[2], p, lengths);
    Variable logit = Primitives.subtract(tape, Primitives.add(tape, k, u), before);
    Variable past = weight(tape, logit);
    Variable own = weight(tape, Primitives.affine(tape, -1, logit, 0));
    return new Wkv(coefficients, past, own, largest[3]);
  }

  /** {@code e^{-relu(z)}}. */
  private static Variable weight(Tape tape, Variable z) {
    Variable above = Primitives.map(tape, Unary.RELU, z);
    return Primitives.map(tape, Unary.EXP, Primitives.affine(tape, -1, above, 0));
  }

  private static Variable previous(
      Tape tape, Variable x, Variable before, int @Nullable [] lengths) {
    Variable row = Primitives.reshape(tape, before, before.size(0), 1, before.size(1));
    return Delay.apply(tape, x, row, lengths)[0];
  }

  /**
   * y from the states of all tokens.
   *
   * @param states {@code [a, b], [B, T, 2 E]}
   * @param start the state before them, {@code [B, 2 E]}
   */
  static Variable read(
      Tape tape,
      Variable states,
      Variable start,
      Variable past,
      Variable own,
      Variable v,
      int @Nullable [] lengths) {
    int e = v.size(2);
    Variable[] before = Primitives.split(tape, previous(tape, states, start, lengths), 2, e, e);
    Variable above =
        Primitives.add(
            tape, Primitives.multiply(tape, past, before[0]), Primitives.multiply(tape, own, v));
    Variable below = Primitives.add(tape, Primitives.multiply(tape, past, before[1]), own);
    return Primitives.divide(tape, above, below);
  }
}
