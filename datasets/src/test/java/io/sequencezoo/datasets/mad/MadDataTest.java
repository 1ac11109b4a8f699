package io.sequencezoo.datasets.mad;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What examples mean, read off their tokens. */
@Tag("any-kernels")
class MadDataTest {
  private static final int X = SyntheticData.IGNORED;

  private static MadData data(MadTask task) {
    return new MadData(MadConfig.standard(task));
  }

  /** Labels are values that the same key had before, and every such value but noise is one. */
  @ParameterizedTest
  @EnumSource(names = {"IN_CONTEXT_RECALL", "NOISY_RECALL"})
  void recall_asksForTheValueThatTheKeyHad(MadTask task) {
    boolean noisy = task == MadTask.NOISY_RECALL;
    int keys = 8;
    int meaning = 16;
    int noise = 0;
    int pairs = 0;
    for (int i = 0; i < 200; i++) {
      Example example = data(task).example(Split.TEST, i);
      int[] tokens = example.tokens();
      assertThat(tokens).hasSize(127);
      Map<Integer, Integer> values = new HashMap<>();
      for (int t = 0; t < tokens.length; t += 2) {
        int key = tokens[t];
        boolean last = t + 1 == tokens.length;
        pairs++;
        if (key >= meaning) {
          assertThat(noisy && !last).isTrue();
          assertThat(tokens[t + 1]).isBetween(meaning, 31);
          noise++;
          continue;
        }
        assertThat(key).isBetween(0, keys - 1);
        Integer known = values.get(key);
        assertThat(example.labels()[t]).isEqualTo(known == null ? X : known);
        if (!last) {
          assertThat(tokens[t + 1]).isBetween(keys, meaning - 1);
          assertThat(example.labels()[t + 1]).isEqualTo(X);
          assertThat(known == null || known == tokens[t + 1]).isTrue();
          values.put(key, tokens[t + 1]);
        } else {
          assertThat(known).isNotNull();
        }
      }
    }
    // 200 x 62 pairs that may be noise at 0.2: a standard deviation of 45.
    assertThat(noise).isBetween(noisy ? 2200 : 0, noisy ? 2760 : 0);
    assertThat(pairs).isEqualTo(200 * 64);
  }

  @ParameterizedTest
  @EnumSource(names = {"IN_CONTEXT_RECALL", "NOISY_RECALL", "FUZZY_RECALL"})
  void recallInTraining_tellsEveryNextToken(MadTask task) {
    Example trained = data(task).example(Split.TRAIN, 3);
    Example scored = data(task).scored(Split.TRAIN, 3);
    int[] tokens = trained.tokens();
    assertThat(scored.tokens()).containsExactly(tokens);
    assertThat(Arrays.copyOf(trained.labels(), tokens.length - 1))
        .containsExactly(Arrays.copyOfRange(tokens, 1, tokens.length));
    for (int t = 0; t < tokens.length; t++) {
      assertThat(scored.labels()[t]).isIn(X, trained.labels()[t]);
    }
    assertThat(data(task).example(Split.TEST, 3).labels()).contains(X);
  }

  /** Runs of key tokens and of value tokens alternate behind the padding. */
  @Test
  void fuzzyRecall_asksForTheMotifThatTheKeyHad() {
    for (Split split : List.of(Split.TRAIN, Split.TEST)) {
      Set<Integer> keySizes = new HashSet<>();
      for (int i = 0; i < 300; i++) {
        Example example = data(MadTask.FUZZY_RECALL).scored(split, i);
        int[] tokens = Arrays.copyOf(example.tokens(), example.tokens().length + 1);
        int[] labels = new int[tokens.length];
        Arrays.fill(labels, X);
        System.arraycopy(example.labels(), 0, labels, 1, example.labels().length);
        assertThat(example.tokens()).hasSize(split == Split.TEST && i >= 1280 ? 256 : 128);
        // The last token is a label alone.
        tokens[tokens.length - 1] = labels[labels.length - 1];
        int t = 0;
        while (tokens[t] == 15) {
          t++;
        }
        Map<List<Integer>, List<Integer>> values = new HashMap<>();
        boolean known = false;
        while (t < tokens.length) {
          List<Integer> key = new ArrayList<>();
          while (tokens[t] < 7) {
            assertThat(labels[t]).isEqualTo(X);
            key.add(tokens[t++]);
          }
          List<Integer> value = new ArrayList<>();
          int from = t;
          while (t < tokens.length && tokens[t] >= 7) {
            value.add(tokens[t++]);
          }
          keySizes.add(key.size());
          assertThat(key).hasSizeBetween(1, 3).doesNotHaveDuplicates();
          assertThat(value).hasSizeBetween(1, 3).doesNotHaveDuplicates();
          known = values.containsKey(key);
          for (int at = from; at < t; at++) {
            assertThat(labels[at]).isEqualTo(known ? tokens[at] : X);
          }
          List<Integer> before = values.put(key, value);
          assertThat(before == null || before.equals(value)).isTrue();
        }
        assertThat(known).isTrue();
      }
      assertThat(keySizes)
          .containsExactlyInAnyOrder(
              split == Split.TRAIN ? new Integer[] {1, 2, 3} : new Integer[] {3});
    }
  }

