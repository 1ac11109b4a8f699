package io.sequencezoo.core.shape;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Sizes that configurations add and multiply, in exact arithmetic. */
public final class Sizes {
  private Sizes() {}

  /**
   * A sum of sizes.
   *
   * @throws IllegalArgumentException where it is no int, naming subject and terms
   */
  public static int sum(String subject, int first, int second) {
    long sum = (long) first + second;
    checkArgument(
        sum <= Integer.MAX_VALUE,
        "%s must be fewer than 2^31, got %s + %s",
        subject,
        first,
        second);
    return (int) sum;
  }

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
