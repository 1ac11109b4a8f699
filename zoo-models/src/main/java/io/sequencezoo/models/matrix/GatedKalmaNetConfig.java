package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.List;

/**
 * Describes a {@link GatedKalmaNet}. What is absent takes the reference's default.
 *
 * @param heads H; 4, where the reference has 16 at width 2048
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param ridge the ridge over the size of the keys' state; 0.02
 * @param mix whether a gate lets the query itself read beside the solution; true
 * @param iterations the most steps of conjugate gradients per token; 30
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(GatedKalmaNetConfig.NAME)
@JsonClassDescription("Gated KalmaNet: a regression at every token, its ridge in proportion")
public record GatedKalmaNetConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    double ridge,
    boolean mix,
    int iterations,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "gated_kalma_net";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public GatedKalmaNetConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    HeadSizes.checkPositive(NAME, "ridge", ridge);
    checkArgument(iterations >= 1, "%s: iterations must be at least 1, got %s", NAME, iterations);
  }

  /** The defaults of the reference's layer (fla/layers/gka.py) with four heads. */
  public static GatedKalmaNetConfig standard() {
    return new GatedKalmaNetConfig(4, 1, 1, 0.02, true, 30, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GatedKalmaNetConfig> examples() {
    return List.of(
        standard(),
        new GatedKalmaNetConfig(2, 0.5, 1, 0.1, false, 16, 0, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new GatedKalmaNet(sizes, this, report -> {}));
  }
}
