package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import java.util.List;

/**
 * Describes a {@link RetNet}. What is absent takes the reference's default.
 *
 * @param heads H; 4 (the reference's 8 go with width 1024 and more)
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 2
 * @param rotary whether queries and keys are rotated by their position; true
 * @param rotaryBase the base of the rotation's angles; 10000
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 * @param normEps what is added to the mean square before its root is taken; 1e-5
 */
@JsonTypeName(RetNetConfig.NAME)
@JsonClassDescription(
    "RetNet: rotated keys in matrix states that forget at a constant rate per head")
public record RetNetConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    boolean rotary,
    double rotaryBase,
    int shortConvolution,
    @JsonView(Configs.Since02.class) GateActivation outputGate,
    @JsonView(Configs.Since02.class) boolean norm,
    @JsonView(Configs.Since02.class) double normEps)
    implements MatrixStateConfig {
  static final String NAME = "retnet";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public RetNetConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    HeadSizes.checkPositive(NAME, "rotaryBase", rotaryBase);
    HeadSizes.checkPositive(NAME, "normEps", normEps);
  }

  /** With the reference's ε of the norm. */
  public RetNetConfig(
      int heads,
      double keyExpansion,
      double valueExpansion,
      boolean rotary,
      double rotaryBase,
      int shortConvolution,
      GateActivation outputGate,
      boolean norm) {
    this(
        heads,
        keyExpansion,
        valueExpansion,
        rotary,
        rotaryBase,
        shortConvolution,
        outputGate,
        norm,
        GatedNorm.EPS);
  }

  /** The layer of the paper's language models (Sun et al. 2023, section 2.3). */
  public static RetNetConfig standard() {
    return new RetNetConfig(4, 1, 2, true, 10000, 0, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<RetNetConfig> examples() {
    return List.of(
        standard(),
        new RetNetConfig(2, 0.5, 1.0, false, 10000, 3, GateActivation.SILU, true),
        new RetNetConfig(2, 1, 1, true, 10000, 0, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    checkArgument(
        !rotary || sizes.keys() % 2 == 0,
        NAME
            + ": rotary needs an even number of keys per head, got %s; use other heads or"
            + " keyExpansion, or rotary: false",
        sizes.keys());
    return new SequenceMixer(new RetNet(sizes, this));
  }
}
