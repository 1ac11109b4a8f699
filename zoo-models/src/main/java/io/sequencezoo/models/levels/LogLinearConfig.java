package io.sequencezoo.models.levels;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.GatedDeltaNetConfig;
import io.sequencezoo.models.matrix.Mamba2Config;
import io.sequencezoo.models.matrix.MatrixHeads;
import java.util.List;
import java.util.Map;

/**
 * Describes a {@link LogLinear} layer.
 *
 * @param mixer the layer whose states there are several of: mamba2 or gated_delta_net
 * @param levels L, the token itself included; they reach 2^(L-1) tokens; 15, the reference's for
 *     16384
 */
@JsonTypeName(LogLinearConfig.NAME)
@JsonClassDescription("Log-linear attention: a matrix state for every power of two of the past")
public record LogLinearConfig(MixerConfig mixer, int levels) implements MixerConfig {
  static final String NAME = "log_linear";

  private static final int LEVELS = 15;
  private static final int MOST = 31;

  /** Checks each field alone; {@link #build} builds the layer. */
  public LogLinearConfig {
    checkArgument(mixer != null, NAME + ": mixer must be given, such as {type: mamba2}");
    checkArgument(
        levels >= 2 && levels <= MOST, NAME + ": levels must be in 2 to %s, got %s", MOST, levels);
  }

  /** This layer, for as many tokens as in the reference. */
  public static LogLinearConfig standard(MixerConfig mixer) {
    return new LogLinearConfig(mixer, LEVELS);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LogLinearConfig> examples() {
    return List.of(
        standard(Configs.with(Mamba2Config.standard(), Map.of("stateSize", 3, "headDim", 8))),
        new LogLinearConfig(
            new GatedDeltaNetConfig(2, 4, 0.5, 1.0, 2, true, GateActivation.NONE, true), 10));
  }

  @Override
  public SequenceMixer build(Place place) {
    Parametrisation layer = mixer.build(place).parametrisation();
    checkArgument(
        layer instanceof MatrixHeads,
        NAME + ": mixer must be mamba2 or gated_delta_net, got %s",
        layer.name());
    return new SequenceMixer(new LogLinear(layer, (MatrixHeads) layer, levels));
  }
}
