package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.List;

/**
 * Describes a {@link DeltaProduct}. What is absent takes the reference's default.
 *
 * @param heads G, of queries and keys; 6
 * @param valueHeads H, of values, a multiple of G; as many as heads
 * @param keyExpansion G K over the width; 0.75
 * @param valueExpansion H V over the width; 1.5
 * @param writes N, reflections per token; 2
 * @param decays whether the state decays once per token; true
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param allowNegativeEigenvalues whether rates go up to 2 instead of 1; true
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(DeltaProductConfig.NAME)
@JsonClassDescription(
    "DeltaProduct: several corrections per token, a product of reflections per step")
public record DeltaProductConfig(
    int heads,
    int valueHeads,
    double keyExpansion,
    double valueExpansion,
    int writes,
    boolean decays,
    int shortConvolution,
    boolean allowNegativeEigenvalues,
    GateActivation outputGate,
    boolean norm)
    implements DeltaConfig {
  static final String NAME = "delta_product";

  /** As many as the recurrence takes. */
  private static final int MOST_WRITES = 64;

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public DeltaProductConfig {
    HeadSizes.check(NAME, heads, valueHeads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(
        writes >= 1 && writes <= MOST_WRITES,
        "%s: writes must be in 1 to %s, got %s",
        NAME,
        MOST_WRITES,
        writes);
  }

  /** The reference layer, with two reflections per token. */
  public static DeltaProductConfig standard() {
    return new DeltaProductConfig(6, 6, 0.75, 1.5, 2, true, 4, true, GateActivation.SILU, true);
  }

  /** The same without a decay, as the paper first defines it. */
  public static DeltaProductConfig ungated() {
    return new DeltaProductConfig(6, 6, 0.75, 1.5, 2, false, 4, true, GateActivation.SILU, true);
  }

  /** The default where this is said: valueHeads are as many. */
  static DeltaProductConfig standard(int heads) {
    return new DeltaProductConfig(
        heads, heads, 0.75, 1.5, 2, true, 4, true, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<DeltaProductConfig> examples() {
    return List.of(
        standard(),
        ungated(),
        new DeltaProductConfig(1, 2, 0.5, 1.0, 3, true, 0, false, GateActivation.NONE, true),
        new DeltaProductConfig(2, 2, 1, 1, 2, true, 0, true, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes =
        HeadSizes.grouped(NAME, place.width(), heads, valueHeads, keyExpansion, valueExpansion);
    return new SequenceMixer(new DeltaProduct(sizes, this));
  }
}
