package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import java.util.List;

/**
 * Describes a {@link KimiDeltaAttention}. What is absent takes the reference's default.
 *
 * @param heads G, of queries and keys; absent for one per 128 of the width
 * @param valueHeads H, of values, a multiple of G; absent for as many as heads
 * @param keyExpansion G K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param allowNegativeEigenvalues whether rates go up to 2 instead of 1; false
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; sigmoid
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(KimiDeltaAttentionConfig.NAME)
@JsonClassDescription("Kimi Delta Attention: the delta rule on a state of decaying key channels")
public record KimiDeltaAttentionConfig(
    @Derived int heads,
    @Derived int valueHeads,
    double keyExpansion,
    double valueExpansion,
    int shortConvolution,
    boolean allowNegativeEigenvalues,
    @JsonView(Configs.Since02.class) GateActivation outputGate,
    @JsonView(Configs.Since02.class) boolean norm)
    implements DeltaConfig {
  static final String NAME = "kimi_delta_attention";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public KimiDeltaAttentionConfig {
    HeadSizes.checkDerived(NAME, heads, valueHeads, keyExpansion, valueExpansion, shortConvolution);
  }

  /** The reference layer: heads of 128 keys and values. */
  public static KimiDeltaAttentionConfig standard() {
    return new KimiDeltaAttentionConfig(0, 0, 1, 1, 4, false, GateActivation.SIGMOID, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<KimiDeltaAttentionConfig> examples() {
    return List.of(
        standard(),
        new KimiDeltaAttentionConfig(2, 4, 0.5, 1.0, 0, true, GateActivation.SIGMOID, true),
        new KimiDeltaAttentionConfig(2, 2, 1, 1, 0, false, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes =
        HeadSizes.derived(NAME, place.width(), heads, valueHeads, keyExpansion, valueExpansion);
    return new SequenceMixer(new KimiDeltaAttention(sizes, this));
  }
}
