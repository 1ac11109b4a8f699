package io.sequencezoo.datasets.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AlgorithmicDataTest {
  private static final int X = SyntheticData.IGNORED;

  @Test
  void answers_areThoseByHand() {
    int[] digits = {3, 1, 4};
    assertThat(AlgorithmicTask.COPY.answer(digits, 10)).containsExactly(3, 1, 4);
    assertThat(AlgorithmicTask.REVERSE.answer(digits, 10)).containsExactly(4, 1, 3);
    // 19 + 24 = 43, and 99 + 99 = 198, from the least significant digit on.
    assertThat(AlgorithmicTask.ADDITION.answer(new int[] {9, 1, 4, 2}, 10))
        .containsExactly(3, 4, 0);
    assertThat(AlgorithmicTask.ADDITION.answer(new int[] {9, 9, 9, 9}, 10))
        .containsExactly(8, 9, 1);
    assertThat(AlgorithmicTask.ADDITION.answer(new int[] {1, 1, 1, 0}, 2)).containsExactly(0, 0, 1);
  }

  @ParameterizedTest
  @EnumSource
  void examples_areAQuestionAndItsAnswer(AlgorithmicTask task) {
    AlgorithmicConfig config = AlgorithmicConfig.standard(task);
    AlgorithmicData data = new AlgorithmicData(config);
    for (Split split : Split.values()) {
      for (int i = 0; i < 200; i++) {
        Example example = data.example(split, i);
        int n = data.length(split, i);
        int asked = task == AlgorithmicTask.ADDITION ? 2 * n + 1 : n;
        int[] tokens = example.tokens();
        assertThat(tokens).hasSize(config.tokens(n)).hasSameSizeAs(example.labels());
        assertThat(tokens[asked]).isEqualTo(10);
        assertThat(Arrays.stream(tokens)).allMatch(token -> token < config.vocabulary());
        assertThat(Arrays.copyOf(example.labels(), asked)).containsOnly(X);
        int[] answer = Arrays.copyOfRange(example.labels(), asked, tokens.length);
        assertThat(answer).hasSize(config.answers(n));
        // What was answered is read before the next answer.
        assertThat(Arrays.copyOfRange(tokens, asked + 1, tokens.length))
            .containsExactly(Arrays.copyOf(answer, answer.length - 1));
        if (task == AlgorithmicTask.ADDITION) {
          assertThat(tokens[n]).isEqualTo(11);
          assertThat(
                  number(Arrays.copyOf(tokens, n))
                      .add(number(Arrays.copyOfRange(tokens, n + 1, asked))))
              .isEqualTo(number(answer));
        }
      }
    }
  }

  private static BigInteger number(int[] littleEndian) {
    BigInteger number = BigInteger.ZERO;
    for (int i = littleEndian.length - 1; i >= 0; i--) {
      number = number.multiply(BigInteger.TEN).add(BigInteger.valueOf(littleEndian[i]));
    }
    return number;
  }

  @ParameterizedTest
  @EnumSource
  void lengths_areShortInTrainingAndAsListedInTests(AlgorithmicTask task) {
    AlgorithmicConfig config =
        Configs.with(
            AlgorithmicConfig.standard(task),
            Map.of(
                "testLengths", List.of(3, 25), "testExamples", 4, "minLength", 3, "maxLength", 6));
    AlgorithmicData data = new AlgorithmicData(config);
    int[] counts = new int[7];
    for (int i = 0; i < 4000; i++) {
      counts[data.length(Split.TRAIN, i)]++;
    }
    // 1000 each, with a standard deviation of 27.
    assertThat(Arrays.stream(counts, 3, 7)).allMatch(count -> Math.abs(count - 1000) < 150);
    assertThat(config.examples(Split.TEST)).isEqualTo(8);
    assertThat(data.length(Split.TEST, 3)).isEqualTo(3);
    assertThat(data.length(Split.TEST, 4)).isEqualTo(25);
  }

  @ParameterizedTest
  @EnumSource
  void splits_shareNoQuestionHoweverShort(AlgorithmicTask task) {
    AlgorithmicConfig config =
        Configs.with(
            AlgorithmicConfig.standard(task),
            Map.of(
                "minLength", 2, "maxLength", 2, "testLengths", List.of(2), "testExamples", 3000));
    AlgorithmicData data = new AlgorithmicData(config);
    Map<Split, Set<String>> questions = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      Set<String> own = new HashSet<>();
      for (int i = 0; i < 3000; i++) {
        int[] tokens = data.example(split, i).tokens();
        own.add(Arrays.toString(Arrays.copyOf(tokens, task == AlgorithmicTask.ADDITION ? 5 : 2)));
      }
      questions.put(split, own);
    }
    Set<String> all = new HashSet<>();
    questions.values().forEach(all::addAll);
    assertThat(questions.values().stream().mapToInt(Set::size).sum()).isEqualTo(all.size());
    // Copies have a hundred questions of two digits, and three thousand draws see all of them.
    assertThat(all).hasSizeGreaterThanOrEqualTo(100);
  }

  @ParameterizedTest
  @EnumSource
  void examples_dependOnSeedSplitAndNumberAlone(AlgorithmicTask task) {
    AlgorithmicConfig config = AlgorithmicConfig.standard(task);
    AlgorithmicData data = new AlgorithmicData(config);
    AlgorithmicData longer = new AlgorithmicData(Configs.with(config, "trainExamples", 99_999));
    for (int i = 0; i < 50; i++) {
      assertThat(longer.example(Split.TRAIN, i).tokens())
          .containsExactly(data.example(Split.TRAIN, i).tokens());
    }
    AlgorithmicConfig other = Configs.with(config, "seed", 1);
    assertThat(new AlgorithmicData(other).hash()).isNotEqualTo(data.hash());
    assertThat(new AlgorithmicData(AlgorithmicConfig.standard(task)).hash()).isEqualTo(data.hash());
    assertThat(Configs.read("task", Configs.write(config), AlgorithmicConfig.class))
        .isEqualTo(config);
    assertThat(AlgorithmicConfig.paper(task).testLengths()).containsExactly(40, 400);
  }

  @Test
  void mistakes_areNamed() {
    AlgorithmicConfig copy = AlgorithmicConfig.standard(AlgorithmicTask.COPY);
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1}", AlgorithmicConfig.class))
        .hasMessageContaining("algorithmic: task must be given");
    assertThatThrownBy(() -> Configs.with(copy, "maxLength", 1))
        .hasMessage("algorithmic: maxLength must be between 2 and 262144, got 1");
    assertThatThrownBy(() -> Configs.with(copy, "testLengths", List.of(5, 5)))
        .hasMessage(
            "algorithmic: testLengths must be ascending and at least one, got [5, 5]; use [10]");
    assertThatThrownBy(() -> Configs.with(copy, "minLength", 1))
        .hasMessage(
            "algorithmic: lengths must leave at least 100 questions to share among the splits, got"
                + " 1 of 10 symbols; use longer ones");
    assertThatThrownBy(() -> Configs.with(copy, "symbols", 1))
        .hasMessage("algorithmic: symbols must be between 2 and 1048576, got 1");
    assertThatThrownBy(() -> new AlgorithmicData(copy).example(Split.TRAIN, -1))
        .hasMessage("copy: index must be at least 0, got -1");
  }
}
