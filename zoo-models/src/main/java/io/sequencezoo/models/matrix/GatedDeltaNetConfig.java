package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import java.util.List;

/**
 * Describes a {@link GatedDeltaNet}. What is absent takes the reference's default.
 *
 * @param heads G, of queries and keys; 6
 * @param valueHeads H, of values, a multiple of G; as many as heads
 * @param keyExpansion G K over the width; 0.75
 * @param valueExpansion H V over the width; 1.5
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param allowNegativeEigenvalues whether rates go up to 2 instead of 1; false
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 * @param normEps what is added to the mean square before its root is taken; 1e-5
 */
@JsonTypeName(GatedDeltaNetConfig.NAME)
@JsonClassDescription(
    "Gated DeltaNet: the delta rule on a state that forgets by an input-set decay")
public record GatedDeltaNetConfig(
    int heads,
    int valueHeads,
    double keyExpansion,
    double valueExpansion,
    int shortConvolution,
    boolean allowNegativeEigenvalues,
    GateActivation outputGate,
    boolean norm,
    @JsonView(Configs.Since02.class) double normEps)
    implements DeltaConfig {
  static final String NAME = "gated_delta_net";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public GatedDeltaNetConfig {
    HeadSizes.check(NAME, heads, valueHeads, keyExpansion, valueExpansion, shortConvolution);
    HeadSizes.checkPositive(NAME, "normEps", normEps);
  }

  /** With the reference's ε of the norm. */
  public GatedDeltaNetConfig(
      int heads,
      int valueHeads,
      double keyExpansion,
      double valueExpansion,
      int shortConvolution,
      boolean allowNegativeEigenvalues,
      GateActivation outputGate,
      boolean norm) {
    this(
        heads,
        valueHeads,
        keyExpansion,
        valueExpansion,
        shortConvolution,
        allowNegativeEigenvalues,
        outputGate,
        norm,
        GatedNorm.EPS);
  }

  /**
   * The reference layer: 6 heads, at width 2048 of 256 keys and 512 values, with about 6 D²
   * parameters.
   */
  public static GatedDeltaNetConfig standard() {
    return new GatedDeltaNetConfig(6, 6, 0.75, 1.5, 4, false, GateActivation.SILU, true);
  }

  /** The default where this is said: valueHeads are as many. */
  static GatedDeltaNetConfig standard(int heads) {
    return new GatedDeltaNetConfig(heads, heads, 0.75, 1.5, 4, false, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GatedDeltaNetConfig> examples() {
    return List.of(
        standard(),
        new GatedDeltaNetConfig(2, 4, 0.5, 2.0, 2, true, GateActivation.NONE, true),
        new GatedDeltaNetConfig(2, 2, 1, 1, 0, false, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes =
        HeadSizes.grouped(NAME, place.width(), heads, valueHeads, keyExpansion, valueExpansion);
    return new SequenceMixer(new GatedDeltaNet(sizes, this));
  }
}
