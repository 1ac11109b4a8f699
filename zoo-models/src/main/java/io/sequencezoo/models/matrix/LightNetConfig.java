package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import io.sequencezoo.models.position.Grid;
import io.sequencezoo.models.position.RelativeEncoding;
import java.util.List;
import java.util.Map;

/**
 * Describes a {@link LightNet}. What is absent takes the default of fla's layer.
 *
 * @param heads H; 0 for one per 128 features, at least one
 * @param keyExpansion H K over the width; 1
 * @param start what the sum of the softmax over time starts from; empty
 * @param outputGate what multiplies the outputs: silu, sigmoid or none; silu
 * @param gatePlace whether the gate comes before or after the norm; after_norm
 * @param gateLowRank R, the rank of the gate's projection, or 0 for V; 128
 * @param norm what the output is normalised over; whole
 * @param relative linearised relative encoding of queries and keys (MD-LRPE); none
 * @param relativeBase the base of its angles; 10000
 * @param toeplitz which layers add a Toeplitz position encoding (MD-TPE) to their input; none
 * @param axes sizes of the grid that the sequence is flattened from, such as [height, width]; empty
 *     for an ordinary sequence
 * @param bidirectional whether later positions are seen: the one-scan form; false
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 */
@JsonTypeName(LightNetConfig.NAME)
@JsonClassDescription(
    "LightNet: a softmax over time as a matrix state, in one scan of a grid of any axes")
