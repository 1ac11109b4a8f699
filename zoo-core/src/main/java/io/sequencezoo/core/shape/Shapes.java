package io.sequencezoo.core.shape;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Checks of array shapes that report every mismatching axis by its letter. */
public final class Shapes {
  private Shapes() {}

  /**
   * Checks that an array has the expected shape; -1 accepts any size. Axes are letters such as
   * {@code "BTD"}.
   *
   * @throws IllegalArgumentException naming the subject, every wrong axis, and both shapes
   */
  public static void check(String subject, INDArray array, String axes, long... expected) {
    long[] actual = array.shape();
    if (actual.length != expected.length) {
      throw new IllegalArgumentException(
          subject
              + ": must have axes "
              + describe(axes, expected)
              + ", got "
              + Arrays.toString(actual));
    }
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] >= 0 && expected[i] != actual[i]) {
        wrong.add(axes.charAt(i) + " must be " + expected[i] + ", got " + actual[i]);
      }
    }
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          subject + ": " + String.join(" and ", wrong) + " in shape " + Arrays.toString(actual));
    }
  }

  /**
   * Checks that an array has at least one entry.
   *
   * @throws IllegalArgumentException naming the subject and the axis that is empty
   */
  public static void checkNotEmpty(String subject, INDArray array, String axes) {
    long[] actual = array.shape();
    for (int i = 0; i < actual.length; i++) {
      if (actual[i] == 0) {
        throw new IllegalArgumentException(
            subject
                + ": "
                + axes.charAt(i)
                + " must be at least 1, got 0 in shape "
                + Arrays.toString(actual));
      }
    }
  }

  private static String describe(String axes, long[] expected) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < expected.length; i++) {
      parts.add(axes.charAt(i) + (expected[i] >= 0 ? "=" + expected[i] : ""));
    }
    return parts.toString();
  }
}
