package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;
import java.util.Locale;

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
    return builder().build();
  }

  /** The default where these are said: Based adds 1e-6 to the normaliser. */
  static LinearAttentionConfig standard(FeatureMap featureMap, boolean normalised) {
    return builder().featureMap(featureMap).normalised(normalised).build();
  }

  /**
   * The linear attention of Based (Arora et al. 2024, section 4 and its code): second-order Taylor
   * features of 16 keys per head, normaliser + 1e-6.
   */
  public static LinearAttentionConfig based(int heads) {
    return builder().heads(heads).keyDim(BASED_KEYS).featureMap(FeatureMap.TAYLOR).build();
  }

  /** A builder of the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LinearAttentionConfig> examples() {
    return List.of(
        standard(),
        builder().heads(2).keyDim(2).featureMap(FeatureMap.TAYLOR).shortConvolution(2).build(),
        builder()
            .heads(1)
            .keyDim(3)
            .featureMap(FeatureMap.RELU)
            .valueExpansion(2)
            .norm(true)
            .build(),
        builder().heads(1).featureMap(FeatureMap.IDENTITY).normalised(false).build(),
        builder()
            .heads(2)
            .keyDim(2)
            .featureMap(FeatureMap.TAYLOR)
            .taylorOrder(3)
            .normalised(false)
            .build(),
        builder().heads(4).keyDim(2).bidirectional(true).build(),
        builder().heads(2).outputGate(GateActivation.SIGMOID).build());
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes even = HeadSizes.of(NAME, place.width(), heads, 1, valueExpansion);
    HeadSizes sizes =
        keyDim == 0 ? even : new HeadSizes(place.width(), heads, heads, keyDim, even.values());
    return new SequenceMixer(new LinearAttention(sizes, this));
  }

  /** Sets fields by name; the rest keep their defaults. */
  public static final class Builder {
    private int heads = 4;
    private int keyDim;
    private double valueExpansion = 1;
    private FeatureMap featureMap = FeatureMap.ELU_PLUS_ONE;
    private int taylorOrder = 2;
    private boolean normalised = true;
    private double normaliserEps = 1e-10;
    private boolean bidirectional;
    private int shortConvolution;
    private GateActivation outputGate = GateActivation.NONE;
    private boolean norm;

    private Builder() {}

    /** H. */
    public Builder heads(int number) {
      this.heads = number;
      return this;
    }

    /** K before the feature map. */
    public Builder keyDim(int keys) {
      this.keyDim = keys;
      return this;
    }

    /** H V over the width. */
    public Builder valueExpansion(double factor) {
      this.valueExpansion = factor;
      return this;
    }

    /** Of queries and keys; sets the default of what is added to the normaliser. */
    public Builder featureMap(FeatureMap map) {
      this.featureMap = map;
      this.normaliserEps = map == FeatureMap.TAYLOR ? 1e-6 : 1e-10;
      return this;
    }

    /** P. */
    public Builder taylorOrder(int order) {
      this.taylorOrder = order;
      return this;
    }

    /** Whether outputs are divided by the sum of their weights. */
    public Builder normalised(boolean on) {
      this.normalised = on;
      return this;
    }

    /** Added to that sum. */
    public Builder normaliserEps(double eps) {
      this.normaliserEps = eps;
      return this;
    }

    /** Whether outputs are normalised per head. */
    public Builder norm(boolean on) {
      this.norm = on;
      return this;
    }

    /** Whether later positions are seen. */
    public Builder bidirectional(boolean on) {
      this.bidirectional = on;
      return this;
    }

    /** W. */
    public Builder shortConvolution(int span) {
      this.shortConvolution = span;
      return this;
    }

    /** What multiplies the outputs. */
    public Builder outputGate(GateActivation activation) {
      this.outputGate = activation;
      return this;
    }

    /** The configuration, checked. */
    public LinearAttentionConfig build() {
      return new LinearAttentionConfig(
          heads,
          keyDim,
          valueExpansion,
          featureMap,
          taylorOrder,
          normalised,
          normaliserEps,
          bidirectional,
          shortConvolution,
          outputGate,
          norm);
    }
  }
}
