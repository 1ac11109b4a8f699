package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;

/**
 * What determines the data of a synthetic task. What is left out is ParaRNN's where it says so:
 * length 100, 10000 training examples.
 *
 * @param task which
 * @param seed of all examples, 0 by default
 * @param length T, 100 by default
 * @param symbols inputs are drawn from: always 2 for parity, otherwise 128 for keep_5th and 4 for
 *     hops by default
 * @param trainExamples 10000 by default
 * @param validationExamples 200 by default
 * @param testExamples 1000 by default
 */
@JsonTypeName("synthetic")
public record SyntheticConfig(
    SyntheticTask task,
    long seed,
    int length,
    int symbols,
    int trainExamples,
    int validationExamples,
    int testExamples) {

  /** Steps of an example, which is drawn as a whole. */
  private static final int LONGEST = 1 << 20;

  /** Symbols: logits are over all of them. */
  private static final int MOST_SYMBOLS = 1 << 20;

  /** Examples of a split, which are shuffled together. */
  private static final int MOST_EXAMPLES = 10_000_000;

  /** Checks the ranges. */
  public SyntheticConfig {
    checkBetween(
        task == SyntheticTask.KEEP_5TH ? SyntheticTask.KEPT : 1, LONGEST, "length", length);
    checkBetween(2, MOST_SYMBOLS, "symbols", symbols);
    checkArgument(
        task != SyntheticTask.PARITY || symbols == 2,
        "synthetic: symbols must be 2 for parity, got %s",
        symbols);
    checkBetween(1, MOST_EXAMPLES, "trainExamples", trainExamples);
    checkBetween(1, MOST_EXAMPLES, "validationExamples", validationExamples);
    checkBetween(1, MOST_EXAMPLES, "testExamples", testExamples);
  }

  /** A task as in ParaRNN. */
  public static SyntheticConfig standard(SyntheticTask task) {
    return new SyntheticConfig(task, 0, 100, task.standardSymbols(), 10000, 200, 1000);
  }

  /** The number of tokens: the symbols, and a blank where the task has one. */
  public int vocabulary() {
    return symbols + (task.hasBlank() ? 1 : 0);
  }

  /** The accuracy of a uniform guess among the symbols. */
  public double chance() {
    return 1.0 / symbols;
  }

  private static void checkBetween(int least, int most, String name, int value) {
    checkArgument(
        value >= least && value <= most,
        "synthetic: %s must be between %s and %s, got %s",
        name,
        least,
        most,
        value);
  }
}
