package io.sequencezoo.core.shape;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Sizes that configurations multiply, in exact arithmetic. */
public final class Sizes {
  private Sizes() {}

  /**
   * A product of positive sizes.
   *
   * @throws IllegalArgumentException where it is no positive int, naming subject and factors
   */
  public static int product(String subject, int... factors) {
    long product = 1;
    for (int factor : factors) {
      checkArgument(factor > 0, "%s must have positive sizes, got %s", subject, factor);
      product *= factor;
      checkArgument(
          product <= Integer.MAX_VALUE,
          "%s must be fewer than 2^31, got %s",
          subject,
          Arrays.stream(factors).mapToObj(Integer::toString).collect(Collectors.joining(" x ")));
    }
    return (int) product;
  }
}