  @Test
  void copying_tellsWhatStoodAmongBlanksInItsOrder() {
    for (int i = 0; i < 100; i++) {
      Example example = data(MadTask.SELECTIVE_COPYING).example(Split.TEST, i);
      int[] tokens = example.tokens();
      int[] content = Arrays.stream(tokens).filter(token -> token < 14).toArray();
      assertThat(tokens).hasSize(256);
      assertThat(content).hasSize(16);
      assertThat(tokens[256 - 16 - 1]).isEqualTo(15);
      assertThat(tokens[256 - 16 - 2]).isLessThan(14);
      assertThat(Arrays.copyOfRange(tokens, 240, 256)).containsOnly(14);
      assertThat(Arrays.copyOfRange(example.labels(), 240, 256)).containsExactly(content);
      assertThat(Arrays.copyOf(example.labels(), 240)).containsOnly(X);
    }
  }

  @Test
  void compression_tellsAllTokensFromTheSignOn() {
    Example example = data(MadTask.COMPRESSION).example(Split.TEST, 0);
    int[] tokens = example.tokens();
    assertThat(tokens).hasSize(62);
    assertThat(Arrays.stream(tokens, 0, 31)).allMatch(token -> token < 15);
    assertThat(Arrays.copyOfRange(tokens, 31, 62)).containsOnly(15);
    assertThat(Arrays.copyOfRange(example.labels(), 31, 62))
        .containsExactly(Arrays.copyOf(tokens, 31));
    assertThat(Arrays.copyOf(example.labels(), 31)).containsOnly(X);
  }

  @Test
  void memorisation_hasOneValuePerKeyInAllSplits() {
    Map<Integer, Integer> values = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 200; i++) {
        Example example = data(MadTask.MEMORISATION).example(split, i);
        for (int t = 0; t < 32; t += 2) {
          assertThat(example.tokens()[t + 1]).isEqualTo(255);
          assertThat(example.labels()[t]).isEqualTo(X);
          Integer value = values.put(example.tokens()[t], example.labels()[t + 1]);
          assertThat(value == null || value == example.labels()[t + 1]).isTrue();
        }
      }
    }
    assertThat(values.keySet()).hasSize(127).allMatch(key -> key < 127);
    assertThat(new HashSet<>(values.values())).hasSize(127).allMatch(v -> v >= 127 && v < 255);
  }

  @ParameterizedTest
  @EnumSource
  void splits_shareNoExample(MadTask task) {
    MadConfig config =
        Configs.with(
            MadConfig.standard(task),
            task == MadTask.SELECTIVE_COPYING
                ? Map.of("length", 16, "copied", 3, "vocabulary", 8, "testLengths", List.of(16))
                : Map.of("length", 16, "testLengths", List.of(16)));
    MadData data = new MadData(config);
    Map<List<Integer>, Split> owners = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 400; i++) {
        Example example = data.scored(split, i);
        List<Integer> tokens = Arrays.stream(example.tokens()).boxed().toList();
        Split owner = owners.put(tokens, split);
        assertThat(owner == null || owner == split).isTrue();
        assertThat(tokens).hasSize(data.length(split, i));
      }
    }
  }

  @Test
  void settings_areThePublishedOnesAndChecked() {
    for (MadTask task : MadTask.values()) {
      MadConfig config = MadConfig.standard(task);
      assertThat(Configs.read("task", Configs.write(config), MadConfig.class)).isEqualTo(config);
      assertThat(Configs.read("task", "{task: " + task.label() + "}", MadConfig.class))
          .isEqualTo(config);
      assertThat(config.testExamples()).isEqualTo(1280);
      assertThat(new MadData(config).hash())
          .isNotEqualTo(new MadData(Configs.with(config, "seed", 1)).hash());
    }
    MadConfig recall = MadConfig.standard(MadTask.IN_CONTEXT_RECALL);
    assertThatThrownBy(() -> Configs.with(recall, "noise", 0.5))
        .hasMessage("mad: noise must be left out but for noisy_recall, got 0.5");
    assertThatThrownBy(() -> Configs.with(recall, "copied", 4))
        .hasMessage("mad: copied must be between 0 and 0, got 4");
    assertThatThrownBy(() -> Configs.with(recall, "motif", 3))
        .hasMessage("mad: motif must be between 1 and 1, got 3");
    assertThatThrownBy(() -> Configs.with(recall, "length", 17))
        .hasMessageContaining("length and testLengths must be even for in_context_recall");
    assertThatThrownBy(
            () -> Configs.with(MadConfig.standard(MadTask.SELECTIVE_COPYING), "copied", 1))
        .hasMessage(
            "mad: copied must leave at least 100 examples to share among the splits, got 1");
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1}", MadConfig.class))
        .hasMessageContaining("mad: task must be given");
  }
}
