package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.datasets.icll.Automaton;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a predictor wrote after the beginning of a prompt, against what the language allows.
 *
 * @param given the beginning of the prompt
 * @param steps one entry per token written
 */
public record Continuation(String given, List<Step> steps) {
  /** Copies the steps. */
  public Continuation {
    steps = List.copyOf(steps);
  }

  /**
   * A token written.
   *
   * @param token its character
   * @param legal the symbols that the language allowed there; empty once the string is lost
   * @param isLegal whether the token is one of them
   */
  public record Step(String token, String legal, boolean isLegal) {}

  /**
   * Follows the automaton along the tokens. A separator starts a new string though it is not a
   * symbol; any other token that is not allowed loses the string, after which nothing is allowed
   * until the next separator.
   *
   * @param given number of the prompt's tokens that the predictor was shown, at least 1
   * @param written the tokens that it wrote
   */
  public static Continuation of(Problem problem, int given, int[] written) {
    checkArgument(
        given >= 1 && given <= problem.length() + 1,
        "continuation: given must be between 1 and %s tokens, got %s",
        problem.length() + 1,
        given);
    Vocabulary vocabulary = problem.vocabulary();
    Automaton automaton = problem.automaton();
    List<Step> steps = new ArrayList<>();
    int state = problem.state(given - 1);
    for (int token : written) {
      int symbol = vocabulary.symbol(token);
      int legal = state == Automaton.NONE ? 0 : automaton.legal(state);
      boolean isSymbol = symbol >= 0 && symbol < vocabulary.symbols();
      boolean isLegal = isSymbol && (legal >>> symbol & 1) == 1;
      steps.add(
          new Step(
              String.valueOf(vocabulary.character(token)), characters(vocabulary, legal), isLegal));
      if (token == vocabulary.separator()) {
        state = 0;
      } else {
        state = isLegal ? automaton.next(state, symbol) : Automaton.NONE;
      }
    }
    return new Continuation(vocabulary.text(Arrays.copyOf(problem.tokens(), given)), steps);
  }

  private static String characters(Vocabulary vocabulary, int symbols) {
    StringBuilder text = new StringBuilder();
    for (int rest = symbols; rest != 0; rest &= rest - 1) {
      text.append(vocabulary.character(vocabulary.token(Integer.numberOfTrailingZeros(rest))));
    }
    return text.toString();
  }
}
