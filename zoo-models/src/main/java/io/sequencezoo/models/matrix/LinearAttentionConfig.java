package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Describes a {@link LinearAttention}. What is absent takes the first paper's default.
 *
 * @param heads H; 4
 * @param keyDim K, keys per head before the feature map; 0 for the width over the heads
 * @param valueExpansion H V over the width; 1
 * @param featureMap of queries and keys; elu_plus_one
 * @param taylorOrder P of Taylor features, 1 to 4; 2
 * @param normalised whether outputs are divided by the sum of their weights; true
 * @param normaliserEps added to that sum; 1e-10, for Taylor features 1e-6
 * @param bidirectional whether later positions are seen; false
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; none
 * @param norm whether outputs are normalised per head by their root mean square; false
 */
@JsonTypeName(LinearAttentionConfig.NAME)
@JsonClassDescription("Linear attention: features in place of the softmax, Based's among them")
public record LinearAttentionConfig(
    int heads,
    int keyDim,
    double valueExpansion,
    FeatureMap featureMap,
    int taylorOrder,
    boolean normalised,
    double normaliserEps,
    boolean bidirectional,
    int shortConvolution,
    GateActivation outputGate,
    @JsonAlias("outputNorm") boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "linear_attention";

  /** The Based paper's feature_dim. */
  private static final int BASED_KEYS = 16;

  /** Above, even narrow heads have more features than any state is worth. */
  private static final int MOST_ORDERS = 4;

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public LinearAttentionConfig {
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    HeadSizes.checkHeads(NAME, heads);
    checkArgument(
        keyDim >= 0,
        NAME + ": keyDim must be at least 1, or 0 for the width over the heads, got %s",
        keyDim);
    HeadSizes.checkPositive(NAME, "valueExpansion", valueExpansion);
    checkArgument(
        taylorOrder >= 1 && taylorOrder <= MOST_ORDERS,
        NAME + ": taylorOrder must be in 1 to %s, got %s",
        MOST_ORDERS,
        taylorOrder);
    checkArgument(
        normaliserEps >= 0 && Double.isFinite(normaliserEps),
        NAME + ": normaliserEps must not be negative, got %s",
        normaliserEps);
    checkArgument(
        !normalised || featureMap.isPositive(taylorOrder),
        NAME
            + ": normalised needs features with positive products, got %s of order %s;"
            + " use elu_plus_one, relu, taylor of order 2 or 4, or normalised: false",
        featureMap.name().toLowerCase(Locale.ROOT),
        taylorOrder);
    checkArgument(
        !bidirectional || shortConvolution == 0,
        NAME
            + ": shortConvolution must be 0 with bidirectional, got %s;"
            + " it is causal: leave one of them out",
        shortConvolution);
  }

  /** The layer of the paper that named it (Katharopoulos et al. 2020, equations 4, 7, 18-20). */
  public static LinearAttentionConfig standard() {
    return standard(FeatureMap.ELU_PLUS_ONE, true);
  }

  /** The default where these are said: Based adds 1e-6 to the normaliser. */
  static LinearAttentionConfig standard(FeatureMap featureMap, boolean normalised) {
    double eps = featureMap == FeatureMap.TAYLOR ? 1e-6 : 1e-10;
    return new LinearAttentionConfig(
        4, 0, 1, featureMap, 2, normalised, eps, false, 0, GateActivation.NONE, false);
  }

  /**
   * The linear attention of Based (Arora et al. 2024, section 4 and its code): second-order Taylor
   * features of 16 keys per head, normaliser + 1e-6.
   */
  public static LinearAttentionConfig based(int heads) {
    return Configs.with(
        standard(), Map.of("heads", heads, "keyDim", BASED_KEYS, "featureMap", FeatureMap.TAYLOR));
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LinearAttentionConfig> examples() {
    return List.of(
        standard(),
        Configs.with(
            standard(),
            Map.of(
                "heads", 2, "keyDim", 2, "featureMap", FeatureMap.TAYLOR, "shortConvolution", 2)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                1,
                "keyDim",
                3,
                "featureMap",
                FeatureMap.RELU,
                "valueExpansion",
                2,
                "norm",
                true)),
        Configs.with(
            standard(), Map.of("heads", 1, "featureMap", FeatureMap.IDENTITY, "normalised", false)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                2,
                "keyDim",
                2,
                "featureMap",
                FeatureMap.TAYLOR,
                "taylorOrder",
                3,
                "normalised",
                false)),
        Configs.with(standard(), Map.of("heads", 4, "keyDim", 2, "bidirectional", true)),
        Configs.with(standard(), Map.of("heads", 2, "outputGate", GateActivation.SIGMOID)));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes even = HeadSizes.of(NAME, place.width(), heads, 1, valueExpansion);
    HeadSizes sizes =
        keyDim == 0 ? even : new HeadSizes(place.width(), heads, heads, keyDim, even.values());
    return new SequenceMixer(new LinearAttention(sizes, this));
  }
}
