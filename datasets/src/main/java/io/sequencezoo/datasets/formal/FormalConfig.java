package io.sequencezoo.datasets.formal;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.datasets.synthetic.Sizes;
import java.util.List;

/**
 * What determines the data of a formal language: short strings in training, longer ones in tests.
 *
 * @param language which
 * @param seed of all examples, 0 by default
 * @param modulus of arithmetic, and the places of a cycle; 5 by default
 * @param brackets kinds of brackets of dyck, 2 by default
 * @param depth the most that may be open at once of dyck, 4 by default
 * @param moved the most items that a permutation may move which strings are made of: all by
 *     default, 2 for swaps alone, 3 for cycles of three with them
 * @param answers where answers count: at every token that has one, or at the last; every by
 *     default, last for arithmetic in brackets
 * @param minLength the shortest string in training and validation; 3 by default
 * @param maxLength the longest, each length being as likely; 40 by default
 * @param testLengths lengths in tests, ascending; 40, 64, 128 and 256 by default
 * @param trainExamples 20000 by default
 * @param validationExamples 200 by default
 * @param testExamples of every length; 200 by default
 */
@JsonTypeName(FormalConfig.NAME)
public record FormalConfig(
    FormalLanguage language,
    long seed,
    int modulus,
    int brackets,
    int depth,
    int moved,
    Answers answers,
    int minLength,
    int maxLength,
    List<Integer> testLengths,
    int trainExamples,
    int validationExamples,
    int testExamples)
    implements Sizes {
  static final String NAME = "formal";

  /** Examples are drawn as a whole, brackets within brackets. */
  private static final int LONGEST = 1 << 16;

  private static final int MOST_SYMBOLS = 1 << 16;
  private static final int STANDARD_MODULUS = 5;
  private static final int STANDARD_BRACKETS = 2;
  private static final int STANDARD_DEPTH = 4;

  /** Of fewer strings a split might get none. */
  private static final int FEWEST_STRINGS = 100;

  /** By then every language has as many, or never. */
  private static final int SEARCHED = 200;

  /** Where answers count. */
  public enum Answers {
    /** At every token that has one. */
    @JsonProperty("every")
    EVERY,
    /** At the last token. */
    @JsonProperty("last")
    LAST
  }

  /** Checks the ranges. */
  public FormalConfig {
    checkArgument(language != null, NAME + ": language must be given, for example parity");
    checkSetting(language, "modulus", language.hasModulus(), modulus, STANDARD_MODULUS);
    boolean nested = language == FormalLanguage.DYCK;
    checkSetting(language, "brackets", nested, brackets, STANDARD_BRACKETS);
    checkSetting(language, "depth", nested, depth, STANDARD_DEPTH);
    new Limits(language.hasModulus() ? 2 : 1, MOST_SYMBOLS).check(NAME, "modulus", modulus);
    new Limits(1, MOST_SYMBOLS).check(NAME, "brackets", brackets);
    new Limits(1, LONGEST).check(NAME, "depth", depth);
    // Nothing but the identity moves fewer, and no even permutation fewer than three.
    int fewest = language == FormalLanguage.A5 ? 3 : Math.min(2, language.items());
    new Limits(fewest, language.items()).check(NAME, "moved", moved);
    checkArgument(
        answers != Answers.EVERY || language != FormalLanguage.MODULAR_ARITHMETIC_BRACKETS,
        NAME + ": answers must be last for modular_arithmetic_brackets, got every");
    new Limits(1, LONGEST).check(NAME, "minLength", minLength);
    new Limits(minLength, LONGEST).check(NAME, "maxLength", maxLength);
    testLengths = Sizes.checkTested(NAME, testLengths, new Limits(1, LONGEST), maxLength);
    Sizes.checkExamples(NAME, trainExamples, validationExamples, testExamples, testLengths.size());
  }

  private static void checkSetting(
      FormalLanguage language, String name, boolean used, int value, int standard) {
    checkArgument(
        used || value == standard,
        NAME + ": %s must be left out for %s, got %s",
        name,
        language.label(),
        value);
  }

  /** A language small enough for minutes of a processor. */
  public static FormalConfig standard(FormalLanguage language) {
    Answers answers =
        language == FormalLanguage.MODULAR_ARITHMETIC_BRACKETS ? Answers.LAST : Answers.EVERY;
    return new FormalConfig(
        language,
        0,
        STANDARD_MODULUS,
        STANDARD_BRACKETS,
        STANDARD_DEPTH,
        language.items(),
        answers,
        3,
        40,
        List.of(40, 64, 128, 256),
        20_000,
        200,
        200);
  }

  private FormalConfig published(
      int minLength, List<Integer> testLengths, int trainExamples, int testExamples) {
    return new FormalConfig(
        language,
        seed,
        modulus,
        brackets,
        depth,
        moved,
        Answers.LAST,
        minLength,
        40,
        testLengths,
        trainExamples,
        testExamples,
        testExamples);
  }

  /**
   * As in the study of the Chomsky hierarchy (Delétang et al., arXiv 2207.02098): one answer per
   * string, 1 to 40 tokens in training, up to 500 in tests, whose mean over 41 to 500 is the
   * published score. Training of its example, 10000 updates of 128 strings.
   */
  public static FormalConfig chomsky(FormalLanguage language) {
    return standard(language)
        .published(1, List.of(40, 41, 100, 200, 300, 400, 500), 1_280_000, 512);
  }

  /**
   * As in xLSTM's formal languages (Beck et al., arXiv 2405.04517), which studies of negative
   * eigenvalues take over: 3 to 40 tokens in training, 40 to 256 in tests; 20000 updates of 256
   * strings.
   */
  public static FormalConfig xlstm(FormalLanguage language) {
    return standard(language).published(3, List.of(40, 64, 96, 128, 192, 256), 5_120_000, 1365);
  }

  /** The language itself. */
  Language build() {
    Language built = language.build(this);
    int shared = shared(built);
    checkArgument(
        shared <= SEARCHED,
        NAME
            + ": %s must have at least %s strings of some length to share among the splits, got"
            + " brackets %s and depth %s; raise one of them",
        language.label(),
        FEWEST_STRINGS,
        brackets,
        depth);
    checkArgument(
        shared <= Math.min(maxLength, testLengths.get(0)),
        NAME
            + ": maxLength and testLengths must be at least %s, for %s strings to share among the"
            + " splits, got %s and %s; use longer ones",
        shared,
        FEWEST_STRINGS,
        maxLength,
        testLengths);
    return built;
  }

  /** The length from which on strings are shared among the splits; shorter ones are trained on. */
  static int shared(Language language) {
    int length = 1;
    while (length <= SEARCHED && language.strings(length) < FEWEST_STRINGS) {
      length++;
    }
    return length;
  }
}
