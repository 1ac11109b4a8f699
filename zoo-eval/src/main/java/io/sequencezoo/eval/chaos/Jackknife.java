package io.sequencezoo.eval.chaos;

import io.sequencezoo.eval.experiment.Estimate;
import java.util.function.IntToDoubleFunction;

/** Errors of statistics that are not means over examples: from leaving out one at a time. */
final class Jackknife {
  /** To leave out none. */
  static final int NONE = -1;

  private Jackknife() {}

  /**
   * A statistic of n examples with its standard error (Efron and Tibshirani, An Introduction to the
   * Bootstrap, section 11.5).
   *
   * @param statistic by the example that is left out, or {@link #NONE}
   */
  static Estimate of(int n, IntToDoubleFunction statistic) {
    double[] without = new double[n];
    double mean = 0;
    for (int i = 0; i < n; i++) {
      without[i] = statistic.applyAsDouble(i);
      mean += without[i] / n;
    }
    double squares = 0;
    for (double value : without) {
      squares += (value - mean) * (value - mean);
    }
    return new Estimate(statistic.applyAsDouble(NONE), Math.sqrt(squares * (n - 1) / n));
  }
}
