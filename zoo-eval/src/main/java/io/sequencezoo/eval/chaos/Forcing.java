package io.sequencezoo.eval.chaos;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How strongly training forces a forecaster to follow the true series; see {@link
 * io.sequencezoo.train.ForcedObjective}.
 *
 * @param alpha α at the first update, 1 by default: teacher forcing
 * @param end α at the last update, reached along a line; the same as alpha by default
 */
public record Forcing(double alpha, double end) {
  /** Checks the shares. */
  public Forcing {
    checkArgument(alpha >= 0 && alpha <= 1, "forcing: alpha must be in [0, 1], got %s", alpha);
    checkArgument(end >= 0 && end <= 1, "forcing: end must be in [0, 1], got %s", end);
  }

  /** Teacher forcing. */
  public static Forcing standard() {
    return standard(1);
  }

  /** The same share throughout. */
  public static Forcing standard(double alpha) {
    return new Forcing(alpha, alpha);
  }

  /** α at a share of training from 0 to 1. */
  double at(double share) {
    return Math.min(1, Math.max(0, alpha + (end - alpha) * share));
  }
}
