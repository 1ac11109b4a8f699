package io.sequencezoo.models.depth;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How every step sees the stage's input again. */
public enum Injection {
  /** It doesn't: the input is the state before the first step. */
  @JsonProperty("none")
  NONE,
  /** Added to the state, which starts at zero. */
  @JsonProperty("add")
  ADD,
  /** Beside the state, which starts at zero, and mapped back to the width. */
  @JsonProperty("concatenate")
  CONCATENATE
}
