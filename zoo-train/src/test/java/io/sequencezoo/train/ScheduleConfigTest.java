package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.config.Configs;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleConfigTest {
  /** A few roundings of numbers of order one. */
  private static final double ROUNDING = 1e-15;

  @Test
  void constant_staysAfterTheWarmUp() {
    assertThat(factors("{type: constant, warmup: 4}", 6)).containsExactly(0.25, 0.5, 0.75, 1, 1, 1);
    assertThat(factors("{type: constant}", 3)).containsExactly(1, 1, 1);
  }

  @Test
  void cosine_fallsFromOneToTheFloor() {
    double r = Math.sqrt(0.5);
    double[] expected = {0.5, 1, 1, 0.55 + 0.45 * r, 0.55, 0.55 - 0.45 * r};
    assertThat(factors("{type: cosine, warmup: 2, floor: 0.1}", 6))
        .containsExactly(expected, within(ROUNDING));
    assertThat(read("{type: cosine, floor: 0.1}").factor(6, 6)).isCloseTo(0.1, within(ROUNDING));
    assertThat(read("{type: cosine, floor: 0.1}").factor(9, 6)).isCloseTo(0.1, within(ROUNDING));
  }

  @Test
  void linear_fallsFromOneToTheFloor() {
    assertThat(factors("{type: linear, warmup: 0.2, floor: 0.5}", 10))
        .containsExactly(
            new double[] {0.5, 1, 1, 0.9375, 0.875, 0.8125, 0.75, 0.6875, 0.625, 0.5625},
            within(ROUNDING));
  }

  @Test
  void inverseSqrt_peaksAtTheEndOfTheWarmUp() {
    assertThat(factors("{type: inverse_sqrt, warmup: 4}", 16))
        .startsWith(0.25, 0.5, 0.75, 1)
        .endsWith(0.5);
  }

  @Test
  void wsd_isATrapezium() {
    assertThat(factors("{type: wsd, warmup: 2, decay: 0.4, floor: 0.2}", 10))
        .containsExactly(new double[] {0.5, 1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4}, within(ROUNDING));
  }

  @Test
  void wsdc_keepsTheFloorAtTheEnd() {
    assertThat(factors("{type: wsdc, warmup: 2, decay: 4, constant: 3, floor: 0.2}", 10))
        .containsExactly(
            new double[] {0.5, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2, 0.2}, within(ROUNDING));
  }

  @ParameterizedTest
  @ValueSource(strings = {"constant", "cosine", "linear", "inverse_sqrt", "wsd", "wsdc"})
  void factor_staysBetweenZeroAndOneAndJsonRoundTrips(String type) {
    ScheduleConfig schedule = read("{type: " + type + ", warmup: 0.1}");
    for (long steps : new long[] {1, 2, 7, 100}) {
      for (long s = 0; s <= steps; s++) {
        assertThat(schedule.factor(s, steps)).isBetween(0.0, 1.0);
      }
    }
    String json = Configs.write(schedule);
    assertThat(read(json)).isEqualTo(schedule);
    assertThat(Configs.write(read(json))).isEqualTo(json);
  }

  @Test
  void read_refusesWhatMakesNoSense() {
    assertThatThrownBy(() -> read("{type: cosine, warmup: -1}"))
        .hasMessageContaining(
            "schedule: warmup must be a fraction below 1 or a whole number of steps, got -1.0");
    assertThatThrownBy(() -> read("{type: cosine, warmup: 1.5}")).hasMessageContaining("got 1.5");
    assertThatThrownBy(() -> read("{type: cosine, floor: 2}"))
        .hasMessageContaining("schedule: floor must be between 0 and 1, got 2.0");
    assertThatThrownBy(() -> read("{type: cosine, decay: 2}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("decay");
    assertThatThrownBy(() -> read("{type: sawtooth}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sawtooth");
  }

  private static ScheduleConfig read(String yaml) {
    return Configs.read("schedule", yaml, ScheduleConfig.class);
  }

  private static double[] factors(String yaml, int steps) {
    ScheduleConfig schedule = read(yaml);
    return LongStream.range(0, steps).mapToDouble(s -> schedule.factor(s, steps)).toArray();
  }
}
