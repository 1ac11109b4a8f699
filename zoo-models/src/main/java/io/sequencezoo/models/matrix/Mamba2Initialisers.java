package io.sequencezoo.models.matrix;

import io.sequencezoo.core.block.Initialiser;

/** How Mamba-2 starts, by the reference's module. */
final class Mamba2Initialisers {
  private Mamba2Initialisers() {}

  /** {@code softplus^{-1}(Δ)} of steps drawn log-uniformly from the range, at least the floor. */
  static Initialiser stepBias(Mamba2Config.Range range, double floor) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      double low = Math.log(range.low());
      double high = Math.log(range.high());
      for (int h = 0; h < values.length; h++) {
        double step = Math.max(floor, Math.exp(low + (high - low) * random.nextDouble()));
        values[h] = step + Math.log(-Math.expm1(-step));
      }
      return values;
    };
  }

  /** {@code log(-A)} of rates drawn uniformly from the range. */
  static Initialiser logRate(Mamba2Config.Range range) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int h = 0; h < values.length; h++) {
        values[h] = Math.log(range.low() + (range.high() - range.low()) * random.nextDouble());
      }
      return values;
    };
  }
}
