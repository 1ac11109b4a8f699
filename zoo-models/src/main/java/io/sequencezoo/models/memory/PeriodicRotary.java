package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Positions;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Rotary embedding of positions within a period, features in halves: {@code (a, b) -> (a cos - b
 * sin, b cos + a sin)} with the angle {@code (t mod C) base^{-2j/K}}.
 *
 * @param period C
 * @param base of the wavelengths
 */
record PeriodicRotary(int period, double base) {
  /**
   * Rotates.
   *
   * @param x {@code [B, T, H, K]}, K even
   * @param consumed tokens of each row before the first
   */
  Variable rotate(Tape tape, Variable x, int[] consumed) {
    int half = x.size(3) / 2;
    Variable c = byPlace(tape, x, consumed, Math::cos);
    Variable s = byPlace(tape, x, consumed, Math::sin);
    Variable[] halves = Primitives.split(tape, x, 3, half, half);
    Variable first =
        Primitives.subtract(
            tape, Primitives.multiply(tape, halves[0], c), Primitives.multiply(tape, halves[1], s));
    Variable second =
        Primitives.add(
            tape, Primitives.multiply(tape, halves[1], c), Primitives.multiply(tape, halves[0], s));
    return Primitives.concat(tape, 3, first, second);
  }

  /** Of every place's angles, {@code [B, T, 1, K/2]}. */
  private Variable byPlace(Tape tape, Variable x, int[] consumed, DoubleUnaryOperator map) {
    int half = x.size(3) / 2;
    double[] frequencies = new double[half];
    Arrays.setAll(frequencies, j -> Math.pow(base, -1.0 * j / half));
    Variable numbers =
        Positions.numbers(
            tape,
            x.type(),
            consumed,
            x.size(1),
            half,
            (at, j) -> map.applyAsDouble(at % period * frequencies[j]));
    return Primitives.reshape(tape, numbers, x.size(0), x.size(1), 1, half);
  }
}
