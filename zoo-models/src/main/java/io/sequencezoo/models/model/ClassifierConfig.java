package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.GruConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.models.vector.PoolingConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link Classifier}. What goes in is tokens or numbers: exactly one of vocabulary and
 * features is given.
 *
 * @param classes C
 * @param vocabulary V, the number of tokens
 * @param features F, the numbers of a step
 * @param pooling what of the sequence is classified: last, mean or attention; mean where absent
 * @param width D
 * @param layers their number, or one stage each: a layer, or one of another type
 * @param mixer the sequence mixer of layers that name none
 * @param channel the channel mixer of layers that name none; absent for layers without
 * @param norm the norms of branches and of the output, rms_norm where absent
 * @param normPlacement pre where absent
 * @param maxPositions the number of learned absolute positions of tokens, 0 or absent for none
 * @param dropout the rate after embeddings and branches in training, 0 where absent
 */
@JsonTypeName(ClassifierConfig.NAME)
@JsonClassDescription("Classifier: tokens or numbers in, classes of the sequence so far out")
public record ClassifierConfig(
    int classes,
    @Derived int vocabulary,
    @Derived int features,
    Over pooling,
    int width,
    Layers layers,
    @Derived @Nullable MixerConfig mixer,
    @Derived @Nullable FeedForwardConfig channel,
    FeedForwardConfig norm,
    NormPlacement normPlacement,
    int maxPositions,
    double dropout)
    implements LayeredConfig {
  static final String NAME = "classifier";

  /** Of first embeddings, as language models'. */
  private static final double STD = 0.02;

  /** What of a sequence is classified. */
  public enum Over {
    /** What the stages make of the last token. */
    @JsonProperty("last")
    LAST,
    /** The mean over all tokens. */
    @JsonProperty("mean")
    MEAN,
    /** The mean by weights that a score of every token sets. */
    @JsonProperty("attention")
    ATTENTION
  }

  /** Checks the ranges, that something goes in, and that every layer has a mixer. */
  public ClassifierConfig {
    checkArgument(classes >= 2, NAME + ": classes must be at least 2, got %s", classes);
    checkArgument(
        vocabulary >= 0 && features >= 0 && (vocabulary > 0) != (features > 0),
        NAME
            + ": input must be tokens or numbers, got vocabulary %s and features %s; set one of"
            + " them to at least 1",
        vocabulary,
        features);
    checkArgument(
        maxPositions == 0 || (maxPositions > 0 && vocabulary > 0),
        NAME + ": maxPositions must be 0, or positive where there are tokens, got %s",
        maxPositions);
    LayeredConfig.check(NAME, width, layers, mixer, dropout);
  }

  /** The default where these are said, of which every model says its own. */
  static ClassifierConfig standard(
      int classes,
      int vocabulary,
      int features,
      int width,
      Layers layers,
      @Nullable MixerConfig mixer) {
    return of(classes, vocabulary, features, Over.MEAN, width, layers, mixer, null);
  }

  /**
   * A classifier with everything else at its default.
   *
   * @param vocabulary V of tokens, or 0 for numbers
   * @param features F of numbers, or 0 for tokens
   * @param mixer null where every layer names its own
   * @param channel null for none in layers that name none
   */
  public static ClassifierConfig of(
      int classes,
      int vocabulary,
      int features,
      Over pooling,
      int width,
      Layers layers,
      @Nullable MixerConfig mixer,
      @Nullable FeedForwardConfig channel) {
    return new ClassifierConfig(
        classes,
        vocabulary,
        features,
        pooling,
        width,
        layers,
        mixer,
        channel,
        RmsNormConfig.standard(),
        NormPlacement.PRE,
        0,
        0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ClassifierConfig> examples() {
    Layers one = Layers.of(1);
    MixerConfig lstm = LstmConfig.standard();
    FeedForwardConfig glu = GluConfig.standard();
    return List.of(
        of(3, 11, 0, Over.MEAN, 8, one, lstm, glu),
        of(2, 0, 2, Over.ATTENTION, 8, one, GruConfig.standard(), null),
        new ClassifierConfig(
            3,
            11,
            0,
            Over.LAST,
            8,
            one,
            lstm,
            glu,
            LayerNormConfig.standard(),
            NormPlacement.POST,
            9,
            0.1));
  }

  @Override
  public Classifier build() {
    return new Classifier(this);
  }

  /** What goes in. */
  Input input() {
    return vocabulary > 0
        ? new TokenInput(vocabulary, width, maxPositions, dropout, Initialisers.normal(STD))
        : new ContinuousInput(features, width, Initialisers.fanInUniform());
  }

  @Override
  public @Nullable MixerConfig last() {
    return pooling == Over.LAST ? null : new PoolingConfig(pooling == Over.ATTENTION);
  }
}
