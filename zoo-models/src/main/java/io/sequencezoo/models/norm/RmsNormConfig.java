package io.sequencezoo.models.norm;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link RmsNorm}.
 *
 * @param eps ε, 1e-5 where absent, as in Llama
 * @param groups number of groups of features, 1 where absent
 */
@JsonTypeName(RmsNormConfig.NAME)
@JsonClassDescription("RMS norm: mean square 1")
public record RmsNormConfig(double eps, int groups) implements FeedForwardConfig {
  static final String NAME = "rms_norm";

  /** Fills in what is absent. */
  public RmsNormConfig {
    checkArgument(eps > 0, NAME + ": eps must be positive, got %s", eps);
    checkArgument(groups >= 1, NAME + ": groups must be at least 1, got %s", groups);
  }

  /** One group. */
  public static RmsNormConfig standard() {
    return new RmsNormConfig(1e-5, 1);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<RmsNormConfig> examples() {
    return List.of(standard(), new RmsNormConfig(1e-3, 2));
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    return new RmsNorm(place.width(), eps, groups);
  }
}
