package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.List;

/**
 * Describes a {@link MesaNet}. What is absent takes the reference's default.
 *
 * @param heads H; 4, where the reference has 16 at width 2048
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param iterations the most steps of conjugate gradients per token; 30
 * @param shortConvolution W, the tokens that a causal convolution on q and k spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; none
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(MesaNetConfig.NAME)
@JsonClassDescription("MesaNet: a least-squares map from keys to values, solved for at every token")
public record MesaNetConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    int iterations,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "mesa_net";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public MesaNetConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(iterations >= 1, "%s: iterations must be at least 1, got %s", NAME, iterations);
  }

  /** The defaults of the reference's layer (fla/layers/mesa_net.py) with four heads. */
  public static MesaNetConfig standard() {
    return new MesaNetConfig(4, 1, 1, 30, 4, GateActivation.NONE, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MesaNetConfig> examples() {
    return List.of(
        new MesaNetConfig(2, 1, 1, 12, 4, GateActivation.NONE, true),
        new MesaNetConfig(2, 0.5, 1, 12, 0, GateActivation.SILU, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new MesaNet(sizes, this, report -> {}));
  }
}
