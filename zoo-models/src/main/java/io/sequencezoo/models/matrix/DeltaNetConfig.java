package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import java.util.List;

/**
 * Describes a {@link DeltaNet}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param allowNegativeEigenvalues whether rates go up to 2 instead of 1; false
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; none
 * @param norm whether outputs are normalised per head by their root mean square; true
 * @param normEps what is added to the mean square before its root is taken; 1e-5
 */
@JsonTypeName(DeltaNetConfig.NAME)
@JsonClassDescription(
    "DeltaNet: a matrix state per head in which values replace what their keys recall")
public record DeltaNetConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    int shortConvolution,
    boolean allowNegativeEigenvalues,
    GateActivation outputGate,
    boolean norm,
    @JsonView(Configs.Since02.class) double normEps)
    implements DeltaConfig {
  static final String NAME = "delta_net";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public DeltaNetConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    HeadSizes.checkPositive(NAME, "normEps", normEps);
  }

  /** With the reference's ε of the norm. */
  public DeltaNetConfig(
      int heads,
      double keyExpansion,
      double valueExpansion,
      int shortConvolution,
      boolean allowNegativeEigenvalues,
      GateActivation outputGate,
      boolean norm) {
    this(
        heads,
        keyExpansion,
        valueExpansion,
        shortConvolution,
        allowNegativeEigenvalues,
        outputGate,
        norm,
        GatedNorm.EPS);
  }

  /** The reference layer, as the paper's language models have it (Yang et al. 2024, section 4). */
  public static DeltaNetConfig standard() {
    return new DeltaNetConfig(4, 1, 1, 4, false, GateActivation.NONE, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<DeltaNetConfig> examples() {
    return List.of(
        standard(),
        new DeltaNetConfig(1, 0.5, 2.0, 0, true, GateActivation.SILU, true),
        new DeltaNetConfig(2, 1, 1, 0, false, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes =
        HeadSizes.grouped(NAME, place.width(), heads, heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new DeltaNet(sizes, this));
  }
}
