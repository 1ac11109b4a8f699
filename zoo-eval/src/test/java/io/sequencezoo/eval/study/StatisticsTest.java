package io.sequencezoo.eval.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.eval.study.Statistics.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  private static final double EXACT = 1e-12;

  /** Published tables give four digits. */
  private static final double FOUR_DIGITS = 5e-5;

  /** Quantiles of 20,000 resamples of a mean whose standard error is 1: 0.01 to 0.02 of it. */
  private static final double RESAMPLED = 0.05;

  private static final double LEVEL = 0.95;

  @Test
  void bca_ofASymmetricSampleIsTheNormalInterval() {
    // 200 values of a normal's quantiles: no bias, no skewness, the central limit holds.
    double[] values = new double[200];
    var normal = new org.apache.commons.math3.distribution.NormalDistribution(3, 1);
    for (int i = 0; i < values.length; i++) {
      values[i] = normal.inverseCumulativeProbability((i + .5) / values.length);
    }
    double error =
        new org.apache.commons.math3.stat.descriptive.moment.StandardDeviation(false)
                .evaluate(values)
            / Math.sqrt(values.length);
    Interval interval = Statistics.bca(values, LEVEL, 1);
    assertThat(interval.low()).isCloseTo(3 - 1.96 * error, within(RESAMPLED * error * 2));
    assertThat(interval.high()).isCloseTo(3 + 1.96 * error, within(RESAMPLED * error * 2));
  }

  @Test
  void bca_shiftsTowardsTheLongTail() {
    double[] skewed = {0, 0, 0, 1, 1, 2, 3, 9};
    Interval interval = Statistics.bca(skewed, LEVEL, 1);
    double mean = 2;
    assertThat(interval.high() - mean).isGreaterThan(1.3 * (mean - interval.low()));
    // The same mirrored.
    double[] mirrored = Arrays.stream(skewed).map(x -> -x).toArray();
    Interval other = Statistics.bca(mirrored, LEVEL, 1);
    assertThat(other.low()).isCloseTo(-interval.high(), within(RESAMPLED * 4));
  }

  @Test
  void bca_ofFewValuesTakesAllResamples() {
    // Of {0, 1} the means are 0, 1/2, 1/2, 1: a tie in the middle, no bias, no skewness.
    Interval interval = Statistics.bca(new double[] {0, 1}, 0.5, 1);
    // Quantiles 1/4 and 3/4 of the four means, linear between them.
    assertThat(interval.low()).isCloseTo(0.375, within(EXACT * 1e4));
    assertThat(interval.high()).isCloseTo(0.625, within(EXACT * 1e4));
    assertThat(Statistics.bca(new double[] {0, 1}, 0.5, 2)).isEqualTo(interval);
  }

  @Test
  void bca_ofNothingToTellIsNone() {
    assertThat(Statistics.bca(new double[] {1}, LEVEL, 1).low()).isNaN();
    assertThat(Statistics.bca(new double[] {1, Double.NaN}, LEVEL, 1).low()).isNaN();
    assertThat(Statistics.bca(new double[] {2, 2, 2}, LEVEL, 1)).isEqualTo(new Interval(2, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Statistics.bca(new double[] {1, 2}, 1, 1))
        .withMessage("statistics: level must be in (0, 1), got 1.0");
  }

  @Test
  void bca_coversTheMeanAboutAsOftenAsItSays() {
    SplittableRandom random = new SplittableRandom(5);
    int covered = 0;
    int trials = 100;
    for (int trial = 0; trial < trials; trial++) {
      double[] values = random.doubles(30).toArray();
      Interval interval = Statistics.bca(values, 0.9, trial);
      covered += interval.low() <= 0.5 && interval.high() >= 0.5 ? 1 : 0;
    }
    // 90 of 100, give or take three standard deviations of 3.
    assertThat(covered).isBetween(81, 99);
  }

  @Test
  void pairedTest_isStudents() {
    // Student 1908, the sleep data: t = 4.0621, p = 0.002833 for ten pairs.
    double[] first = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    double[] second = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    assertThat(Statistics.pairedTest(second, first)).isCloseTo(0.002833, within(FOUR_DIGITS / 100));
    assertThat(Statistics.pairedTest(first, first)).isNaN();
    assertThat(Statistics.pairedTest(new double[] {1}, new double[] {0})).isNaN();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Statistics.differences(first, new double[] {1}))
        .withMessage("statistics: pairs must be complete, got 10 and 1");
  }

  @Test
  void holm_stepsDownAndStaysMonotone() {
    double[] adjusted = Statistics.holm(new double[] {.01, .04, .03, Double.NaN, .005});
    assertThat(adjusted[4]).isCloseTo(.02, within(EXACT));
    assertThat(adjusted[0]).isCloseTo(.03, within(EXACT));
    assertThat(adjusted[2]).isCloseTo(.06, within(EXACT));
    assertThat(adjusted[1]).isCloseTo(.06, within(EXACT));
    assertThat(adjusted[3]).isNaN();
    assertThat(Statistics.holm(new double[] {.9, .8})).containsExactly(1, 1);
  }

  @Test
  void interquartileMean_cutsAQuarterAtEachEnd() {
    assertThat(Statistics.interquartileMean(new double[] {100, 1, 2, 3, -50, 4, 5, 6}))
        .isCloseTo((2 + 3 + 4 + 5) / 4.0, within(EXACT));
    assertThat(Statistics.interquartileMean(new double[] {1, 5, 9})).isCloseTo(5, within(EXACT));
  }

  @Test
  void stratified_drawsWithinTasks() {
    // Runs of a task are alike: whatever is drawn, the number stays.
    Interval interval =
        Statistics.stratified(
            List.of(new double[] {1, 1}, new double[] {3, 3}),
            Statistics::interquartileMean,
            LEVEL,
            1);
    assertThat(interval).isEqualTo(new Interval(2, 2));
    assertThat(
            Statistics.stratified(
                    List.of(new double[] {1}), Statistics::interquartileMean, LEVEL, 1)
                .low())
        .isNaN();
  }

  @Test
  void improvement_countsPairs() {
    assertThat(Statistics.improvement(new double[] {1, 2}, new double[] {0, 2}))
        .isCloseTo((1 + 0 + 1 + .5) / 4, within(EXACT));
  }
}
