package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.models.residual.ResidualGate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link Layer}. In a model's list of layers the model's own blocks stand in for what
 * is absent.
 *
 * @param mixer the sequence mixer
 * @param channel the channel mixer; absent for none
 * @param norm the norms of branches, rms_norm where absent
 * @param normPlacement pre where absent
 * @param dropout the rate after branches in training, 0 where absent
 * @param residual how branches join the stream, additive where absent
 * @param shortcut what is added to the mixer's output from the same input, such as {@link
 *     MlpConfig#augmentedShortcut}; absent for none
 */
@JsonTypeName(LayerConfig.NAME)
@JsonClassDescription("Layer: a sequence and a channel mixer in residual branches")
public record LayerConfig(
    @Nullable MixerConfig mixer,
    @Nullable FeedForwardConfig channel,
    @Nullable FeedForwardConfig norm,
    @Nullable NormPlacement normPlacement,
    @Nullable Double dropout,
    @Derived @JsonView(Configs.Since02.class) @Nullable ResidualGate residual,
    @Derived @JsonView(Configs.Since02.class) @Nullable FeedForwardConfig shortcut)
    implements StageConfig {
  static final String NAME = "layer";

  /** Checks the rate. */
  public LayerConfig {
    checkArgument(
        dropout == null || (dropout >= 0 && dropout < 1),
        NAME + ": dropout must be in [0, 1), got %s",
        dropout);
  }

  /** A layer whose branches join the stream as its model's do, without a shortcut. */
  public LayerConfig(
      @Nullable MixerConfig mixer,
      @Nullable FeedForwardConfig channel,
      @Nullable FeedForwardConfig norm,
      @Nullable NormPlacement normPlacement,
      @Nullable Double dropout) {
    this(mixer, channel, norm, normPlacement, dropout, null, null);
  }

  /** A layer of these blocks, either of which may be null. */
  public LayerConfig(@Nullable MixerConfig mixer, @Nullable FeedForwardConfig channel) {
    this(mixer, channel, null, null, null);
  }

  private static LayerConfig of(ResidualGate residual, @Nullable FeedForwardConfig shortcut) {
    MixerConfig lstm = LstmConfig.standard();
    return new LayerConfig(lstm, MlpConfig.standard(), null, null, null, residual, shortcut);
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
            0.1),
        of(new ResidualGate.Rate(false, 0.5), null),
        of(new ResidualGate.Rate(true, 0.5), null),
        of(ResidualGate.InputDependent.standard(), null),
        of(new ResidualGate.Coupled(-1), MlpConfig.augmentedShortcut(2, 4)));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    checkArgument(mixer != null, NAME + ": mixer must be given, got none");
    return new Layer(
        filledBy(
            new LayerConfig(
                null,
                null,
                RmsNormConfig.standard(),
                NormPlacement.PRE,
                0.0,
                new ResidualGate.Additive(),
                null)),
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
        dropout != null ? dropout : layer.dropout,
        residual != null ? residual : layer.residual,
        shortcut != null ? shortcut : layer.shortcut);
  }
}
