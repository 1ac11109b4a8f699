package io.sequencezoo.datasets.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The data as a whole: no language twice, problems independent of the order of calls, prompts. */
final class IcllDataTest {
  private static final IcllConfig CONFIG = IcllConfig.regBench(1, 2500);

  /** Few enough languages that almost every draw repeats one. */
  private static final IcllConfig.Languages TINY = new IcllConfig.Languages(2, 3, 2);

  private static IcllConfig tiny(long seed, int examples) {
    return new IcllConfig(seed, examples, examples, examples, TINY, IcllConfig.Prompts.standard());
  }

  @Test
  void splits_shareNoLanguageAndRepeatNone() {
    Set<Automaton> seen = new HashSet<>();
    IcllData data = new IcllData(CONFIG);
    for (Split split : Split.values()) {
      data.problems(split).forEach(problem -> assertThat(seen.add(problem.automaton())).isTrue());
    }
    assertThat(seen).hasSize(2500 + 500 + 500);
  }

  @Test
  void splits_shareNoLanguageAcrossSeedsEither() {
    Set<Automaton> train = new HashSet<>();
    Set<Automaton> test = new HashSet<>();
    // All languages of two symbols and at most three states with one edge each, give or take.
    for (long seed = 0; seed < 20; seed++) {
      IcllData data = new IcllData(tiny(seed, 2));
      data.problems(Split.TRAIN).forEach(problem -> train.add(problem.automaton()));
      data.problems(Split.TEST).forEach(problem -> test.add(problem.automaton()));
    }
    assertThat(train).isNotEmpty().doesNotContainAnyElementsOf(test);
  }

  @Test
  void problem_dependsOnSeedSplitAndIndexAlone() {
    IcllData forwards = new IcllData(CONFIG);
    IcllData backwards = new IcllData(IcllConfig.regBench(1, 1));
    List<String> expected = forwards.problems(Split.TEST, 40).stream().map(Problem::text).toList();
    List<String> found = new ArrayList<>();
    for (int index = 39; index >= 0; index--) {
      backwards.problem(Split.TRAIN, index);
      found.add(0, backwards.problem(Split.TEST, index).text());
    }
    assertThat(found).isEqualTo(expected).doesNotHaveDuplicates();
    assertThat(new IcllData(IcllConfig.regBench(2, 1)).problem(Split.TEST, 0).text())
        .isNotEqualTo(expected.get(0));
  }

  @Test
  void problem_dependsOnNoThread() {
    IcllData data = new IcllData(CONFIG);
    List<String> found =
        IntStream.range(0, 200)
            .parallel()
            .mapToObj(index -> data.problem(Split.TRAIN, 199 - index).text())
            .toList();
    IcllData again = new IcllData(CONFIG);
    List<String> expected =
        IntStream.range(0, 200)
            .mapToObj(index -> again.problem(Split.TRAIN, 199 - index).text())
            .toList();
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void hash_isThatOfThisGeneratorVersion() {
    // Whoever changes this raises GENERATOR_VERSION: earlier results are on other data.
    assertThat(IcllData.GENERATOR_VERSION).isEqualTo(1);
    assertThat(new IcllData(CONFIG).hash(Split.TEST, 100))
        .isEqualTo("0e47a8f310ebc26e9abb2db85d2d3046acf2afd9df3fb0dcb808f41f67771871");
  }

  @Test
  void hash_tellsSplitsAndSeedsApart() {
    IcllData data = new IcllData(IcllConfig.regBench(1, 10));
    assertThat(
            Set.of(
                data.hash(),
                data.hash(Split.TRAIN, 10),
                data.hash(Split.TEST, 10),
                new IcllData(IcllConfig.regBench(2, 10)).hash()))
        .hasSize(4);
  }

  @Test
  void strings_are10To19Of1To49Symbols() {
    TreeMap<Integer, Integer> strings = new TreeMap<>();
    TreeMap<Integer, Integer> lengths = new TreeMap<>();
    for (Problem problem : new IcllData(CONFIG).problems(Split.TRAIN, 2000)) {
      String[] parts = problem.text().replace(" ", "").split("\\|", -1);
      strings.merge(parts.length, 1, Integer::sum);
      for (String part : parts) {
        lengths.merge(part.length(), 1, Integer::sum);
      }
    }
    assertThat(strings.keySet()).containsExactlyElementsOf(range(10, 19));
    assertThat(lengths.keySet()).containsExactlyElementsOf(range(1, 49));
    // Five standard deviations of the mean of U{1..49} over about 29000 strings.
    double total = lengths.values().stream().mapToInt(n -> n).sum();
    double mean =
        lengths.entrySet().stream().mapToDouble(e -> e.getKey() * e.getValue()).sum() / total;
    assertThat(mean).isCloseTo(25, within(5 * Math.sqrt((49 * 49 - 1) / 12.0 / total)));
  }

  @Test
  void symbols_areUniformOverWhatTheStateAllows() {
    // Of states that allow three symbols, how often the first, second and third is emitted.
    int[] counts = new int[3];
    for (Problem problem : new IcllData(CONFIG).problems(Split.TRAIN, 300)) {
      for (int t = 0; t < problem.length(); t++) {
        if (problem.legalCount(t) == 3 && problem.label(t) != Problem.IGNORED) {
          int below = problem.automaton().legal(problem.state(t)) << 1;
          counts[Integer.bitCount(below & ((1 << problem.label(t)) - 1))]++;
        }
      }
    }
    double total = IntStream.of(counts).sum();
    double width = 5 * Math.sqrt(2.0 / 9 / total);
    for (int count : counts) {
      assertThat(count / total).isCloseTo(1.0 / 3, within(width));
    }
  }

  @Test
  void export_isOneProblemALine() throws IOException {
    IcllData data = new IcllData(IcllConfig.regBench(1, 3));
    StringBuilder lines = new StringBuilder();
    data.export(Split.TRAIN, lines);
    List<Problem> read = new ArrayList<>();
    for (String line : lines.toString().lines().toList()) {
      read.add(Configs.json().readValue(line, Problem.Description.class).problem());
    }
    assertThat(read).hasSize(3);
    for (int index = 0; index < 3; index++) {
      Problem expected = data.problem(Split.TRAIN, index);
      assertThat(read.get(index).automaton()).isEqualTo(expected.automaton());
      assertThat(read.get(index).tokens()).isEqualTo(expected.tokens());
      assertThat(read.get(index).describe()).isEqualTo(expected.describe());
    }
  }

  @Test
  void tooFewLanguages_areReported() {
    assertThatThrownBy(() -> new IcllData(tiny(1, 1)).problem(Split.TRAIN, 10_000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "icll: the train split must have \\d+ different languages, got \\d+; ask for fewer"
                + " examples or allow more states or symbols");
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }
}
