package io.sequencezoo.eval.chaos;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.eval.analysis.Lyapunov;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Scores;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How good forecasts are: how long they follow the truth, and whether they visit the same states
 * with the same spectrum and the same exponents after they have left it.
 *
 * @param validTime Lyapunov times to an NRMSE of 0.5
 * @param strictTime Lyapunov times to an NRMSE of 0.05
 * @param error the NRMSE a Lyapunov time ahead
 * @param spectrum the mean difference of power spectra in decibels
 * @param hellinger the Hellinger distance of power spectra
 * @param divergence the Kullback-Leibler divergence in state space
 * @param exponents Lyapunov exponents of the closed loop per unit of time, largest first; empty
 *     where there are none
 * @param exponentError the standard error of the largest; 0 where there is none
 * @param dimension of Kaplan and Yorke; 0 where the exponents don't tell it
 * @param errors pairs of Lyapunov time and mean NRMSE
 * @param powers pairs of frequency per unit of time and decibels
 */
public record ForecastScores(
    Estimate validTime,
    Estimate strictTime,
    Estimate error,
    Estimate spectrum,
    Estimate hellinger,
    Estimate divergence,
    double[] exponents,
    double exponentError,
    double dimension,
    double[][] errors,
    double[][] powers)
    implements Scores {
  /** Points of a curve. */
  private static final int POINTS = 200;

  /** The scores of forecasts {@code [count][horizon][F]}. */
  static ForecastScores of(
      ChaosTask task,
      double[][][] forecasts,
      double[][][] truth,
      double[] deviations,
      Optional<Lyapunov> exponents) {
    ForecastErrors errors = ForecastErrors.of(task.system(), forecasts, truth, deviations);
    Spectra own = Spectra.of(forecasts);
    Spectra other = Spectra.of(truth);
    double time = task.system().sampleTime();
    return new ForecastScores(
        errors.validTime(),
        errors.strictTime(),
        errors.atOne(),
        own.error(other),
        own.hellinger(other),
        Divergence.of(forecasts, truth),
        exponents
            .map(found -> found.exponents().stream().mapToDouble(e -> e.value() / time).toArray())
            .orElse(new double[0]),
        exponents.map(found -> finite(found.standardError() / time)).orElse(0d),
        exponents.map(found -> finite(found.dimension())).orElse(0d),
        curve(errors.means(), errors.timesPerStep()),
        curve(own.decibels(Jackknife.NONE), 1 / (2 * time * (other.powers()[0][0].length + 1))));
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }

  /** Pairs of position and value, means of neighbours where there are many. */
  private static double[][] curve(double[] values, double step) {
    int group = Math.max(1, (values.length + POINTS - 1) / POINTS);
    List<double[]> points = new ArrayList<>();
    for (int from = 0; from < values.length; from += group) {
      int to = Math.min(values.length, from + group);
      double sum = 0;
      for (int t = from; t < to; t++) {
        sum += values[t];
      }
      points.add(new double[] {step * (from + 1 + to) / 2, sum / (to - from)});
    }
    return points.toArray(double[][]::new);
  }

  @Override
  public Map<String, Estimate> estimates() {
    return ImmutableMap.<String, Estimate>builder()
        .put("validTime", validTime)
        .put("strictTime", strictTime)
        .put("error", error)
        .put("spectrum", spectrum)
        .put("hellinger", hellinger)
        .put("divergence", divergence)
        .put(
            "exponent",
            exponents.length == 0
                ? Estimate.alone(Double.NaN)
                : new Estimate(exponents[0], exponentError))
        .put("dimension", Estimate.alone(dimension == 0 ? Double.NaN : dimension))
        .build();
  }

  /** {@code errors}, {@code powers}, and {@code exponents} by their number from 1. */
  @Override
  public Map<String, List<double[]>> curves() {
    List<double[]> spectrum = new ArrayList<>();
    for (int i = 0; i < exponents.length; i++) {
      spectrum.add(new double[] {i + 1, exponents[i]});
    }
    return Map.of("errors", List.of(errors), "powers", List.of(powers), "exponents", spectrum);
  }
}
