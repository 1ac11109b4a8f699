package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link LanguageModel}.
 *
 * @param vocabulary V, the number of tokens; absent where the task says it
 * @param width D
 * @param layers their number, or one stage each: a layer, or one of another type
 * @param mixer the sequence mixer of layers that name none
 * @param channel the channel mixer of layers that name none; absent for layers without
 * @param norm the norms of branches and of the output, rms_norm where absent
 * @param normPlacement pre where absent
 * @param tiedEmbeddings whether the table of embeddings is also the map to logits, true where
 *     absent
 * @param maxPositions the number of learned absolute positions, 0 or absent for none
 * @param dropout the rate after embeddings and branches in training, 0 where absent
 * @param initStd standard deviation of first embeddings, positions and logit weights, 0.02 where
 *     absent
 * @param logitCap c of logits {@code c tanh(y / c)}, 0 or absent for no cap
 */
@JsonTypeName(LanguageModelConfig.NAME)
@JsonClassDescription("Language model: embeddings, layers of mixers in residual branches, logits")
public record LanguageModelConfig(
    @Derived int vocabulary,
    int width,
    Layers layers,
    @Derived @Nullable MixerConfig mixer,
    @Derived @Nullable FeedForwardConfig channel,
    FeedForwardConfig norm,
    NormPlacement normPlacement,
    boolean tiedEmbeddings,
    int maxPositions,
    double dropout,
    double initStd,
    @JsonView(Configs.Since02.class) double logitCap)
    implements LayeredConfig {
  static final String NAME = "language_model";

  /** Checks the ranges, and that every layer has a mixer. */
  public LanguageModelConfig {
    checkArgument(
        vocabulary >= 0,
        NAME + ": vocabulary must be at least 1, or 0 for the task's, got %s",
        vocabulary);
    LayeredConfig.check(NAME, width, layers, mixer, dropout);
    checkArgument(
        maxPositions >= 0, NAME + ": maxPositions must not be negative, got %s", maxPositions);
    checkArgument(
        initStd >= 0 && initStd < Double.POSITIVE_INFINITY,
        NAME + ": initStd must not be negative, got %s",
        initStd);
    checkArgument(
        logitCap >= 0 && logitCap < Double.POSITIVE_INFINITY,
        NAME + ": logitCap must be positive, or 0 for none, got %s",
        logitCap);
  }

  /** The default where these are said, of which every model says its own. */
  static LanguageModelConfig standard(int width, Layers layers, @Nullable MixerConfig mixer) {
    return of(0, width, layers, mixer, null);
  }

  /** A model of equal layers, with everything else at its default. */
  public static LanguageModelConfig of(
      int vocabulary,
      int width,
      int layers,
      @Nullable MixerConfig mixer,
      @Nullable FeedForwardConfig channel) {
    return of(vocabulary, width, Layers.of(layers), mixer, channel);
  }

  /**
   * A model with everything else at its default.
   *
   * @param vocabulary V, or 0 for the task's
   * @param mixer null where every layer names its own
   * @param channel null for none in layers that name none
   */
  public static LanguageModelConfig of(
      int vocabulary,
      int width,
      Layers layers,
      @Nullable MixerConfig mixer,
      @Nullable FeedForwardConfig channel) {
    return new LanguageModelConfig(
        vocabulary,
        width,
        layers,
        mixer,
        channel,
        RmsNormConfig.standard(),
        NormPlacement.PRE,
        true,
        0,
        0,
        0.02,
        0);
  }

  /** The same model of a vocabulary. */
  public LanguageModelConfig withVocabulary(int size) {
    return Configs.with(this, "vocabulary", size);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LanguageModelConfig> examples() {
    LanguageModelConfig plain = of(11, 8, 2, LstmConfig.standard(), GluConfig.standard());
    return List.of(plain, Configs.with(plain, "logitCap", 2));
  }

  @Override
  public LanguageModel build() {
    return new LanguageModel(this);
  }
}
