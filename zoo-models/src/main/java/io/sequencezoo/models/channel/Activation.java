package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.kernel.Unary;

/** The activations of channel mixers, by their names in configurations. */
public enum Activation {
  /** {@code max(x, 0)}. */
  @JsonProperty("relu")
  RELU(Unary.RELU),
  /** {@code max(x, 0)²} (Primer, arXiv 2109.08668). */
  @JsonProperty("relu_squared")
  RELU_SQUARED(Unary.RELU_SQUARED),
  /** {@code x Φ(x)}. */
  @JsonProperty("gelu")
  GELU(Unary.GELU),
  /** {@code x Φ(x)} by GPT-2's approximation. */
  @JsonProperty("gelu_tanh")
  GELU_TANH(Unary.GELU_TANH),
  /** {@code x σ(x)}. */
  @JsonProperty("silu")
  SILU(Unary.SILU),
  /** Hyperbolic tangent. */
  @JsonProperty("tanh")
  TANH(Unary.TANH),
  /** Logistic sigmoid. */
  @JsonProperty("sigmoid")
  SIGMOID(Unary.SIGMOID),
  /** {@code log(1 + e^x)}. */
  @JsonProperty("softplus")
  SOFTPLUS(Unary.SOFTPLUS);

  private final Unary function;

  Activation(Unary function) {
    this.function = function;
  }

  /** The function. */
  public Unary function() {
    return function;
  }
}
