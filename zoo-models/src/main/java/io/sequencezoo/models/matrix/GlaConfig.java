package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import java.util.List;

/**
 * Describes a {@link Gla}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 0.5
 * @param valueExpansion H V over the width; 1
 * @param gateLowRank R, the rank of the gate's projection; 16
 * @param gateNormalizer what the log-sigmoid of the gate is divided by; 16
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 * @param normEps what is added to the mean square before its root is taken; 1e-5
 */
@JsonTypeName(GlaConfig.NAME)
@JsonClassDescription(
    "Gated linear attention: a matrix state per head that forgets by input-set decays")
public record GlaConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    int gateLowRank,
    double gateNormalizer,
    int shortConvolution,
    @JsonView(Configs.Since02.class) GateActivation outputGate,
    @JsonView(Configs.Since02.class) boolean norm,
    @JsonView(Configs.Since02.class) double normEps)
    implements MatrixStateConfig {
  static final String NAME = "gla";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public GlaConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(gateLowRank >= 1, NAME + ": gateLowRank must be at least 1, got %s", gateLowRank);
    HeadSizes.checkPositive(NAME, "gateNormalizer", gateNormalizer);
    HeadSizes.checkPositive(NAME, "normEps", normEps);
  }

  /** With the reference's ε of the norm. */
  public GlaConfig(
      int heads,
      double keyExpansion,
      double valueExpansion,
      int gateLowRank,
      double gateNormalizer,
      int shortConvolution,
      GateActivation outputGate,
      boolean norm) {
    this(
        heads,
        keyExpansion,
        valueExpansion,
        gateLowRank,
        gateNormalizer,
        shortConvolution,
        outputGate,
        norm,
        GatedNorm.EPS);
  }

  /** The layer of the paper's language models (Yang et al. 2024, section 5 and its code). */
  public static GlaConfig standard() {
    return new GlaConfig(4, 0.5, 1, 16, 16, 0, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GlaConfig> examples() {
    return List.of(
        standard(),
        Configs.with(standard(), "shortConvolution", 4),
        new GlaConfig(1, 1.0, 2.0, 3, 1.0, 2, GateActivation.SIGMOID, true),
        new GlaConfig(2, 1, 1, 3, 16, 0, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new Gla(sizes, this));
  }
}
