package io.sequencezoo.eval.icll;

import io.sequencezoo.datasets.icll.Automaton;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Baselines that spread all mass evenly over a set of tokens which is known beforehand: the whole
 * vocabulary, the symbols of the language, or what the true automaton allows. The last is the bound
 * that no predictor can beat.
 */
public final class UniformPredictor implements Predictor {
  private final String name;
  private final Support support;

  private UniformPredictor(String name, Support support) {
    this.name = name;
    this.support = support;
  }

  /** Every token of the vocabulary, separator and pad included. */
  public static UniformPredictor overVocabulary() {
    return new UniformPredictor("uniform", problem -> t -> -1);
  }

  /** The symbols that the language uses. */
  public static UniformPredictor overAlphabet() {
    return new UniformPredictor(
        "uniform_alphabet",
        problem -> {
          int symbols = tokens(problem.vocabulary(), problem.automaton().usedSymbols());
          return t -> symbols;
        });
  }

  /** The symbols that the language allows at this position. */
  public static UniformPredictor trueAutomaton() {
    return new UniformPredictor(
        "automaton",
        problem -> {
          Automaton automaton = problem.automaton();
          return t -> tokens(problem.vocabulary(), automaton.legal(problem.state(t)));
        });
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<double[][]> probabilities(List<Problem> problems) {
    return problems.stream().map(this::table).toList();
  }

  private double[][] table(Problem problem) {
    int size = problem.vocabulary().size();
    IntUnaryOperator at = support.of(problem);
    double[][] table = new double[problem.length()][size];
    for (int t = 0; t < table.length; t++) {
      int tokens = at.applyAsInt(t) & ((1 << size) - 1);
      int count = Integer.bitCount(tokens);
      Arrays.setAll(table[t], token -> (double) (tokens >>> token & 1) / count);
    }
    return table;
  }

  /** Bits of symbols as bits of tokens. */
  private static int tokens(Vocabulary vocabulary, int symbols) {
    return symbols << vocabulary.token(0);
  }

  /** Per problem and position, a set of tokens as bits. */
  private interface Support {
    IntUnaryOperator of(Problem problem);
  }
}
