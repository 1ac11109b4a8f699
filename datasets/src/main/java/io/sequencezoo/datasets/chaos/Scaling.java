package io.sequencezoo.datasets.chaos;

import java.util.Arrays;

/**
 * Centres and scales the numbers of samples.
 *
 * @param means by feature
 * @param deviations by feature
 */
public record Scaling(double[] means, double[] deviations) {
  /** A number that never changes is only centred. */
  private static final double LEAST = 1e-12;

  /**
   * Means and standard deviations of a series.
   *
   * @param asOne one mean and one deviation for all features
   */
  public static Scaling of(double[][] series, boolean asOne) {
    int features = series[0].length;
    double[] means = new double[features];
    double[] squares = new double[features];
    for (double[] sample : series) {
      for (int i = 0; i < features; i++) {
        means[i] += sample[i] / series.length;
      }
    }
    if (asOne) {
      Arrays.fill(means, Arrays.stream(means).average().orElseThrow());
    }
    for (double[] sample : series) {
      for (int i = 0; i < features; i++) {
        double away = sample[i] - means[i];
        squares[i] += away * away / series.length;
      }
    }
    if (asOne) {
      Arrays.fill(squares, Arrays.stream(squares).average().orElseThrow());
    }
    double[] deviations = Arrays.stream(squares).map(Math::sqrt).toArray();
    for (int i = 0; i < features; i++) {
      deviations[i] = deviations[i] > LEAST ? deviations[i] : 1;
    }
    return new Scaling(means, deviations);
  }

  /** A series in units of the deviations, around the means. */
  public double[][] apply(double[][] series) {
    double[][] scaled = new double[series.length][];
    for (int t = 0; t < series.length; t++) {
      scaled[t] = new double[means.length];
      for (int i = 0; i < means.length; i++) {
        scaled[t][i] = (series[t][i] - means[i]) / deviations[i];
      }
    }
    return scaled;
  }
}
