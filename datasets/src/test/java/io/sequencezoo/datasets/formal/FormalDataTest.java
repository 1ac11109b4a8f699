package io.sequencezoo.datasets.formal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers against readers that know languages by what they mean, not by automata. */
@Tag("any-kernels")
class FormalDataTest {
  private static final int X = SyntheticData.IGNORED;

  private static FormalConfig small(FormalLanguage language) {
    return Configs.with(
        FormalConfig.standard(language),
        Map.of("maxLength", 21, "testLengths", List.of(21, 33), "testExamples", 50));
  }

  @ParameterizedTest
  @EnumSource
  void answers_areThoseOfTheWholePrefix(FormalLanguage language) {
    FormalConfig config = small(language);
    FormalData data = new FormalData(config);
    for (Split split : Split.values()) {
      for (int i = 0; i < 100; i++) {
        Example example = data.example(split, i);
        int[] tokens = example.tokens();
        assertThat(tokens).hasSize(data.length(split, i)).hasSameSizeAs(example.labels());
        assertThat(Arrays.stream(tokens)).allMatch(token -> token >= 0 && token < data.inputs());
        for (int t = 0; t < tokens.length; t++) {
          int[] prefix = Arrays.copyOf(tokens, t + 1);
          int expected = answer(language, prefix, t + 1 == tokens.length);
          assertThat(example.labels()[t]).as("%s %s", language, prefix).isEqualTo(expected);
          assertThat(expected).isLessThan(data.vocabulary());
        }
      }
    }
  }

  private static int answer(FormalLanguage language, int[] prefix, boolean whole) {
    return switch (language) {
      case PARITY -> Arrays.stream(prefix).sum() % 2;
      case EVEN_PAIRS -> {
        String bits = text(prefix, "01");
        int pairs = 0;
        for (int t = 1; t < bits.length(); t++) {
          String pair = bits.substring(t - 1, t + 1);
          pairs += pair.equals("01") || pair.equals("10") ? 1 : 0;
        }
        yield pairs % 2;
      }
      case MAJORITY -> Arrays.stream(prefix).average().orElseThrow() > 0.5 ? 1 : 0;
      case CYCLE_NAVIGATION -> {
        long on = Arrays.stream(prefix).filter(step -> step == 2).count();
        long back = Arrays.stream(prefix).filter(step -> step == 0).count();
        yield (int) ((on - back + 5L * prefix.length) % 5);
      }
      case MODULAR_ARITHMETIC -> prefix.length % 2 == 0 ? X : value(text(prefix, "01234+-*"));
      case MODULAR_ARITHMETIC_BRACKETS -> whole ? value(text(prefix, "01234+-()")) : X;
      case S3 -> product(PermutationGroup.S3, prefix);
      case A5 -> product(PermutationGroup.A5, prefix);
      case S5 -> product(PermutationGroup.S5, prefix);
      case DYCK -> closer(prefix);
    };
  }

