package io.sequencezoo.models.examples;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.List;

/**
 * Describes a {@link DepthRecurrent}.
 *
 * @param transition the stage that is repeated
 * @param depth how often
 * @param ponderWeight what the objective multiplies the mean depth by
 */
@JsonTypeName("depth_recurrent")
@JsonClassDescription("A stage that is repeated with shared parameters and halts softly")
public record DepthRecurrentConfig(StageConfig transition, int depth, double ponderWeight)
    implements StageConfig {
  /** Checks the depth. */
  public DepthRecurrentConfig {
    checkArgument(transition != null, "depth_recurrent: transition must be given, got none");
    checkArgument(depth >= 1, "depth_recurrent: depth must be at least 1, got %s", depth);
  }

  /** The small form that the laws run over. */
  public static List<DepthRecurrentConfig> examples() {
    return List.of(
        new DepthRecurrentConfig(
            new LayerConfig(LstmConfig.standard(), GluConfig.standard()), 3, 0.01));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    return new DepthRecurrent(this, place);
  }

  @Override
  public List<MixerConfig> mixers() {
    return transition.mixers();
  }

  @Override
  public StageConfig filledBy(LayerConfig layer) {
    return new DepthRecurrentConfig(transition.filledBy(layer), depth, ponderWeight);
  }
}
