package io.sequencezoo.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.bench.TrainingStart.Steps;
import org.junit.jupiter.api.Test;

class TrainingStartTest {
  @Test
  void slowSteps_endWhereTheWindowIsSteady() {
    Steps steps = steps(20, 3.0, 80, 1.0);
    assertThat(steps.steady()).isCloseTo(1, within(1e-9));
    // Four of nine slow steps don't move the median.
    assertThat(steps.slow()).isEqualTo(16);
    assertThat(steps.lost()).isCloseTo(32, within(1e-9));
  }

  @Test
  void stepsWithinFivePercent_areSteadyFromTheFirst() {
    Steps steps = steps(20, 1.04, 80, 1.0);
    assertThat(steps.slow()).isZero();
    assertThat(steps.lost()).isZero();
  }

  @Test
  void stepsSettle_whereTheyWereSteadyAsLongAsTheyWereNot() {
    assertThat(steps(20, 3.0, 40, 1.0).isSettled()).isFalse();
    assertThat(steps(20, 3.0, 60, 1.0).isSettled()).isTrue();
    assertThat(steps(0, 1.0, 4 * TrainingStart.WINDOW - 1, 1.0).isSettled()).isFalse();
  }

  @Test
  void stepsDontSettle_beforeCompilersHaveHadTheirSay() {
    assertThat(steps(0, 1.0, 100, 0.01).isSettled()).isFalse();
  }

  /** Some steps of a length, then some of another, from second 5 on. */
  private static Steps steps(int first, double slow, int then, double steady) {
    double[] ends = new double[first + then + 1];
    ends[0] = 5;
    for (int i = 1; i < ends.length; i++) {
      ends[i] = ends[i - 1] + (i <= first ? slow : steady);
    }
    return new Steps(ends);
  }
}
