package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.data.ContinuousBatch;

/**
 * Series and how strongly a forecaster is forced to follow them; see {@link ForcedObjective}.
 *
 * @param series full rows, whose targets are the inputs' own next steps
 * @param alpha the share of the true series in what goes in, from 0 to 1
 */
public record ForcedBatch(ContinuousBatch series, double alpha) {
  /** Checks the share. */
  public ForcedBatch {
    checkArgument(alpha >= 0 && alpha <= 1, "forcing: alpha must be in [0, 1], got %s", alpha);
    checkArgument(
        series.lengths() == null, "forcing: rows must be full, got padded ones; cut them");
  }
}
