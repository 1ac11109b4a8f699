package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;
import java.util.Map;

/**
 * Describes a {@link SoftmaxAttention}.
 *
 * @param heads query heads; 4 where absent
 * @param keyValueHeads heads of keys and values, a divisor of heads: 1 is multi-query attention;
 *     absent for as many as query heads
 * @param headDim features of a head; absent for width / heads
 * @param window only positions less than this many steps away are seen; absent for all
 * @param position how positions are told apart; rotary embedding where absent
 * @param qkNorm whether queries and keys are RMS-normalised per head; false where absent
 * @param bias whether queries, keys and values have a bias, keys only where it has an effect: with
 *     rope, qkNorm or shortConvolution; false where absent
 * @param outputBias whether the output projection has one; false where absent
 * @param scale of the logits; absent for headDim^-0.5
 * @param bidirectional whether later positions are seen; false where absent
 * @param shortConvolution W, the tokens that a causal convolution with SiLU on queries, keys and
 *     values spans, or 0 for no convolution; 0 where absent
 * @param sink whether every head has a learned logit that takes weight without a value, so that a
 *     query may attend to nothing; false where absent
 * @param dropout the fraction of attention weights that training drops, in [0, 1); 0 where absent
 * @param outputGate whether what is read is multiplied by the sigmoid of a projection of the input
 *     (Qiu et al. 2025, arXiv 2505.06708); false where absent
 * @param normEps what qkNorm adds to the mean square before its root is taken; 1e-5 where absent
 */
@JsonTypeName(SoftmaxAttentionConfig.NAME)
@JsonClassDescription("Softmax attention: all keys and values so far, or those in a window")
public record SoftmaxAttentionConfig(
    int heads,
    int keyValueHeads,
    @Derived int headDim,
    @Derived int window,
    Position position,
    boolean qkNorm,
    boolean bias,
    boolean outputBias,
    @Derived double scale,
    boolean bidirectional,
    int shortConvolution,
    boolean sink,
    double dropout,
    @JsonView(Configs.Since02.class) boolean outputGate,
    @JsonView(Configs.Since02.class) double normEps)
    implements MixerConfig {
  static final String NAME = "softmax_attention";

  // As the RMS norms of the reference's layers.
  private static final double NORM_EPS = 1e-5;

  /** Fills in the defaults. */
  public SoftmaxAttentionConfig {
    keyValueHeads = HeadSizes.keyValueHeads(NAME, heads, keyValueHeads);
    HeadSizes.checkDerived(NAME, "headDim", headDim, "its default");
    HeadSizes.checkDerived(NAME, "window", window, "none");
    checkArgument(
        scale >= 0 && Double.isFinite(scale),
        NAME + ": scale must be positive, or 0 for headDim^-0.5, got %s",
        scale);
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    checkArgument(
        shortConvolution == 0 || !bidirectional,
        NAME
            + ": shortConvolution must be 0 with bidirectional, got %s;"
            + " it is causal: leave one of them out",
        shortConvolution);
    checkArgument(
        dropout >= 0 && dropout < 1, NAME + ": dropout must be in [0, 1), got %s", dropout);
    checkArgument(
        normEps > 0 && Double.isFinite(normEps),
        NAME + ": normEps must be positive, got %s",
        normEps);
  }

  /** Causal attention of four heads with rotary embedding. */
  public static SoftmaxAttentionConfig standard() {
    return standard(4);
  }

  /** Causal multi-head attention with rotary embedding. */
  public static SoftmaxAttentionConfig of(int heads) {
    return standard(heads);
  }

  /** The attention of GPT-2: biases everywhere; positions belong to the model. */
  public static SoftmaxAttentionConfig gpt2(int heads) {
    return Configs.with(
        standard(heads), Map.of("position", new Position.None(), "bias", true, "outputBias", true));
  }

  /** The default where this is said: keyValueHeads are as many. */
  static SoftmaxAttentionConfig standard(int heads) {
    return new SoftmaxAttentionConfig(
        heads,
        0,
        0,
        0,
        Position.Rope.standard(),
        false,
        false,
        false,
        0,
        false,
        0,
        false,
        0,
        false,
        NORM_EPS);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<SoftmaxAttentionConfig> examples() {
    return List.of(
        of(2),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                4,
                "keyValueHeads",
                2,
                "headDim",
                4,
                "window",
                5,
                "position",
                new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 0.5),
                "qkNorm",
                true,
                "sink",
                true)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                3,
                "keyValueHeads",
                1,
                "headDim",
                3,
                "position",
                new Position.Alibi(),
                "bias",
                true,
                "outputBias",
                true,
                "outputGate",
                true,
                "scale",
                0.5)),
        Configs.with(standard(), Map.of("heads", 1, "position", new Position.Learned(256))),
        Configs.with(standard(), Map.of("heads", 2, "keyValueHeads", 1, "shortConvolution", 3)));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new SoftmaxAttention(this, place));
  }

  /** The size of a head at this width. */
  int headDimFor(int width) {
    return HeadSizes.of(NAME, width, heads, headDim);
  }
}
