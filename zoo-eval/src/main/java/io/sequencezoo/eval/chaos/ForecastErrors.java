package io.sequencezoo.eval.chaos;

import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.eval.experiment.Estimate;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * How far forecasts are from the truth, by time.
 *
 * <pre>{@code
 * NRMSE(t) = √(1/F Σ_i (û_i(t) - u_i(t))² / σ_i²)       σ_i of the training series
 * valid time = λ Δt · (steps before NRMSE first exceeds a threshold)
 * }</pre>
 *
 * <p>After Vlachas et al. (arXiv 1910.05266). A forecast that has diverged counts as ten
 * deviations.
 *
 * @param timesPerStep Lyapunov times per step
 * @param byStep NRMSE of every example by step
 */
record ForecastErrors(double timesPerStep, double[][] byStep) {
  /** Where a forecast is of use. */
  static final double THRESHOLD = 0.5;

  /** Where it is still exact to the eye. */
  static final double STRICT = 0.05;

  private static final double LARGEST = 10;

  /** The errors of forecasts {@code [count][steps][F]}. */
  static ForecastErrors of(
      ChaoticSystem system, double[][][] forecasts, double[][][] truth, double[] deviations) {
    double[][] byStep = new double[truth.length][truth[0].length];
    for (int e = 0; e < byStep.length; e++) {
      for (int t = 0; t < byStep[e].length; t++) {
        byStep[e][t] = error(forecasts[e][t], truth[e][t], deviations);
      }
    }
    return new ForecastErrors(system.lyapunovTimesPerSample(), byStep);
  }

  private static double error(double[] forecast, double[] truth, double[] deviations) {
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      double away = (forecast[i] - truth[i]) / deviations[i];
      sum += away * away;
    }
    double error = Math.sqrt(sum / truth.length);
    // NaN is not below anything.
    return error < LARGEST ? error : LARGEST;
  }

  /** Lyapunov times that forecasts stay below the useful threshold. */
  Estimate validTime() {
    return mean(errors -> timesPerStep * stepsBelow(errors, THRESHOLD));
  }

  /** Lyapunov times that forecasts stay below the strict threshold. */
  Estimate strictTime() {
    return mean(errors -> timesPerStep * stepsBelow(errors, STRICT));
  }

  private static int stepsBelow(double[] errors, double threshold) {
    int steps = 0;
    while (steps < errors.length && errors[steps] < threshold) {
      steps++;
    }
    return steps;
  }

  /** The error a Lyapunov time ahead, or at the last step where that comes first. */
  Estimate atOne() {
    return mean(errors -> errors[stepsToOne() - 1]);
  }

  /** The mean error up to a Lyapunov time. */
  double meanUpToOne() {
    return mean(errors -> Arrays.stream(errors, 0, stepsToOne()).average().orElseThrow()).value();
  }

  private int stepsToOne() {
    return (int) Math.max(1, Math.min(byStep[0].length, Math.round(1 / timesPerStep)));
  }

  private Estimate mean(ToDoubleFunction<double[]> value) {
    double[] values = Arrays.stream(byStep).mapToDouble(value).toArray();
    double[] ones = new double[values.length];
    Arrays.fill(ones, 1);
    return Estimate.ratio(values, ones);
  }

  /** The mean over examples by step. */
  double[] means() {
    double[] means = new double[byStep[0].length];
    for (double[] errors : byStep) {
      for (int t = 0; t < means.length; t++) {
        means[t] += errors[t] / byStep.length;
      }
    }
    return means;
  }
}
