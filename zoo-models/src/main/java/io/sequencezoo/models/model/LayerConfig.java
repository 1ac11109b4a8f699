package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.List;

/**
 * Describes a {@link Layer}. In a model's list of layers the model's own blocks stand in for what
 * is absent.
 *
 * @param mixer the sequence mixer
 * @param channel the channel mixer; absent for none
 * @param norm the norms of branches, rms_norm where absent
 * @param normPlacement pre where absent
 * @param dropout the rate after branches in training, 0 where absent
 */
@JsonTypeName(LayerConfig.NAME)
@JsonClassDescription("Layer: a sequence and a channel mixer in residual branches")
public record LayerConfig(
    MixerConfig mixer,
    FeedForwardConfig channel,
    FeedForwardConfig norm,
    NormPlacement normPlacement,
    Double dropout)
    implements StageConfig {
  static final String NAME = "layer";

  /** Checks the rate. */
  public LayerConfig {
    checkArgument(
        dropout == null || (dropout >= 0 && dropout < 1),
        NAME + ": dropout must be in [0, 1), got %s",
        dropout);
  }

  /** A layer of these blocks, either of which may be null. */
  public LayerConfig(MixerConfig mixer, FeedForwardConfig channel) {
    this(mixer, channel, null, null, null);
  }

  /** A layer with this mixer and the model's channel mixer. */
  public static LayerConfig of(MixerConfig mixer) {
    return new LayerConfig(mixer, null);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LayerConfig> examples() {
    return List.of(
        of(LstmConfig.standard()),
        new LayerConfig(
            LstmConfig.standard(),
            MlpConfig.standard(),
            LayerNormConfig.standard(),
            NormPlacement.POST,
            0.1));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    checkArgument(mixer != null, NAME + ": mixer must be given, got none");
    return new Layer(
        filledBy(new LayerConfig(null, null, RmsNormConfig.standard(), NormPlacement.PRE, 0.0)),
        place);
  }

  @Override
  public List<MixerConfig> mixers() {
    return mixer == null ? List.of() : List.of(mixer);
  }

  @Override
  public LayerConfig filledBy(LayerConfig layer) {
    return new LayerConfig(
        mixer != null ? mixer : layer.mixer,
        channel != null ? channel : layer.channel,
        norm != null ? norm : layer.norm,
        normPlacement != null ? normPlacement : layer.normPlacement,
        dropout != null ? dropout : layer.dropout);
  }
}
