package io.sequencezoo.train;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How a run ended.
 *
 * @param end why
 * @param steps updates made
 * @param tokens that counted towards the loss
 * @param bestStep step of the best evaluation, -1 without any
 * @param bestScore its score, infinite without any
 * @param history the past
 */
public record TrainResult(
    End end, long steps, long tokens, long bestStep, double bestScore, History history) {

  /** Why a run ended. */
  public enum End {
    /** All steps were made. */
    @JsonProperty("finished")
    FINISHED,
    /** Validation didn't improve any more. */
    @JsonProperty("stopped_early")
    STOPPED_EARLY,
    /** {@link Trainer#requestStop} was called. */
    @JsonProperty("stopped")
    STOPPED
  }
}
