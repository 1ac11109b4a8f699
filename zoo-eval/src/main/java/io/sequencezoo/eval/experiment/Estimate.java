package io.sequencezoo.eval.experiment;

import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;

/**
 * A mean over positions with its uncertainty over examples.
 *
 * @param value the mean over all positions of all examples
 * @param standardError its standard error when examples are drawn anew; 0 for a single example, NaN
 *     where it is not estimated
 */
public record Estimate(double value, double standardError) {
  /** A value whose uncertainty is not estimated. */
  public static Estimate alone(double value) {
    return new Estimate(value, Double.NaN);
  }

  /** A value whose standard error may be null, for not known. */
  static Estimate of(double value, Double standardError) {
    return new Estimate(value, standardError == null ? Double.NaN : standardError);
  }

  /** The mean over examples, with its standard error. */
  public static Estimate mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double deviation = new StandardDeviation().evaluate(values);
    return new Estimate(sum / values.length, deviation / Math.sqrt(values.length));
  }

  /**
   * The ratio Σ s_i / Σ n_i of sums over examples. The standard error is that of the linearised
   * ratio: positions of an example depend on each other, examples do not.
   */
  public static Estimate ratio(double[] sums, double[] counts) {
    double sum = 0;
    double count = 0;
    for (int i = 0; i < sums.length; i++) {
      sum += sums[i];
      count += counts[i];
    }
    double value = sum / count;
    double[] residuals = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      residuals[i] = sums[i] - value * counts[i];
    }
    double deviation = new StandardDeviation().evaluate(residuals);
    return new Estimate(value, deviation * Math.sqrt(sums.length) / count);
  }
}