public record LightNetConfig(
    int heads,
    double keyExpansion,
    Start start,
    @JsonAlias("gate") GateActivation outputGate,
    GatePlace gatePlace,
    int gateLowRank,
    Norm norm,
    RelativeEncoding relative,
    double relativeBase,
    Toeplitz toeplitz,
    List<Integer> axes,
    boolean bidirectional,
    int shortConvolution)
    implements MixerConfig {
  static final String NAME = "lightnet";

  /** What the sum of exponentials is before the first token. */
  public enum Start {
    /** Nothing, {@code z_0 = -∞}: the first token takes all the weight. */
    @JsonProperty("empty")
    EMPTY(Double.NEGATIVE_INFINITY),
    /** One, {@code z_0 = 0}: the denominator is {@code 1 + Σ e^k}. */
    @JsonProperty("one")
    ONE(0);

    private final double logarithm;

    Start(double logarithm) {
      this.logarithm = logarithm;
    }

    /** {@code z_0}. */
    public double logarithm() {
      return logarithm;
    }
  }

  /** Where the output gate multiplies. */
  public enum GatePlace {
    /** {@code rms(o) ⊙ gate}: fla. */
    @JsonProperty("after_norm")
    AFTER_NORM,
    /** {@code rms(o ⊙ gate)}: xmixers. */
    @JsonProperty("before_norm")
    BEFORE_NORM
  }

  /** What one root mean square is taken over. */
  public enum Norm {
    /** All heads together: fla. */
    @JsonProperty("whole")
    @JsonAlias("true")
    WHOLE,
    /** Each head by itself: xmixers. */
    @JsonProperty("per_head")
    PER_HEAD,
    /** Nothing: no norm. */
    @JsonProperty("none")
    @JsonAlias("false")
    NONE
  }

  /** Which layers of a model have a Toeplitz position encoding. */
  public enum Toeplitz {
    /** None. */
    @JsonProperty("none")
    NONE,
    /** The first: once per model, as the authors' models have it. */
    @JsonProperty("first_layer")
    FIRST_LAYER,
    /** Every one. */
    @JsonProperty("every_layer")
    EVERY_LAYER
  }

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public LightNetConfig {
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    axes = ImmutableList.copyOf(axes);
    checkArgument(
        heads >= 0,
        NAME + ": heads must be at least 1, or 0 for one per 128 features, got %s",
        heads);
    HeadSizes.checkPositive(NAME, "keyExpansion", keyExpansion);
    HeadSizes.checkPositive(NAME, "relativeBase", relativeBase);
    checkArgument(
        gateLowRank >= 0,
        NAME + ": gateLowRank must be at least 1, or 0 for the values of a head, got %s",
        gateLowRank);
    checkArgument(
        axes.stream().allMatch(size -> size >= 1),
        NAME + ": axes must be sizes of at least 1, got %s",
        axes);
    checkArgument(
        axes.isEmpty() || toeplitz != Toeplitz.NONE || relative != RelativeEncoding.NONE,
        NAME
            + ": axes need a position encoding that uses them, got axes %s; give toeplitz or"
            + " relative, or leave axes out",
        axes);
    checkArgument(
        !bidirectional || shortConvolution == 0,
        NAME
            + ": shortConvolution must be 0 with bidirectional, got %s;"
            + " it is causal: leave one of them out",
        shortConvolution);
  }

  /** The layer as fla has it (fla/layers/lightnet.py). */
  public static LightNetConfig standard() {
    return new LightNetConfig(
        0,
        1,
        Start.EMPTY,
        GateActivation.SILU,
        GatePlace.AFTER_NORM,
        128,
        Norm.WHOLE,
        RelativeEncoding.NONE,
        10000,
        Toeplitz.NONE,
        List.of(),
        false,
        0);
  }

  /**
   * The layer as its author's xmixers has it (token_mixers/linear_attention/lightnet_attention.py):
   * a sum that starts from one, a sigmoid gate of low rank before a norm per head, and a Toeplitz
   * encoding before the first layer.
   */
  public static LightNetConfig xmixers(int heads) {
    return Configs.with(
        standard(),
        Map.of(
            "heads",
            heads,
            "start",
            Start.ONE,
            "outputGate",
            GateActivation.SIGMOID,
            "gatePlace",
            GatePlace.BEFORE_NORM,
            "gateLowRank",
            0,
            "norm",
            Norm.PER_HEAD,
            "toeplitz",
            Toeplitz.FIRST_LAYER));
  }

  /**
   * For images, videos and other grids in one scan (Qin et al. 2024, section 3.3): all positions
   * see all, and every layer is told where they stand by a Toeplitz encoding per axis.
   *
   * @param axes sizes, such as height and width
   */
  public static LightNetConfig grid(int heads, Integer... axes) {
    return Configs.with(
        standard(),
        Map.of(
            "heads",
            heads,
            "bidirectional",
            true,
            "toeplitz",
            Toeplitz.EVERY_LAYER,
            "axes",
            List.of(axes)));
  }

  /**
   * Small forms that together reach every switch; the laws run over them. Grids have room for what
   * the laws run: 69 positions.
   */
  public static List<LightNetConfig> examples() {
    return List.of(
        standard(),
        xmixers(2),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                1,
                "relative",
                RelativeEncoding.COSINE_HIGH,
                "shortConvolution",
                3,
                "gatePlace",
                GatePlace.BEFORE_NORM)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                2,
                "relative",
                RelativeEncoding.ROTATE,
                "toeplitz",
                Toeplitz.EVERY_LAYER,
                "axes",
                List.of(16, 5),
                "outputGate",
                GateActivation.NONE)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                4,
                "bidirectional",
                true,
                "relative",
                RelativeEncoding.COSINE,
                "outputGate",
                GateActivation.SIGMOID)),
        Configs.with(
            standard(),
            Map.of(
                "heads",
                4,
                "bidirectional",
                true,
                "start",
                Start.ONE,
                "toeplitz",
                Toeplitz.EVERY_LAYER,
                "axes",
                List.of(12, 2, 3))),
        Configs.with(
            standard(), Map.of("heads", 2, "outputGate", GateActivation.NONE, "norm", Norm.NONE)));
  }

  @Override
  public SequenceMixer build(Place place) {
    int used = heads == 0 ? HeadSizes.oneHeadPer128(place.width()) : heads;
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), used, keyExpansion, 1);
    boolean encoded =
        toeplitz == Toeplitz.EVERY_LAYER
            || (toeplitz == Toeplitz.FIRST_LAYER && place.layer() == 0);
    return new SequenceMixer(new LightNet(sizes, this, new Grid(axes), encoded));
  }
}
