package io.sequencezoo.datasets.image;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.datasets.synthetic.Sizes;
import java.util.List;

/**
 * What determines images of shapes: squares of grey pixels, of one side in training and of others,
 * maybe larger ones, in tests.
 *
 * @param seed of all images, 0 by default
 * @param side pixels of a side in training and validation; 16 by default
 * @param levels of grey that pixels are rounded to, the tokens; 8 by default
 * @param noise the standard deviation of what is added to pixels between 0 and 1; 0.1 by default
 * @param testLengths sides in tests, ascending; 16 and 24 by default
 * @param trainExamples 10000 by default
 * @param validationExamples 200 by default
 * @param testExamples of every side; 500 by default
 */
@JsonTypeName(ShapeConfig.NAME)
public record ShapeConfig(
    long seed,
    int side,
    int levels,
    double noise,
    List<Integer> testLengths,
    int trainExamples,
    int validationExamples,
    int testExamples)
    implements Sizes {
  static final String NAME = "shapes";

  /** On fewer pixels shapes are no longer different. */
  private static final int SMALLEST = 8;

  private static final int LARGEST = 1 << 10;
  private static final int MOST_LEVELS = 256;

  /** Checks the ranges. */
  public ShapeConfig {
    Limits sides = new Limits(SMALLEST, LARGEST);
    sides.check(NAME, "side", side);
    new Limits(2, MOST_LEVELS).check(NAME, "levels", levels);
    checkArgument(
        noise >= 0 && noise <= 1, NAME + ": noise must be between 0 and 1, got %s", noise);
    testLengths = Sizes.checkTested(NAME, testLengths, sides, side);
    Sizes.checkExamples(NAME, trainExamples, validationExamples, testExamples, testLengths.size());
  }

  /** Images small enough for minutes of a processor. */
  public static ShapeConfig standard() {
    return new ShapeConfig(0, 16, 8, 0.1, List.of(16, 24), 10_000, 200, 500);
  }

  @Override
  public int maxLength() {
    return side;
  }
}
