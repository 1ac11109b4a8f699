package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.List;

/**
 * Describes an {@link Rwkv6}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 0.5
 * @param valueExpansion H V over the width; 1
 * @param mixRank rank of the projections that set the shares of the token before; 32
 * @param decayRank rank of the decay's projection; 64
 * @param shortConvolution tokens that the token shift spans, which is a convolution before the
 *     projections: 2, or 0 for no shift; 2
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head; true
 */
@JsonTypeName(Rwkv6Config.NAME)
@JsonClassDescription(
    "RWKV-6: gated linear attention that reads before it decays, with a bonus for the new token")
public record Rwkv6Config(
    int heads,
    double keyExpansion,
    double valueExpansion,
    int mixRank,
    int decayRank,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "rwkv6";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public Rwkv6Config {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, 0);
    checkArgument(mixRank >= 1, NAME + ": mixRank must be at least 1, got %s", mixRank);
    checkArgument(decayRank >= 1, NAME + ": decayRank must be at least 1, got %s", decayRank);
    checkArgument(
        shortConvolution == 0 || shortConvolution == 2,
        NAME + ": shortConvolution must be 2, the token shift, or 0 for none, got %s",
        shortConvolution);
  }

  /** The reference layer. */
  public static Rwkv6Config standard() {
    return new Rwkv6Config(4, 0.5, 1, 32, 64, 2, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Rwkv6Config> examples() {
    return List.of(
        standard(),
        new Rwkv6Config(2, 1, 1, 2, 3, 2, GateActivation.NONE, true),
        new Rwkv6Config(2, 1, 0.5, 2, 3, 0, GateActivation.SIGMOID, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new Rwkv6(sizes, this));
  }
}
