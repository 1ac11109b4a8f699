package io.sequencezoo.models.norm;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link LayerNorm}.
 *
 * @param eps ε, 1e-5 where absent, as in PyTorch
 * @param bias whether to shift, true where absent
 */
@JsonTypeName(LayerNormConfig.NAME)
@JsonClassDescription("Layer norm: mean 0 and variance 1")
public record LayerNormConfig(double eps, boolean bias) implements FeedForwardConfig {
  static final String NAME = "layer_norm";

  /** Fills in what is absent. */
  public LayerNormConfig {
    checkArgument(eps > 0, NAME + ": eps must be positive, got %s", eps);
  }

  /** PyTorch's defaults. */
  public static LayerNormConfig standard() {
    return new LayerNormConfig(1e-5, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LayerNormConfig> examples() {
    return List.of(standard(), new LayerNormConfig(1e-3, false));
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    return new LayerNorm(place.width(), eps, bias);
  }
}
