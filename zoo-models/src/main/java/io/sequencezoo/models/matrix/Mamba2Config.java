package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;
import java.util.Map;

/**
 * Describes a {@link Mamba2}. What is absent takes the reference's default.
 *
 * @param stateSize N; 128
 * @param shortConvolution W, the tokens that the convolution on x, B and C spans, or 0 for none; 4
 * @param expansion the inner width H P over the width; 2
 * @param headDim P; 0 for 64, or the inner width where that is narrower
 * @param groups G, of heads that share B and C; 1
 * @param outputGate what multiplies the outputs: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised, each group by itself; true
 * @param normBeforeGate whether the gate multiplies after the norm; false
 * @param skipPerFeature whether the skip D has a number per feature, or one per head; false
 * @param projectionBias whether the projections in and out have biases; false
 * @param convolutionBias whether the convolution has one, where there is a convolution; true
 * @param stepInit range of the steps Δ at the start, drawn log-uniformly; [0.001, 0.1]
 * @param stepFloor least step at the start; 1e-4
 * @param stepLow least step ever; 0
 * @param stepHigh greatest step ever; infinity
 * @param rateInit range of the decay rates -A at the start, drawn uniformly; [1, 16]
 */
@JsonTypeName(Mamba2Config.NAME)
@JsonClassDescription(
    "Mamba-2: a selective state space model with one decay per head, as a matrix state")
public record Mamba2Config(
    int stateSize,
    @JsonAlias("convolution") int shortConvolution,
    int expansion,
    int headDim,
    int groups,
    GateActivation outputGate,
    boolean norm,
    boolean normBeforeGate,
    boolean skipPerFeature,
    boolean projectionBias,
    boolean convolutionBias,
    Range stepInit,
    double stepFloor,
    double stepLow,
    double stepHigh,
    Range rateInit)
    implements MixerConfig {
  static final String NAME = "mamba2";

  /** The reference's headdim. */
  private static final int HEAD_DIM = 64;

  /**
   * A range of positive numbers.
   *
   * @param low the least
   * @param high the greatest
   */
  public record Range(double low, double high) {}

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public Mamba2Config {
    checkAtLeast("stateSize", stateSize, 1);
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    checkAtLeast("expansion", expansion, 1);
    checkAtLeast("headDim", headDim, 0);
    checkAtLeast("groups", groups, 1);
    checkRange("stepInit", stepInit);
    checkRange("rateInit", rateInit);
    HeadSizes.checkPositive(NAME, "stepFloor", stepFloor);
    checkArgument(
        stepLow >= 0 && stepLow < stepHigh,
        NAME + ": stepLow and stepHigh must be 0 <= stepLow < stepHigh, got %s and %s",
        stepLow,
        stepHigh);
    checkArgument(
        norm || !normBeforeGate,
        NAME + ": normBeforeGate needs a norm, got norm %s; leave one of them out",
        norm);
  }

  /** The layer of the paper's language models (Dao and Gu 2024, and its code). */
  public static Mamba2Config standard() {
    return new Mamba2Config(
        128,
        4,
        2,
        0,
        1,
        GateActivation.SILU,
        true,
        false,
        false,
        false,
        true,
        new Range(0.001, 0.1),
        1e-4,
        0,
        Double.POSITIVE_INFINITY,
        new Range(1, 16));
  }

  /** The reference's simple module (mamba2_simple.py): N = 64, P = 128. */
  public static Mamba2Config simple() {
    return Configs.with(standard(), Map.of("stateSize", 64, "headDim", 128));
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Mamba2Config> examples() {
    return List.of(
        standard(),
        Configs.with(
            standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                2,
                "groups",
                2,
                "normBeforeGate",
                true,
                "skipPerFeature",
                true,
                "projectionBias",
                true,
                "convolutionBias",
                false)),
        Configs.with(
            standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                5,
                "expansion",
                1,
                "shortConvolution",
                2,
                "norm",
                false,
                "stepInit",
                new Range(0.2, 0.9),
                "stepLow",
                0.1,
                "stepHigh",
                1.5)),
        Configs.with(
            standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                2,
                "shortConvolution",
                0,
                "outputGate",
                GateActivation.NONE,
                "norm",
                false)),
        Configs.with(
            standard(), Map.of("stateSize", 3, "headDim", 2, "outputGate", GateActivation.NONE)));
  }

  @Override
  public SequenceMixer build(Place place) {
    int inner = inner(NAME, place, expansion);
    int width = headWidth(NAME, inner, headDim, groups);
    return new SequenceMixer(new Mamba2(place.width(), inner / width, width, this));
  }

  /** Heads times their width. */
  static int inner(String type, Place place, int expansion) {
    return Sizes.product(type + ": inner width", place.width(), expansion);
  }

  /**
   * The width of a head, the reference's where it is 0.
   *
   * @throws IllegalArgumentException where heads don't fit the inner width, or groups the heads
   */
  static int headWidth(String type, int inner, int headDim, int groups) {
    int width = headDim == 0 ? Math.min(HEAD_DIM, inner) : headDim;
    checkArgument(
        inner % width == 0,
        "%s: inner width %s must be divisible by headDim %s; use another headDim or expansion",
        type,
        inner,
        width);
    int heads = inner / width;
    checkArgument(
        heads % groups == 0,
        "%s: heads %s must be divisible by groups %s; use other groups or headDim",
        type,
        heads,
        groups);
    return width;
  }

  private static void checkAtLeast(String field, int value, int least) {
    checkArgument(value >= least, NAME + ": %s must be at least %s, got %s", field, least, value);
  }

  private static void checkRange(String field, Range range) {
    checkArgument(
        range.low() > 0 && range.low() <= range.high() && Double.isFinite(range.high()),
        NAME + ": %s must be 0 < low <= high, got %s and %s",
        field,
        range.low(),
        range.high());
  }
}
