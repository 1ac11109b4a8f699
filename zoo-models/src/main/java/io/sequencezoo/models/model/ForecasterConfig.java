package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.List;

/**
 * Describes a {@link Forecaster}.
 *
 * @param features F, the numbers of a step; absent where the task says it
 * @param horizon H, the steps ahead, 1 where absent
 * @param width D
 * @param layers their number, or one stage each: a layer, or one of another type
 * @param mixer the sequence mixer of layers that name none
 * @param channel the channel mixer of layers that name none; absent for layers without
 * @param norm the norms of branches and of the output, rms_norm where absent
 * @param normPlacement pre where absent
 * @param dropout the rate after branches in training, 0 where absent
 */
@JsonTypeName(ForecasterConfig.NAME)
@JsonClassDescription("Forecaster: numbers in, those of several steps ahead out; closed loop")
public record ForecasterConfig(
    @Derived int features,
    int horizon,
    int width,
    Layers layers,
    @Derived MixerConfig mixer,
    @Derived FeedForwardConfig channel,
    FeedForwardConfig norm,
    NormPlacement normPlacement,
    double dropout)
    implements LayeredConfig {
  static final String NAME = "forecaster";

  /** Checks the ranges, and that every layer has a mixer. */
  public ForecasterConfig {
    checkArgument(
        features >= 0,
        NAME + ": features must be at least 1, or 0 for the task's, got %s",
        features);
    checkArgument(horizon >= 1, NAME + ": horizon must be at least 1, got %s", horizon);
    LayeredConfig.check(NAME, width, layers, mixer, dropout);
  }

  /** The default where these are said, of which every model says its own. */
  static ForecasterConfig standard(int width, Layers layers, MixerConfig mixer) {
    return of(0, 1, width, layers, mixer, null);
  }

  /**
   * A model with everything else at its default.
   *
   * @param features F, or 0 for the task's
   * @param mixer null where every layer names its own
   * @param channel null for none in layers that name none
   */
  public static ForecasterConfig of(
      int features,
      int horizon,
      int width,
      Layers layers,
      MixerConfig mixer,
      FeedForwardConfig channel) {
    return new ForecasterConfig(
        features,
        horizon,
        width,
        layers,
        mixer,
        channel,
        RmsNormConfig.standard(),
        NormPlacement.PRE,
        0);
  }

  /** The same model of so many numbers a step. */
  public ForecasterConfig withFeatures(int size) {
    return Configs.with(this, "features", size);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ForecasterConfig> examples() {
    return List.of(
        of(2, 3, 8, Layers.of(2), LstmConfig.standard(), GluConfig.standard()),
        new ForecasterConfig(
            1,
            1,
            8,
            Layers.of(List.of(LayerConfig.of(LstmConfig.standard()))),
            null,
            null,
            LayerNormConfig.standard(),
            NormPlacement.POST,
            0.1));
  }

  @Override
  public Forecaster build() {
    return new Forecaster(this);
  }
}
