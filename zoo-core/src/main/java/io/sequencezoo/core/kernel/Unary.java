package io.sequencezoo.core.kernel;

/** Element-wise functions that every kernel provider evaluates and differentiates. */
public enum Unary {
  /** {@code -x}. */
  NEGATE,
  /** {@code e^x}. */
  EXP,
  /** Natural logarithm. */
  LOG,
  /** {@code x²}. */
  SQUARE,
  /** {@code √x}. */
  SQRT,
  /** {@code 1/x}. */
  RECIPROCAL,
  /** Hyperbolic tangent. */
  TANH,
  /** Logistic sigmoid {@code σ(x) = 1/(1 + e^-x)}. */
  SIGMOID,
  /** {@code x σ(x)}, also called swish. */
  SILU,
  /** {@code x Φ(x)} by the tanh form of Hendrycks and Gimpel (GPT-2's GELU). */
  GELU_TANH,
  /** {@code x Φ(x)} with the exact normal distribution function. */
  GELU,
  /** {@code max(x, 0)}. */
  RELU,
  /** {@code max(x, 0)²}, Primer's activation. */
  RELU_SQUARED,
  /** {@code log(1 + e^x)}, without overflow. */
  SOFTPLUS,
  /** {@code log σ(x) = -softplus(-x)}, without overflow. */
  LOG_SIGMOID,
  /** {@code x + 1} for positive, {@code e^x} for other x: the feature map {@code elu(x) + 1}. */
  ELU_PLUS_ONE
}