  private static String text(int[] tokens, String symbols) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(symbols.charAt(token));
    }
    return text.toString();
  }

  /**
   * The value modulo 5 by a stack of whole numbers of any size and one of operators; ~ is a sign.
   */
  private static int value(String text) {
    Deque<BigInteger> values = new ArrayDeque<>();
    Deque<Character> operators = new ArrayDeque<>();
    boolean operand = true;
    for (int i = 0; i < text.length(); i++) {
      char symbol = text.charAt(i);
      if (Character.isDigit(symbol)) {
        values.push(BigInteger.valueOf(symbol - '0'));
        operand = false;
      } else if (symbol == '(') {
        operators.push(symbol);
        operand = true;
      } else if (symbol == ')') {
        while (operators.peek() != '(') {
          reduce(values, operators.pop());
        }
        operators.pop();
        operand = false;
      } else if (operand) {
        values.push(BigInteger.ZERO);
        operators.push('~');
      } else {
        while (!operators.isEmpty() && rank(operators.peek()) >= rank(symbol)) {
          reduce(values, operators.pop());
        }
        operators.push(symbol);
        operand = true;
      }
    }
    while (!operators.isEmpty()) {
      reduce(values, operators.pop());
    }
    return values.pop().mod(BigInteger.valueOf(5)).intValueExact();
  }

  private static int rank(char operator) {
    return operator == '(' ? 0 : operator == '*' ? 2 : operator == '~' ? 3 : 1;
  }

  private static void reduce(Deque<BigInteger> values, char operator) {
    BigInteger right = values.pop();
    BigInteger left = values.pop();
    values.push(
        operator == '+'
            ? left.add(right)
            : operator == '*' ? left.multiply(right) : left.subtract(right));
  }

  /** Follows every item through all permutations. */
  private static int product(PermutationGroup group, int[] prefix) {
    int[] image = new int[group.element(0).length];
    for (int item = 0; item < image.length; item++) {
      int place = item;
      for (int token : prefix) {
        place = group.element(token)[place];
      }
      image[item] = place;
    }
    for (int number = 0; number < group.order(); number++) {
      if (Arrays.equals(group.element(number), image)) {
        return number;
      }
    }
    throw new AssertionError(Arrays.toString(image));
  }

  /** Takes neighbouring pairs away until none is left. */
  private static int closer(int[] prefix) {
    List<Integer> left = new ArrayList<>(Arrays.stream(prefix).boxed().toList());
    for (int t = 1; t < left.size(); ) {
      if (left.get(t) % 2 == 1 && left.get(t - 1) == left.get(t) - 1) {
        left.remove(t);
        left.remove(t - 1);
        t = Math.max(1, t - 1);
      } else {
        t++;
      }
    }
    assertThat(left).hasSizeLessThanOrEqualTo(4).allMatch(token -> token % 2 == 0);
    return left.isEmpty() ? 4 : left.get(left.size() - 1) + 1;
  }

  @ParameterizedTest
  @EnumSource
  void splits_shareNoStringHoweverShort(FormalLanguage language) {
    FormalConfig standard = FormalConfig.standard(language);
    int shortest = FormalConfig.shared(standard.language().build(standard));
    FormalConfig config =
        Configs.with(
            standard,
            Map.of(
                "minLength",
                1,
                "maxLength",
                shortest,
                "testLengths",
                List.of(shortest),
                "testExamples",
                300));
    FormalData data = new FormalData(config);
    Map<List<Integer>, Split> owners = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 300; i++) {
        List<Integer> string = Arrays.stream(data.example(split, i).tokens()).boxed().toList();
        Split owner = owners.put(string, split);
        assertThat(owner == null || owner == split).as(string.toString()).isTrue();
      }
    }
    assertThat(owners.values()).contains(Split.values());
  }

  @ParameterizedTest
  @CsvSource({"PARITY, 7", "EVEN_PAIRS, 7", "S3, 3", "A5, 2", "S5, 1", "CYCLE_NAVIGATION, 5"})
  void shortStrings_areTrainedOnAlone(FormalLanguage language, int shared) {
    assertThat(FormalConfig.shared(language.build(FormalConfig.standard(language))))
        .isEqualTo(shared);
  }

  /** All strings of up to so many tokens, counted one by one. */
  @ParameterizedTest
  @EnumSource(names = {"MODULAR_ARITHMETIC_BRACKETS", "DYCK", "MODULAR_ARITHMETIC"})
  void strings_areCounted(FormalLanguage language) {
    Language built = language.build(FormalConfig.standard(language));
    FormalConfig config = Configs.with(FormalConfig.standard(language), "seed", 7);
    for (int n : new int[] {5, 6}) {
      Set<List<Integer>> seen = new HashSet<>();
      var random = new java.util.SplittableRandom(config.seed());
      // Enough for the rarest of at most 2250 strings.
      for (int i = 0; i < 100_000; i++) {
        seen.add(Arrays.stream(built.draw(random, n)).boxed().toList());
      }
      assertThat((double) seen.size()).as("length %s", n).isEqualTo(built.strings(n));
    }
  }

  @Test
  void groups_haveTheirOrders() {
    assertThat(PermutationGroup.S3.order()).isEqualTo(6);
    assertThat(PermutationGroup.A5.order()).isEqualTo(60);
    assertThat(PermutationGroup.S5.order()).isEqualTo(120);
    // The identity with ten swaps; with twenty cycles of three as well.
    assertThat(PermutationGroup.S5.movingAtMost(2)).hasSize(11);
    assertThat(PermutationGroup.A5.movingAtMost(3)).hasSize(21);
    FormalConfig swaps = Configs.with(FormalConfig.standard(FormalLanguage.S5), "moved", 2);
    FormalData data = new FormalData(swaps);
    for (int token : data.example(Split.TRAIN, 0).tokens()) {
      int[] image = PermutationGroup.S5.element(token);
      int fixed = 0;
      for (int item = 0; item < 5; item++) {
        fixed += image[item] == item ? 1 : 0;
      }
      assertThat(fixed).isGreaterThanOrEqualTo(3);
    }
  }

  @ParameterizedTest
  @EnumSource
  void lastAnswers_areThoseOfEveryAnswer(FormalLanguage language) {
    FormalConfig every = small(language);
    Example all = new FormalData(every).example(Split.TEST, 60);
    Example last =
        new FormalData(Configs.with(every, "answers", FormalConfig.Answers.LAST))
            .example(Split.TEST, 60);
    int end = last.labels().length - 1;
    assertThat(last.tokens()).containsExactly(all.tokens());
    assertThat(last.labels()[end]).isEqualTo(all.labels()[end]).isNotEqualTo(X);
    assertThat(Arrays.copyOf(last.labels(), end)).containsOnly(X);
  }

  @ParameterizedTest
  @EnumSource
  void published_isReadAndDrawn(FormalLanguage language) {
    for (FormalConfig config :
        List.of(FormalConfig.chomsky(language), FormalConfig.xlstm(language))) {
      FormalData data = new FormalData(config);
      assertThat(Configs.read("task", Configs.write(config), FormalConfig.class)).isEqualTo(config);
      int longest = config.examples(Split.TEST) - 1;
      assertThat(data.example(Split.TEST, longest).tokens())
          .hasSize(data.length(Split.TEST, longest));
      assertThat(data.size(Split.TEST, longest)).isIn(256, 500);
      for (int i = 0; i < 200; i++) {
        assertThat(data.size(Split.TRAIN, i)).isBetween(config.minLength(), 40);
      }
    }
  }

  @Test
  void hash_isOfTheConfiguration() {
    FormalConfig config = FormalConfig.standard(FormalLanguage.PARITY);
    assertThat(new FormalData(config).hash()).isEqualTo(new FormalData(config).hash());
    assertThat(new FormalData(Configs.with(config, "seed", 1)).hash())
        .isNotEqualTo(new FormalData(config).hash());
    Example one = new FormalData(Configs.with(config, "trainExamples", 7)).example(Split.TRAIN, 3);
    assertThat(one.tokens())
        .containsExactly(new FormalData(config).example(Split.TRAIN, 3).tokens());
  }

  @Test
  void mistakes_areNamed() {
    FormalConfig parity = FormalConfig.standard(FormalLanguage.PARITY);
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1}", FormalConfig.class))
        .hasMessageContaining("formal: language must be given");
    assertThatThrownBy(() -> Configs.with(parity, "modulus", 3))
        .hasMessage("formal: modulus must be left out for parity, got 3");
    assertThatThrownBy(() -> Configs.with(parity, "depth", 3))
        .hasMessage("formal: depth must be left out for parity, got 3");
    assertThatThrownBy(() -> Configs.with(parity, "moved", 3))
        .hasMessage("formal: moved must be between 0 and 0, got 3");
    assertThatThrownBy(() -> Configs.with(FormalConfig.standard(FormalLanguage.A5), "moved", 2))
        .hasMessage("formal: moved must be between 3 and 5, got 2");
    assertThatThrownBy(
            () ->
                Configs.with(
                    FormalConfig.standard(FormalLanguage.MODULAR_ARITHMETIC_BRACKETS),
                    "answers",
                    FormalConfig.Answers.EVERY))
        .hasMessage("formal: answers must be last for modular_arithmetic_brackets, got every");
    assertThatThrownBy(
            () -> new FormalData(Configs.with(parity, Map.of("minLength", 1, "maxLength", 6))))
        .hasMessage(
            "formal: maxLength and testLengths must be at least 7, for 100 strings to share among"
                + " the splits, got 6 and [40, 64, 128, 256]; use longer ones");
    FormalConfig flat =
        Configs.with(FormalConfig.standard(FormalLanguage.DYCK), Map.of("brackets", 1, "depth", 1));
    assertThatThrownBy(() -> new FormalData(flat))
        .hasMessage(
            "formal: dyck must have at least 100 strings of some length to share among the splits,"
                + " got brackets 1 and depth 1; raise one of them");
    assertThatThrownBy(() -> new FormalData(parity).example(Split.TRAIN, -1))
        .hasMessage("formal parity: index must be at least 0, got -1");
  }
}
