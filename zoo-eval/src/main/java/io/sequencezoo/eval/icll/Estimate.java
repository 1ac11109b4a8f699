package io.sequencezoo.eval.icll;

import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;

/**
 * A mean over positions with its uncertainty over languages.
 *
 * @param value the mean over all positions of all problems, as the reference pools them
 * @param standardError its standard error when problems are drawn anew; 0 for a single problem
 */
public record Estimate(double value, double standardError) {
  /**
   * The ratio Σ s_i / Σ n_i of sums over problems. The standard error is that of the linearised
   * ratio: positions of a problem depend on each other, problems do not.
   */
  static Estimate ratio(double[] sums, double[] counts) {
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
