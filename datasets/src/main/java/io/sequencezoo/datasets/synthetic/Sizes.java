package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Ordering;
import io.sequencezoo.datasets.icll.Split;
import java.util.List;

/**
 * How many examples of which sizes a configuration asks for: small ones in training and validation,
 * listed ones in tests, the same number of each, one size after the other.
 */
public interface Sizes {
  /** Examples of a split are shuffled together. */
  int MOST_EXAMPLES = 10_000_000;

  /** The largest size in training and validation. */
  int maxLength();

  /** The sizes in tests, ascending. */
  List<Integer> testLengths();

  /** The number of training examples. */
  int trainExamples();

  /** The number of validation examples. */
  int validationExamples();

  /** The number of test examples of every size. */
  int testExamples();

  /** The number of examples of a split. */
  default int examples(Split split) {
    return switch (split) {
      case TRAIN -> trainExamples();
      case VALIDATION -> validationExamples();
      case TEST -> testExamples() * testLengths().size();
    };
  }

  /** The size of a test example. */
  default int tested(int index) {
    return testLengths().get(index / testExamples());
  }

  /**
   * Checks the sizes in tests.
   *
   * @param subject what is configured, for messages
   * @param range the smallest and the largest that can be drawn
   * @param use what to suggest where there are none
   */
  static List<Integer> checkTested(
      String subject, List<Integer> testLengths, Limits range, int use) {
    checkArgument(
        testLengths != null
            && !testLengths.isEmpty()
            && Ordering.natural().isStrictlyOrdered(testLengths),
        "%s: testLengths must be ascending and at least one, got %s; use [%s]",
        subject,
        testLengths,
        use);
    for (int length : testLengths) {
      range.check(subject, "testLengths", length);
    }
    return List.copyOf(testLengths);
  }

  /**
   * Checks numbers of examples.
   *
   * @param tested the number of sizes in tests
   */
  static void checkExamples(String subject, int train, int validation, int test, int tested) {
    new Limits(1, MOST_EXAMPLES).check(subject, "trainExamples", train);
    new Limits(1, MOST_EXAMPLES).check(subject, "validationExamples", validation);
    new Limits(1, MOST_EXAMPLES / tested).check(subject, "testExamples", test);
  }

  /** What a number must lie between, both included. */
  record Limits(int least, int most) {
    /** Checks a number of a configuration. */
    public void check(String subject, String name, int value) {
      checkArgument(
          value >= least && value <= most,
          "%s: %s must be between %s and %s, got %s",
          subject,
          name,
          least,
          most,
          value);
    }
  }
}
