package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.icll.Vocabulary;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** N-grams by hand, and against an oracle that counts the whole text anew at every position. */
final class NGramPredictorTest {
  private static final Vocabulary ABC = new Vocabulary(3);
  // Sums of at most twenty quotients, in another order.
  private static final double ROUNDING = 1e-13;

  /** Probabilities of a, b, c after the text. */
  private static double[] after(int order, String text) {
    int[] tokens = ABC.tokens(text);
    double[] row = new NGramPredictor(order).probabilities(ABC, tokens)[tokens.length - 1];
    assertThat(row[Vocabulary.PAD]).isZero();
    assertThat(row[ABC.separator()]).isZero();
    return Arrays.copyOfRange(row, 1, 4);
  }

  @ParameterizedTest
  @CsvSource({
    // Only what was seen has mass; the context at the end counts without a continuation.
    "2, a, 1, 0, 0",
    // a was followed by b once in two: β = 1/2 is left to a.
    "2, aba, .5, .5, 0",
    // c has no continuation: β = 1, shares as the counts 2, 1, 1 of single symbols.
    "2, abac, .5, .25, .25",
    // Two strings start, one with a so far.
    "2, aba|, .5, .5, 0",
    // Everything was seen after a: β goes to none.
    "2, aaba, .333333333333, .333333333333, 0",
    // Shares as the counts.
    // left.
    "1, abcab, .4, .4, .2",
    // c once in two; the rest evenly to a and b, of which the shorter context b knows neither.
    "3, abcab, .25, .25, .5",
  })
  void handMadeStrings_haveTheseProbabilities(
      int order, String text, double a, double b, double c) {
    assertThat(after(order, text)).containsExactly(new double[] {a, b, c}, within(1e-11));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void probabilities_equalThoseOfCountingAnew(int order) {
    IcllData data = new IcllData(IcllConfig.regBench(7, 1));
    for (Problem problem : data.problems(Split.TEST, 3)) {
      double[][] found = new NGramPredictor(order).probabilities(List.of(problem)).get(0);
      String text = problem.text().replace(" ", "");
      for (int t = 0; t < problem.length(); t++) {
        assertThat(found[t])
            .as("after %s", text.substring(0, t + 1))
            .containsExactly(anew(order, text.substring(0, t + 1)), within(ROUNDING));
      }
    }
  }

  private static double[] anew(int order, String text) {
    Map<String, Integer> counts = new HashMap<>();
    String marks = "_".repeat(order - 1);
    String last = "";
    for (String string : text.split("\\|", -1)) {
      last = marks + string;
      for (int from = 0; from < last.length(); from++) {
        for (int to = from + 1; to <= Math.min(last.length(), from + order); to++) {
          counts.merge(last.substring(from, to), 1, Integer::sum);
        }
      }
    }
    Set<Character> seen = new TreeSet<>();
    text.replace("|", "").chars().forEach(c -> seen.add((char) c));
    Map<Character, Double> p =
        distribution(last.substring(last.length() - order + 1), seen, counts);
    double[] row = new double[20];
    p.forEach((c, value) -> row[c - 'a' + 1] = value);
    return row;
  }

  private static Map<Character, Double> distribution(
      String context, Set<Character> seen, Map<String, Integer> counts) {
    Map<Character, Double> p = new HashMap<>();
    double total =
        context.isEmpty()
            ? counts.entrySet().stream()
                .filter(e -> e.getKey().length() == 1)
                .mapToInt(Map.Entry::getValue)
                .sum()
            : counts.get(context);
    for (char c : seen) {
      if (counts.containsKey(context + c)) {
        p.put(c, counts.get(context + c) / total);
      }
    }
    if (p.size() < seen.size()) {
      double left = 1 - p.values().stream().mapToDouble(x -> x).sum();
      Map<Character, Double> shorter = distribution(context.substring(1), seen, counts);
      shorter.keySet().removeAll(p.keySet());
      double mass = shorter.values().stream().mapToDouble(x -> x).sum();
      shorter.forEach((c, value) -> p.put(c, left * value / mass));
    }
    return p;
  }

  @Test
  void unknownOrders_areRefused() {
    assertThatThrownBy(() -> new NGramPredictor(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("n-gram: order must be between 1 and 5, got 0");
  }
}
