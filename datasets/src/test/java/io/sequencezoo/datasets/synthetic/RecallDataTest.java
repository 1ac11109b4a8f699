package io.sequencezoo.datasets.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecallDataTest {
  private static final RecallConfig STANDARD = RecallConfig.standard();

  @Test
  void examples_askForEveryValueOnceByItsKey() {
    RecallData data = new RecallData(STANDARD);
    for (Split split : Split.values()) {
      for (int i = 0; i < STANDARD.examples(split); i += 7) {
        Setting setting = STANDARD.setting(split, i);
        Example example = data.example(split, i);
        int[] tokens = example.tokens();
        assertThat(tokens).hasSize(setting.length());
        Map<Integer, Integer> values = new HashMap<>();
        Set<Integer> shown = new HashSet<>();
        for (int pair = 0; pair < setting.pairs(); pair++) {
          int key = tokens[2 * pair];
          int value = tokens[2 * pair + 1];
          assertThat(key).isBetween(1, 127);
          assertThat(value).isBetween(128, 255);
          assertThat(values.put(key, value)).isNull();
          assertThat(shown.add(value)).isTrue();
        }
        Set<Integer> asked = new HashSet<>();
        for (int t = 0; t < tokens.length; t++) {
          int label = example.labels()[t];
          if (label != SyntheticData.IGNORED) {
            assertThat(t).isGreaterThanOrEqualTo(2 * setting.pairs());
            assertThat(t % 2).isZero();
            assertThat(label).isEqualTo(values.get(tokens[t]));
            assertThat(asked.add(tokens[t])).isTrue();
          } else if (t >= 2 * setting.pairs()) {
            assertThat(tokens[t]).isZero();
          }
        }
        assertThat(asked).isEqualTo(values.keySet());
      }
    }
  }

  /** The first query of one pair is at slot i with a probability in proportion to i^(a-1). */
  @Test
  void queries_comeEarlyByAPowerLaw() {
    double power = 0.01;
    RecallConfig one = Configs.with(STANDARD, "train", List.of(new Setting(18, 1, 20_000)));
    RecallData data = new RecallData(one);
    int slots = 8;
    int[] counts = new int[slots];
    for (int i = 0; i < 20_000; i++) {
      int[] labels = data.example(Split.TRAIN, i).labels();
      for (int slot = 0; slot < slots; slot++) {
        counts[slot] += labels[2 + 2 * slot] == SyntheticData.IGNORED ? 0 : 1;
      }
    }
    double all = 0;
    for (int i = 1; i <= slots; i++) {
      all += Math.pow(i, power - 1);
    }
    for (int i = 1; i <= slots; i++) {
      double expected = 20_000 * Math.pow(i, power - 1) / all;
      // Five standard deviations of a binomial count.
      assertThat((double) counts[i - 1])
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(5 * Math.sqrt(expected)));
    }
  }

  @Test
  void between_mayBeAnyToken() {
    RecallData plain = new RecallData(STANDARD);
    RecallData noisy = new RecallData(Configs.with(STANDARD, "randomBetween", true));
    int zeros = 0;
    for (int i = 0; i < 100; i++) {
      Example example = plain.example(Split.TRAIN, i);
      Example other = noisy.example(Split.TRAIN, i);
      assertThat(other.labels()).containsExactly(example.labels());
      for (int t = 0; t < 64; t++) {
        if (example.tokens()[t] != 0) {
          assertThat(other.tokens()[t]).isEqualTo(example.tokens()[t]);
        } else {
          zeros += other.tokens()[t] == 0 ? 1 : 0;
        }
      }
    }
    // 4000 places of 256 tokens each.
    assertThat(zeros).isBetween(1, 60);
  }

  @Test
  void splits_shareNoExample() {
    RecallConfig small =
        new RecallConfig(
            0,
            22,
            0.01,
            false,
            List.of(new Setting(4, 1, 2000)),
            List.of(new Setting(4, 1, 2000)),
            2000);
    RecallData data = new RecallData(small);
    Map<String, Split> owners = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 2000; i++) {
        Split owner = owners.put(Arrays.toString(data.example(split, i).tokens()), split);
        assertThat(owner == null || owner == split).isTrue();
      }
    }
    // All of ten keys with eleven values.
    assertThat(owners).hasSize(110);
  }

  @Test
  void settings_followEachOther() {
    RecallConfig config =
        Configs.with(STANDARD, "train", List.of(new Setting(16, 2, 3), new Setting(32, 4, 5)));
    assertThat(config.examples(Split.TRAIN)).isEqualTo(8);
    assertThat(config.setting(Split.TRAIN, 2).pairs()).isEqualTo(2);
    assertThat(config.setting(Split.TRAIN, 3).pairs()).isEqualTo(4);
    assertThat(config.setting(Split.VALIDATION, 7).pairs()).isEqualTo(4);
    assertThatThrownBy(() -> config.setting(Split.TRAIN, 8))
        .hasMessage("mqar: index must be below the 8 train examples, got 8");
    RecallData data = new RecallData(config);
    assertThat(new RecallData(STANDARD).hash()).isNotEqualTo(data.hash());
    assertThat(Configs.read("task", Configs.write(config), RecallConfig.class)).isEqualTo(config);
    assertThat(Configs.read("task", "{seed: 0}", RecallConfig.class)).isEqualTo(STANDARD);
    assertThat(RecallConfig.zoology(128, 8).examples(Split.TEST)).isEqualTo(3000);
  }

  @Test
  void mistakes_areNamed() {
    assertThatThrownBy(() -> new Setting(30, 8, 1))
        .hasMessage(
            "mqar: length must be even, at least four times the 8 pairs and at most 1048576, got"
                + " 30");
    assertThatThrownBy(() -> Configs.with(STANDARD, "vocabulary", 16))
        .hasMessage(
            "mqar: vocabulary must have keys for 8 pairs and for at least 100 contexts, got 7 keys"
                + " of 16 tokens");
    assertThatThrownBy(() -> Configs.with(STANDARD, "power", 0))
        .hasMessage("mqar: power must be positive, got 0.0; use 0.01");
    assertThatThrownBy(
            () ->
                Configs.with(
                    STANDARD, "test", List.of(new Setting(64, 8, 1), new Setting(64, 4, 1))))
        .hasMessageContaining("mqar: test must be of ascending pairs");
    assertThatThrownBy(() -> Configs.with(STANDARD, "train", List.of()))
        .hasMessageContaining("mqar: train must name at least one setting, got []");
    assertThatThrownBy(() -> new RecallData(STANDARD).example(Split.VALIDATION, -1))
        .hasMessageContaining("index");
  }
}
