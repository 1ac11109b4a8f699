package io.sequencezoo.datasets.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticDataTest {
  private static final int NONE = -1;

  @Test
  void parity_isTheSumOfBits() {
    assertThat(SyntheticTask.PARITY.labels(new int[] {1, 0, 1, 1, 0, 1}, NONE, NONE))
        .containsExactly(1, 1, 0, 1, 1, 0);
  }

  @Test
  void keep_isTheFifthTokenFromThereOn() {
    assertThat(SyntheticTask.KEEP_5TH.labels(new int[] {9, 8, 7, 6, 5, 4, 3}, NONE, -100))
        .containsExactly(-100, -100, -100, -100, 5, 5, 5);
  }

  @Test
  void oneHop_isWhatFollowedTheLastOccurrence() {
    // a b a c a: the last a before position 4 is at 2, followed by c.
    assertThat(SyntheticTask.ONE_HOP.labels(new int[] {0, 1, 0, 2, 0}, 4, NONE))
        .containsExactly(4, 4, 1, 4, 2);
    // The token itself may be what followed.
    assertThat(SyntheticTask.ONE_HOP.labels(new int[] {3, 3}, 4, NONE)).containsExactly(4, 3);
  }

  @Test
  void twoHop_goesOnFromThere() {
    // At the last a: hop to c at 5, whose last occurrence is at 2, followed by d.
    assertThat(SyntheticTask.TWO_HOP.labels(new int[] {0, 1, 2, 3, 0, 2, 0}, 4, NONE)[6])
        .isEqualTo(3);
    // At position 2, one hop leads to 1, which has not been before.
    assertThat(SyntheticTask.TWO_HOP.labels(new int[] {0, 1, 0}, 4, NONE)[2]).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource
  void examples_dependOnSeedSplitAndNumberAlone(SyntheticTask task) {
    SyntheticData data = new SyntheticData(SyntheticConfig.standard(task));
    SyntheticData again = new SyntheticData(SyntheticConfig.standard(task));
    Set<String> seen = new HashSet<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 20; i++) {
        Example example = data.example(split, i);
        assertThat(again.example(split, i).tokens()).containsExactly(example.tokens());
        assertThat(example.tokens()).hasSize(100);
        assertThat(seen.add(Arrays.toString(example.tokens()))).isTrue();
        for (int label : example.labels()) {
          assertThat(label == SyntheticData.IGNORED || label >= 0).isTrue();
          assertThat(label).isLessThan(data.config().vocabulary());
        }
      }
    }
    assertThat(data.hash()).isEqualTo(again.hash());
    assertThat(new SyntheticData(Configs.with(data.config(), "length", 50)).hash())
        .isNotEqualTo(data.hash());
  }

  @Test
  void symbols_areUniform() {
    SyntheticData data = new SyntheticData(SyntheticConfig.standard(SyntheticTask.ONE_HOP));
    int[] counts = new int[4];
    for (int i = 0; i < 100; i++) {
      for (int token : data.example(Split.TRAIN, i).tokens()) {
        counts[token]++;
      }
    }
    // 10000 draws: 2500 each, with a standard deviation of 43.
    assertThat(Arrays.stream(counts).allMatch(count -> Math.abs(count - 2500) < 200)).isTrue();
  }

  @Test
  void mistakes_areNamed() {
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1}", SyntheticConfig.class))
        .hasMessageContaining("synthetic: task must be given");
    assertThatThrownBy(() -> new SyntheticConfig(SyntheticTask.PARITY, 0, 100, 3, 1, 1, 1))
        .hasMessage("synthetic: symbols must be 2 for parity, got 3");
    assertThatThrownBy(
            () -> Configs.with(SyntheticConfig.standard(SyntheticTask.KEEP_5TH), "length", 4))
        .hasMessage("synthetic: length must be between 5 and 1048576, got 4");
  }
}
