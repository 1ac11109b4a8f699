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

  private Tolerances() {}

  /** The tolerance of a data type. */
  public static double of(DataType type) {
    return type == DataType.DOUBLE ? DOUBLE : FLOAT;
  }
}
