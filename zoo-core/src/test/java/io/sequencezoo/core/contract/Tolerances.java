package io.sequencezoo.core.contract;

import org.nd4j.linalg.api.buffer.DataType;

/** How closely two ways to compute the same thing must agree, relative to the largest entry. */
public final class Tolerances {
  /**
   * Double: chunked and scanned forms sum in another order than the recurrence, which costs three
   * or four of sixteen digits over the contract's 65 steps.
   */
  public static final double DOUBLE = 1e-10;

  /** Float: the same three or four of seven digits. */
  public static final double FLOAT = 1e-4;

  /**
   * Gradients against central differences in double: with a relative step near the cube root of the
   * precision, truncation and rounding leave 1e-9 to 1e-8.
   */
  public static final double DIFFERENCES = 1e-6;

  /** The error of central differences where the derivative itself is zero. */
  public static final double DIFFERENCES_AT_ZERO = 1e-8;

  /**
   * Roundings of the block's largest gradient that may be left where terms of that size cancel. The
   * gradient of a weight in front of a norm is such a difference, and how its terms round depends
   * on the rows of a matrix product and on the processor: 1e-8 of the terms is all of it where only
   * the norm's eps keeps it from zero.
   */
  private static final double CANCELLED = 4;

  private Tolerances() {}

  /** What may be left of cancelling terms, relative to the block's largest gradient. */
  static double cancelled(DataType type) {
    return CANCELLED * (type == DataType.DOUBLE ? Math.ulp(1.0) : Math.ulp(1f));
  }

  /** The tolerance of a data type. */
  public static double of(DataType type) {
    return type == DataType.DOUBLE ? DOUBLE : FLOAT;
  }
}
