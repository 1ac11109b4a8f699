package io.sequencezoo.datasets.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-kernels")
class ChaosDataTest {
  private static final ChaosData DATA = new ChaosData(Lorenz63.standard(), 5);

  @Test
  void series_isTheBeginningOfALongerOne() {
    double[][] longer = DATA.series(Split.TRAIN, 300);
    assertThat(DATA.series(Split.TRAIN, 100)).isDeepEqualTo(Arrays.copyOf(longer, 100));
    ChaosData coarse = new ChaosData(new Lorenz63(0.01, 3), 5);
    assertThat(coarse.series(Split.TRAIN, 100)[99]).containsExactly(longer[297]);
  }

  @Test
  void splits_shareNoSample() {
    double nearest = Double.POSITIVE_INFINITY;
    double[][] train = DATA.series(Split.TRAIN, 2000);
    for (Split other : new Split[] {Split.VALIDATION, Split.TEST}) {
      for (double[] a : DATA.series(other, 2000)) {
        for (double[] b : train) {
          nearest = Math.min(nearest, Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]));
        }
      }
    }
    assertThat(nearest).isPositive();
    assertThat(new ChaosData(Lorenz63.standard(), 6).series(Split.TRAIN, 1)[0])
        .isNotEqualTo(train[0]);
  }

  @Test
  void hash_tellsSystemsAndSeedsApart() {
    assertThat(
            new String[] {
              DATA.hash(),
              new ChaosData(Lorenz63.standard(), 6).hash(),
              new ChaosData(Lorenz96.standard(), 5).hash(),
              new ChaosData(new Lorenz63(0.01, 2), 5).hash()
            })
        .doesNotHaveDuplicates();
    assertThat(new ChaosData(Lorenz63.standard(), 5).hash()).isEqualTo(DATA.hash());
  }

  @Test
  void scaling_givesMeanZeroAndDeviationOne() {
    double[][] series = DATA.series(Split.TRAIN, 1000);
    double[][] scaled = Scaling.of(series, false).apply(series);
    Scaling again = Scaling.of(scaled, false);
    for (int i = 0; i < 3; i++) {
      assertThat(again.means()[i]).isCloseTo(0, within(1e-12));
      assertThat(again.deviations()[i]).isCloseTo(1, within(1e-12));
    }
    Scaling one = Scaling.of(series, true);
    assertThat(one.deviations()).containsOnly(one.deviations()[0]);
    assertThat(Scaling.of(new double[][] {{2}, {2}}, false).apply(new double[][] {{3}})[0])
        .containsExactly(1);
  }

  @Test
  void seriesThatDontFit_areRefused() {
    assertThatThrownBy(() -> DATA.series(Split.TRAIN, Integer.MAX_VALUE))
        .hasMessage(
            "lorenz63: series must have from 1 to 44739242 samples of 3 numbers, got 2147483647");
    assertThatThrownBy(() -> DATA.series(Split.TRAIN, 0)).hasMessageContaining("got 0");
  }
}
