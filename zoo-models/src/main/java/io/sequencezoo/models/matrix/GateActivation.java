package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * What multiplies the outputs of a layer with matrix states, feature by feature: {@code f(x W_g)}.
 *
 * <p>Files may also say {@code true} for silu and {@code false} for none.
 */
public enum GateActivation {
  /** {@code f(z) = z σ(z)}. */
  @JsonProperty("silu")
  @JsonAlias({"swish", "true"})
  SILU(Unary.SILU),
  /** {@code f(z) = σ(z)}. */
  @JsonProperty("sigmoid")
  SIGMOID(Unary.SIGMOID),
  /** No gate, and no projection for one. */
  @JsonProperty("none")
  @JsonAlias("false")
  NONE(null);

  private final @Nullable Unary activation;

  GateActivation(@Nullable Unary activation) {
    this.activation = activation;
  }

  /** f; null for no gate. */
  @Nullable Unary activation() {
    return activation;
  }
}
