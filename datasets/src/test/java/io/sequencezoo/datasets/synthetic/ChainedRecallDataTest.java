package io.sequencezoo.datasets.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("any-kernels")
class ChainedRecallDataTest {
  /** Reads pairs from left to right, later ones over earlier ones, and follows them. */
  @ParameterizedTest
  @CsvSource({"2, 0, false", "1, 0.5, false", "3, 0.5, false", "1, 1, true"})
  void labels_areWhatThePairsLeadTo(int hops, double overwritten, boolean randomBetween) {
    Setting setting = new Setting(64, 4, 300);
    ChainedRecallConfig config =
        Configs.with(
            ChainedRecallConfig.standard(),
            Map.of(
                "hops",
                hops,
                "overwritten",
                overwritten,
                "randomBetween",
                randomBetween,
                "train",
                List.of(setting),
                "test",
                List.of(setting)));
    ChainedRecallData data = new ChainedRecallData(config);
    int updates = (int) (4 * overwritten);
    assertThat(data.shown(setting)).isEqualTo(4 * hops + updates);
    int replaced = 0;
    for (int i = 0; i < 300; i++) {
      Example example = data.example(Split.TEST, i);
      int[] tokens = example.tokens();
      Map<Integer, Integer> leads = new HashMap<>();
      Map<Integer, Integer> first = new HashMap<>();
      Set<Integer> values = new HashSet<>();
      int context = 2 * (4 * hops + updates);
      for (int t = 0; t < context; t += 2) {
        assertThat(tokens[t]).isBetween(1, 127);
        first.putIfAbsent(tokens[t], tokens[t + 1]);
        leads.put(tokens[t], tokens[t + 1]);
        assertThat(tokens[t + 1] < 128 || values.add(tokens[t + 1])).isTrue();
      }
      assertThat(leads).hasSize(4 * hops);
      int asked = 0;
      for (int t = 0; t < tokens.length; t++) {
        if (example.labels()[t] == SyntheticData.IGNORED) {
          assertThat(t < context || tokens[t] == 0 || randomBetween).isTrue();
          continue;
        }
        assertThat(t).isGreaterThanOrEqualTo(context);
        int token = tokens[t];
        int steps = 0;
        while (token < 128) {
          token = leads.get(token);
          steps++;
        }
        assertThat(steps).isEqualTo(hops);
        assertThat(example.labels()[t]).isEqualTo(token);
        asked++;
        int old = tokens[t];
        for (int step = 0; step < hops; step++) {
          old = first.get(old);
        }
        replaced += old == token ? 0 : 1;
      }
      assertThat(asked).isEqualTo(4);
    }
    assertThat(replaced).isEqualTo(300 * updates);
  }

  @Test
  void splits_shareNoExample() {
    ChainedRecallConfig config =
        Configs.with(
            ChainedRecallConfig.updates(),
            Map.of(
                "vocabulary",
                16,
                "overwritten",
                1.0,
                "train",
                List.of(new Setting(6, 1, 2000)),
                "test",
                List.of(new Setting(6, 1, 2000)),
                "validationExamples",
                2000));
    ChainedRecallData data = new ChainedRecallData(config);
    Map<List<Integer>, Split> owners = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 2000; i++) {
        List<Integer> tokens =
            java.util.Arrays.stream(data.example(split, i).tokens()).boxed().toList();
        Split owner = owners.put(tokens, split);
        assertThat(owner == null || owner == split).isTrue();
      }
    }
    // Seven keys with eight values, of which another seven may follow.
    assertThat(owners).hasSize(7 * 8 * 7);
  }

  @Test
  void settings_areReadAndChecked() {
    ChainedRecallConfig standard = ChainedRecallConfig.standard();
    assertThat(Configs.read("task", "{seed: 0}", ChainedRecallConfig.class)).isEqualTo(standard);
    ChainedRecallConfig zoology = ChainedRecallConfig.zoology(64);
    assertThat(Configs.read("task", Configs.write(zoology), ChainedRecallConfig.class))
        .isEqualTo(zoology);
    assertThat(new ChainedRecallData(zoology).shown(zoology.test().get(0))).isEqualTo(12);
    assertThatThrownBy(() -> Configs.with(standard, "hops", 1))
        .hasMessage(
            "mqar_chains: hops must be at least 2, or values overwritten, got neither; use mqar");
    assertThatThrownBy(() -> Configs.with(standard, "overwritten", 1.5))
        .hasMessage("mqar_chains: overwritten must be between 0 and 1, got 1.5");
    assertThatThrownBy(() -> Configs.with(standard, "hops", 8))
        .hasMessage(
            "mqar_chains: length must be at least 72 for 4 chains of 8 hops and 0 new values, got"
                + " 64");
    assertThatThrownBy(() -> Configs.with(standard, "vocabulary", 16))
        .hasMessage("mqar_chains: vocabulary must have twice 9 keys or values, got 16");
  }

  @Test
  void mixedZoology_goesUpTo256Pairs() {
    RecallConfig mixed = RecallConfig.zoologyMixed();
    assertThat(mixed.examples(Split.TRAIN)).isEqualTo(180_000);
    assertThat(mixed.test().get(mixed.test().size() - 1)).isEqualTo(new Setting(1024, 256, 1000));
  }
}
