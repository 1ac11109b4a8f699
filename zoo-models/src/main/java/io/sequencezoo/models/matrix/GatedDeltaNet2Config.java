package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import java.util.List;

/**
 * Describes a {@link GatedDeltaNet2}. What is absent takes the reference's default.
 *
 * @param heads G, of queries and keys; absent for one per 128 of the width
 * @param valueHeads H, of values, a multiple of G; absent for as many as heads
 * @param keyExpansion G K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param allowNegativeEigenvalues whether erase gates go up to 2 instead of 1; false
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; sigmoid
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(GatedDeltaNet2Config.NAME)
@JsonClassDescription("Gated DeltaNet-2: the delta rule, erasing and writing by channel")
public record GatedDeltaNet2Config(
    @Derived int heads,
    @Derived int valueHeads,
    double keyExpansion,
    double valueExpansion,
    int shortConvolution,
    boolean allowNegativeEigenvalues,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "gated_delta_net_2";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public GatedDeltaNet2Config {
    HeadSizes.checkDerived(NAME, heads, valueHeads, keyExpansion, valueExpansion, shortConvolution);
  }

  /** The reference layer: heads of 128 keys and values. */
  public static GatedDeltaNet2Config standard() {
    return new GatedDeltaNet2Config(0, 0, 1, 1, 4, false, GateActivation.SIGMOID, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GatedDeltaNet2Config> examples() {
    return List.of(
        standard(),
        new GatedDeltaNet2Config(2, 4, 0.5, 1.0, 0, true, GateActivation.SIGMOID, true),
        new GatedDeltaNet2Config(2, 2, 1, 1, 0, false, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes =
        HeadSizes.derived(NAME, place.width(), heads, valueHeads, keyExpansion, valueExpansion);
    return new SequenceMixer(new GatedDeltaNet2(sizes, this));
  }
}
