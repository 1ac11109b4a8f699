package io.sequencezoo.models.residual;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where the norm of a residual branch stands. */
public enum NormPlacement {
  /** {@code x + f(norm(x))}: GPT-2 and nearly all since. */
  @JsonProperty("pre")
  PRE,
  /** {@code norm(x + f(x))}: the first Transformer. */
  @JsonProperty("post")
  POST
}
