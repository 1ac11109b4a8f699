package io.sequencezoo.eval.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.datasets.chaos.Lorenz63;
import io.sequencezoo.datasets.chaos.Normals;
import io.sequencezoo.eval.experiment.Estimate;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The metrics of forecasts, on series whose values are known. */
@Tag("any-kernels")
class ForecastMetricsTest {
  private static final double EXACT = 1e-12;

  /** An error of {@code growth} to the power of the step on one of three features. */
  private static double[][][] away(double first, double growth, int steps) {
    double[][] series = new double[steps][3];
    for (int t = 0; t < steps; t++) {
      series[t][1] = first * Math.pow(growth, t);
    }
    return new double[][][] {series, series};
  }

  @Test
  void errors_areRootsOfMeansInDeviations() {
    double[][][] forecasts = away(0.01, 2, 12);
    ForecastErrors errors =
        ForecastErrors.of(
            Lorenz63.standard(), forecasts, new double[2][12][3], new double[] {1, 0.5, 1});
    // 0.02 · 2^t / √3
    assertThat(errors.means()[3]).isCloseTo(0.16 / Math.sqrt(3), within(EXACT));
    double step = 0.01 * 0.9056;
    // Steps 0 to 2 are below 0.05, steps 0 to 5 below 0.5.
    assertThat(errors.strictTime().value()).isCloseTo(3 * step, within(EXACT));
    assertThat(errors.validTime().value()).isCloseTo(6 * step, within(EXACT));
    assertThat(errors.validTime().standardError()).isCloseTo(0, within(EXACT));
    assertThat(errors.atOne().value()).isCloseTo(10, within(EXACT));
  }

  @Test
  void divergedForecasts_countAsFarAway() {
    double[][][] forecasts = new double[2][16][1];
    Arrays.fill(forecasts[0][3], Double.NaN);
    Arrays.fill(forecasts[1][2], Double.POSITIVE_INFINITY);
    double[][][] truth = new double[2][16][1];
    ForecastErrors errors =
        ForecastErrors.of(Lorenz63.standard(), forecasts, truth, new double[] {1});
    assertThat(errors.byStep()[0]).containsExactly(0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assertThat(errors.validTime().value()).isCloseTo(2.5 * 0.009056, within(EXACT));
    assertThat(Spectra.of(forecasts).hellinger(Spectra.of(truth)).value()).isBetween(0d, 1d);
    assertThat(Divergence.of(forecasts, truth).value()).isPositive();
  }

  private static double[][][] waves(int k, double amplitude, int n) {
    double[][][] series = new double[2][n][2];
    for (double[][] example : series) {
      for (int t = 0; t < n; t++) {
        example[t][0] = amplitude * Math.sin(2 * Math.PI * k * t / n) + 3;
        example[t][1] = amplitude * Math.cos(2 * Math.PI * k * t / n);
      }
    }
    return series;
  }

  @Test
  void spectrum_ofAWaveIsItsAmplitude() {
    double[] decibels = Spectra.of(waves(5, 0.1, 64)).decibels(Jackknife.NONE);
    assertThat(decibels[4]).isCloseTo(-20, within(1e-9));
    assertThat(decibels[7]).isCloseTo(-120, within(1e-9));
    Spectra near = Spectra.of(waves(5, 0.1, 64));
    Estimate same = near.error(Spectra.of(waves(5, 0.2, 64)));
    // 20 log10 2 at one of 31 frequencies.
    assertThat(same.value()).isCloseTo(20 * Math.log10(2) / 31, within(1e-9));
  }

  @Test
  void hellinger_isZeroForTheSameShapeAndOneForNoOverlap() {
    Spectra low = Spectra.of(waves(5, 1, 128));
    assertThat(low.hellinger(Spectra.of(waves(5, 3, 128))).value()).isCloseTo(0, within(1e-7));
    assertThat(low.hellinger(Spectra.of(waves(40, 1, 128))).value()).isCloseTo(1, within(1e-7));
    assertThat(low.hellinger(Spectra.of(new double[2][128][2])).value()).isEqualTo(1);
    // Gaussians of deviation 2 on whole frequencies, cut at 6, whose centres are 4 apart.
    double overlap = 0;
    double whole = 0;
    for (int k = -6; k <= 10; k++) {
      overlap += k >= -2 && k <= 6 ? Math.exp(-(k * k + (k - 4) * (k - 4)) / 16d) : 0;
      whole += k <= 6 ? Math.exp(-k * k / 8d) : 0;
    }
    double expected = Math.sqrt(1 - overlap / whole);
    assertThat(Spectra.of(waves(30, 1, 256)).hellinger(Spectra.of(waves(34, 1, 256))).value())
        .isCloseTo(expected, within(1e-6));
  }

  private static double[][][] normal(int features, int steps, double mean, long seed) {
    double[][][] series = new double[4][steps][];
    SplittableRandom random = new SplittableRandom(seed);
    for (double[][] example : series) {
      Arrays.setAll(example, t -> Normals.of(random, features, mean, 1));
    }
    return series;
  }

  /** Of normal distributions of deviation one, half of the squared distance of their means. */
  @Test
  void divergence_isThatOfNormalDistributions() {
    assertThat(Divergence.of(normal(1, 50_000, 0.7, 1), normal(1, 50_000, 0, 2)).value())
        .isCloseTo(0.245, within(0.02));
    assertThat(Divergence.of(normal(1, 50_000, 0, 3), normal(1, 50_000, 0, 2)).value())
        .isCloseTo(0, within(0.01));
  }

  /** Kernels of deviation one around the states double the variance: a quarter is left. */
  @Test
  void divergence_ofManyFeaturesIsThatOfMixtures() {
    Estimate divergence = Divergence.of(normal(4, 1000, 1, 1), normal(4, 1000, 0, 2));
    // 4 features, (1)² / (2 · 2) each; 1000 states leave some of it open.
    assertThat(divergence.value()).isCloseTo(1, within(0.15));
    assertThat(divergence.standardError()).isBetween(0.001, 0.2);
    assertThat(Divergence.of(normal(4, 1000, 0, 3), normal(4, 1000, 0, 2)).value())
        .isCloseTo(0, within(0.1));
  }

  /** Of a mean the jackknife's error is the standard error. */
  @Test
  void jackknife_ofAMeanIsItsStandardError() {
    double[] values = {1, 4, 2, 8, 5};
    Estimate estimate =
        Jackknife.of(
            5,
            without -> {
              double sum = 0;
              for (int i = 0; i < 5; i++) {
                sum += i == without ? 0 : values[i];
              }
              return sum / (without == Jackknife.NONE ? 5 : 4);
            });
    assertThat(estimate.value()).isEqualTo(4);
    // Variance 30/4 over five values.
    assertThat(estimate.standardError()).isCloseTo(Math.sqrt(7.5 / 5), within(EXACT));
  }
}
