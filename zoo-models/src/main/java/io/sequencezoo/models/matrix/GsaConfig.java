package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import java.util.List;

/**
 * Describes a {@link Gsa}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param slots M, per head; absent for as many as keys
 * @param gateNormalizer what the log-sigmoid of the forget gate is divided by; 8
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; none
 * @param norm whether outputs are normalised over all heads together by their root mean square;
 *     true
 */
@JsonTypeName(GsaConfig.NAME)
@JsonClassDescription(
    "Gated slot attention: softmax attention to slots of decaying keys and values")
public record GsaConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    @Derived int slots,
    double gateNormalizer,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "gsa";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public GsaConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(
        slots >= 0, NAME + ": slots must be at least 1, or 0 for their default, got %s", slots);
    HeadSizes.checkPositive(NAME, "gateNormalizer", gateNormalizer);
  }

  /** The reference layer. Its language models have 64 slots. */
  public static GsaConfig standard() {
    return new GsaConfig(4, 1, 1, 0, 8, 0, GateActivation.NONE, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GsaConfig> examples() {
    return List.of(
        standard(),
        new GsaConfig(2, 0.5, 1, 3, 1, 2, GateActivation.SILU, true),
        new GsaConfig(1, 1, 0.5, 5, 8, 0, GateActivation.SIGMOID, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new Gsa(sizes, slots == 0 ? sizes.keys() : slots, this));
  }
}
