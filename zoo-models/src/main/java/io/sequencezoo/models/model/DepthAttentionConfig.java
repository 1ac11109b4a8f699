package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.GruConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.List;

/**
 * Describes a {@link DepthAttention}.
 *
 * @param layers its stages: their number, a list or a pattern
 */
@JsonTypeName(DepthAttentionConfig.NAME)
@JsonClassDescription("Depth attention: stages that attend to the outputs of all before them")
public record DepthAttentionConfig(Layers layers) implements StageConfig {
  static final String NAME = "depth_attention";

  /** Checks that there are stages. */
  public DepthAttentionConfig {
    checkArgument(
        layers != null, NAME + ": layers must be given, got none; write their number or a list");
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<DepthAttentionConfig> examples() {
    return List.of(
        new DepthAttentionConfig(
            Layers.of(
                List.of(
                    new LayerConfig(LstmConfig.standard(), GluConfig.standard()),
                    LayerConfig.of(GruConfig.standard())))));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    return new DepthAttention(
        layers.stream().map(stage -> stage.build(place)).toList(), place.width());
  }

  @Override
  public List<MixerConfig> mixers() {
    return layers.stream().flatMap(stage -> stage.mixers().stream()).toList();
  }

  @Override
  public StageConfig filledBy(LayerConfig layer) {
    return new DepthAttentionConfig(
        Layers.of(layers.stream().map(stage -> stage.filledBy(layer)).toList()));
  }
}
