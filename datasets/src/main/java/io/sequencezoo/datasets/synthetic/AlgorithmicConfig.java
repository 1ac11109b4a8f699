package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.List;

/**
 * What determines the data of an algorithmic task, whose questions are short in training and longer
 * in tests.
 *
 * @param task which
 * @param seed of all examples, 0 by default
 * @param symbols digits, and the base of numbers that are added; 10 by default
 * @param minLength digits of the shortest question, or of each number to be added, in training and
 *     validation; 2 by default
 * @param maxLength of the longest, each length being as likely; 10 by default
 * @param testLengths lengths in tests, ascending; 5, 10, 12, 15 and 20 by default
 * @param trainExamples 10000 by default
 * @param validationExamples 200 by default
 * @param testExamples of every length; 200 by default
 */
@JsonTypeName("algorithmic")
public record AlgorithmicConfig(
    AlgorithmicTask task,
    long seed,
    int symbols,
    int minLength,
    int maxLength,
    List<Integer> testLengths,
    int trainExamples,
    int validationExamples,
    int testExamples)
    implements Sizes {
  private static final String NAME = "algorithmic";

  /** Examples are drawn as a whole. */
  private static final int LONGEST = 1 << 18;

  /** Logits are over all of them. */
  private static final int MOST_SYMBOLS = 1 << 20;

  /** Of fewer questions a split might get none. */
  private static final int FEWEST_QUESTIONS = 100;

  /** Checks the ranges. */
  public AlgorithmicConfig {
    checkArgument(task != null, "algorithmic: task must be given, for example copy");
    new Limits(2, MOST_SYMBOLS).check(NAME, "symbols", symbols);
    new Limits(1, LONGEST).check(NAME, "minLength", minLength);
    new Limits(minLength, LONGEST).check(NAME, "maxLength", maxLength);
    testLengths = Sizes.checkTested(NAME, testLengths, new Limits(1, LONGEST), maxLength);
    int shortest = Math.min(minLength, testLengths.get(0));
    checkArgument(
        Math.pow(symbols, task.digits(shortest)) >= FEWEST_QUESTIONS,
        "algorithmic: lengths must leave at least %s questions to share among the splits, got %s"
            + " of %s symbols; use longer ones",
        FEWEST_QUESTIONS,
        shortest,
        symbols);
    Sizes.checkExamples(NAME, trainExamples, validationExamples, testExamples, testLengths.size());
  }

  /** A task small enough for minutes of a processor. */
  public static AlgorithmicConfig standard(AlgorithmicTask task) {
    return new AlgorithmicConfig(task, 0, 10, 2, 10, List.of(5, 10, 12, 15, 20), 10_000, 200, 200);
  }

  /** A task as in the paper: 40 decimal digits in training, 400 in tests; sizes are ours. */
  public static AlgorithmicConfig paper(AlgorithmicTask task) {
    return new AlgorithmicConfig(task, 0, 10, 40, 40, List.of(40, 400), 1_000_000, 1000, 1000);
  }

  /** The number of tokens: digits, an equals sign, and a plus sign where numbers are added. */
  public int vocabulary() {
    return symbols + task.signs();
  }

  /** The number of answered positions of a question of length n. */
  public int answers(int n) {
    return task.answers(n);
  }

  /** The input tokens of an example of length n: all but the last digit of its answer. */
  public int tokens(int n) {
    return task.questions(n) + task.answers(n);
  }
}
