package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.cite.Paper;

/**
 * The slopes of attention with linear biases: head h adds {@code -slope_h (t - s)} to its logits.
 * For a power of two H they are {@code 2^{-8h/H}}, h from 1; otherwise those of the nearest smaller
 * power of two, and then every other one of the next power, as the authors' code does.
 */
@Paper(
    key = "press2022alibi",
    title =
        "Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation",
    authors = "Press, Smith and Lewis (2022)",
    arxiv = "2108.12409")
final class AlibiSlopes {
  // Section 3: the geometric sequence starts at 2^{-8/H} and its ratio is the same value.
  private static final double RANGE = 8;

  private AlibiSlopes() {}

  /** One slope per query head. */
  static double[] of(int heads) {
    int power = Integer.highestOneBit(heads);
    double[] slopes = new double[heads];
    for (int h = 0; h < heads; h++) {
      slopes[h] =
          h < power
              ? Math.pow(2, -RANGE * (h + 1) / power)
              : Math.pow(2, -RANGE * (2 * (h - power) + 1) / (2 * power));
    }
    return slopes;
  }
}
