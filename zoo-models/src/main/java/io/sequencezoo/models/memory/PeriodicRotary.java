package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
    int batch = x.size(0);
    int steps = x.size(1);
    double[] cos = new double[batch * steps * half];
    double[] sin = new double[cos.length];
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < steps; t++) {
        int place = (consumed[b] + t) % period;
        for (int j = 0; j < half; j++) {
          double angle = place * Math.pow(base, -1.0 * j / half);
          cos[(b * steps + t) * half + j] = Math.cos(angle);
          sin[(b * steps + t) * half + j] = Math.sin(angle);
        }
      }
    }
    Variable c = constant(tape, x, cos, half);
    Variable s = constant(tape, x, sin, half);
    Variable[] halves = Primitives.split(tape, x, 3, half, half);
    Variable first =
        Primitives.subtract(
            tape, Primitives.multiply(tape, halves[0], c), Primitives.multiply(tape, halves[1], s));
    Variable second =
        Primitives.add(
            tape, Primitives.multiply(tape, halves[1], c), Primitives.multiply(tape, halves[0], s));
    return Primitives.concat(tape, 3, first, second);
  }

  private static Variable constant(Tape tape, Variable x, double[] values, int half) {
    INDArray array = Nd4j.createFromArray(values).castTo(x.type());
    return tape.constant(array.reshape('c', x.size(0), x.size(1), 1, half));
  }
}
