package io.sequencezoo.datasets.story;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.datasets.synthetic.Sizes;
import java.util.List;

/**
 * What determines stories and their questions: short ones in training, longer ones in tests.
 *
 * @param kind what is asked
 * @param seed of all examples, 0 by default
 * @param minLength sentences of the shortest story in training and validation; 4 by default, 8 for
 *     three facts
 * @param maxLength of the longest, each number being as likely; 12 by default, 16 for three facts
 * @param testLengths sentences in tests, ascending; 8, 12, 16, 24 and 32 by default, from 12 on for
 *     three facts
 * @param trainExamples 10000 by default, as in the larger set of bAbI
 * @param validationExamples 200 by default
 * @param testExamples of every length; 1000 by default, as in bAbI
 */
@JsonTypeName(StoryConfig.NAME)
public record StoryConfig(
    StoryKind kind,
    long seed,
    int minLength,
    int maxLength,
    List<Integer> testLengths,
    int trainExamples,
    int validationExamples,
    int testExamples)
    implements Sizes {
  static final String NAME = "story";

  /** Of shorter stories some have nothing to ask about, or too few are different. */
  private static final int SHORTEST = 4;

  private static final int LONGEST = 1 << 16;

  /** Checks the ranges. */
  public StoryConfig {
    checkArgument(kind != null, NAME + ": kind must be given, for example one_fact");
    new Limits(SHORTEST, LONGEST).check(NAME, "minLength", minLength);
    new Limits(minLength, LONGEST).check(NAME, "maxLength", maxLength);
    testLengths = Sizes.checkTested(NAME, testLengths, new Limits(SHORTEST, LONGEST), maxLength);
    Sizes.checkExamples(NAME, trainExamples, validationExamples, testExamples, testLengths.size());
  }

  /** Stories small enough for minutes of a processor. */
  public static StoryConfig standard(StoryKind kind) {
    boolean three = kind == StoryKind.THREE_FACTS;
    return new StoryConfig(
        kind,
        0,
        three ? 8 : SHORTEST,
        three ? 16 : 12,
        three ? List.of(12, 16, 24, 32) : List.of(8, 12, 16, 24, 32),
        10_000,
        200,
        1000);
  }
}
