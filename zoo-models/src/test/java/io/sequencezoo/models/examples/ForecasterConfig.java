package io.sequencezoo.models.examples;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.ModelConfig;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.List;

/**
 * Describes a {@link Forecaster}.
 *
 * @param features F, the numbers of a step
 * @param horizon H, the steps ahead
 * @param width D
 * @param stages one after the other
 */
@JsonTypeName("forecaster")
@JsonClassDescription("A forecaster of several steps ahead")
public record ForecasterConfig(int features, int horizon, int width, List<StageConfig> stages)
    implements ModelConfig {
  /** Checks the sizes. */
  public ForecasterConfig {
    checkArgument(features >= 1, "forecaster: features must be at least 1, got %s", features);
    checkArgument(horizon >= 1, "forecaster: horizon must be at least 1, got %s", horizon);
    stages = List.copyOf(stages);
  }

  /** The small form that the laws run over. */
  public static List<ForecasterConfig> examples() {
    return List.of(
        new ForecasterConfig(
            2, 3, 8, List.of(new LayerConfig(LstmConfig.standard(), GluConfig.standard()))));
  }

  @Override
  public Forecaster build() {
    return new Forecaster(this);
  }

  @Override
  public List<MixerConfig> mixers() {
    return stages.stream().flatMap(stage -> stage.mixers().stream()).toList();
  }
}
