package io.sequencezoo.models.norm;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * Describes a {@link LayerNorm}.
 *
 * @param eps ε, 1e-5 where absent, as in PyTorch
 * @param bias whether to shift, true where absent
 */
@JsonTypeName("layer_norm")
public record LayerNormConfig(double eps, boolean bias) implements FeedForwardConfig {
  /** Fills in what is absent. */
  public LayerNormConfig {
    checkArgument(eps > 0, "layer_norm: eps must be positive, got %s", eps);
  }

  /** PyTorch's defaults. */
  public static LayerNormConfig standard() {
    return new LayerNormConfig(1e-5, true);
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    return new LayerNorm(place.width(), eps, bias);
  }
}
