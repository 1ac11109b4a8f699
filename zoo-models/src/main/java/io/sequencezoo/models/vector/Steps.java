package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

/** The range of first step sizes. */
final class Steps {
  private Steps() {}

  static void check(String subject, double smallest, double largest) {
    checkArgument(
        smallest > 0 && smallest <= largest && largest < Double.POSITIVE_INFINITY,
        "%s: steps must satisfy 0 < smallestStep <= largestStep, got %s and %s",
        subject,
        smallest,
        largest);
  }
}
