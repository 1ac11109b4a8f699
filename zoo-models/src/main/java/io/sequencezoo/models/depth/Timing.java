package io.sequencezoo.models.depth;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What tells a shared transition which step, or which position, it is at. */
public enum Timing {
  /** Nothing does. */
  @JsonProperty("none")
  NONE,
  /** A learned vector each. */
  @JsonProperty("learned")
  LEARNED,
  /** Waves of many lengths. */
  @JsonProperty("sinusoidal")
  SINUSOIDAL
}
