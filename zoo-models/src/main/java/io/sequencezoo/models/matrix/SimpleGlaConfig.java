package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import java.util.List;

/**
 * Describes a {@link SimpleGla}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 1
 * @param valueExpansion H V over the width; 1
 * @param gateNormalizer what the log-sigmoid of the gate is divided by; 16
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(SimpleGlaConfig.NAME)
@JsonClassDescription("Simple GLA: gated linear attention with one decay per head")
public record SimpleGlaConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    double gateNormalizer,
    int shortConvolution,
    @JsonView(Configs.Since02.class) GateActivation outputGate,
    @JsonView(Configs.Since02.class) boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "simple_gla";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public SimpleGlaConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    HeadSizes.checkPositive(NAME, "gateNormalizer", gateNormalizer);
  }

  /** The defaults of the reference's layer (fla/layers/simple_gla.py). */
  public static SimpleGlaConfig standard() {
    return new SimpleGlaConfig(4, 1, 1, 16, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<SimpleGlaConfig> examples() {
    return List.of(
        standard(),
        new SimpleGlaConfig(1, 0.5, 2.0, 1.0, 0, GateActivation.SILU, true),
        new SimpleGlaConfig(2, 1, 1, 16, 0, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new SimpleGla(sizes, this));
  }
}
