package io.sequencezoo.datasets.text;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.datasets.synthetic.Sizes;

/**
 * What determines the data of language modelling on a file: the file, what its tokens are, and how
 * it is cut. The first part of the file is trained on, the next is for validation, the rest for
 * tests.
 *
 * @param path of the file
 * @param unit bytes by default
 * @param length T of windows in training and validation, which lie side by side; 128 by default
 * @param testLength of windows in tests, at least T; four times T by default
 * @param validationShare of the file; 0.05 by default
 * @param testShare of the file; 0.05 by default
 * @param validationExamples the most windows of validation; 200 by default
 * @param testExamples the most windows of tests; 200 by default
 */
@JsonTypeName(TextConfig.NAME)
public record TextConfig(
    String path,
    Unit unit,
    int length,
    int testLength,
    double validationShare,
    double testShare,
    int validationExamples,
    int testExamples) {
  static final String NAME = "text";

  private static final int LONGEST = 1 << 20;

  /** What a token is. */
  public enum Unit {
    /** One of 256. */
    @JsonProperty("bytes")
    BYTES,
    /** A code point that the file has, which must be in UTF-8. */
    @JsonProperty("characters")
    CHARACTERS
  }

  /** Checks the ranges; the file is read when it is needed. */
  public TextConfig {
    checkArgument(path != null && unit != null, NAME + ": path and unit must be given");
    new Sizes.Limits(1, LONGEST).check(NAME, "length", length);
    new Sizes.Limits(length, LONGEST).check(NAME, "testLength", testLength);
    checkArgument(
        validationShare > 0 && testShare > 0 && validationShare + testShare < 1,
        NAME
            + ": validationShare and testShare must be positive and leave something to train on,"
            + " got %s and %s",
        validationShare,
        testShare);
    new Sizes.Limits(1, Sizes.MOST_EXAMPLES).check(NAME, "validationExamples", validationExamples);
    new Sizes.Limits(1, Sizes.MOST_EXAMPLES).check(NAME, "testExamples", testExamples);
  }

  /** Bytes of a file that is still to be named. */
  public static TextConfig standard() {
    return new TextConfig("", Unit.BYTES, 128, 4 * 128, 0.05, 0.05, 200, 200);
  }
}
