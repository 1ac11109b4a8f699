package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link QuadraticMlp}.
 *
 * @param activation f, relu where absent
 * @param expansion F / D, 4 where absent; F is rounded
 */
@JsonTypeName(QuadraticMlpConfig.NAME)
@JsonClassDescription("Quadratic MLP: products of linear maps, and maps of squares (ReLinear)")
public record QuadraticMlpConfig(Activation activation, double expansion)
    implements FeedForwardConfig {
  static final String NAME = "quadratic_mlp";

  /** Checks the range. */
  public QuadraticMlpConfig {
    ChannelShape.check(NAME, expansion, 0);
  }

  /** A ReLU between maps of four times the width. */
  public static QuadraticMlpConfig standard() {
    return new QuadraticMlpConfig(Activation.RELU, 4);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<QuadraticMlpConfig> examples() {
    return List.of(standard(), new QuadraticMlpConfig(Activation.SILU, 1.5));
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    ChannelShape shape = ChannelShape.of(NAME, place, expansion, true, 0);
    return new QuadraticMlp(shape.width(), shape.hidden(), activation);
  }
}
