package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.List;

/**
 * Describes an {@link Mlstm}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 0.5
 * @param valueExpansion H V over the width; 1
 * @param gateSoftCap c, the largest magnitude of the gates' logits, or 0 for no cap; 15
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; sigmoid
 * @param norm whether outputs are normalised per head by their mean and variance; true
 */
@JsonTypeName(MlstmConfig.NAME)
@JsonClassDescription(
    "mLSTM: a matrix memory with an exponential input gate, a forget gate and a normaliser")
public record MlstmConfig(
    int heads,
    double keyExpansion,
    double valueExpansion,
    double gateSoftCap,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "mlstm";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public MlstmConfig {
    HeadSizes.check(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(
        gateSoftCap >= 0 && Double.isFinite(gateSoftCap),
        NAME + ": gateSoftCap must be positive, or 0 for none, got %s",
        gateSoftCap);
  }

  /** The layer of xLSTM-7B, with the four heads of the first xLSTM. */
  public static MlstmConfig standard() {
    return new MlstmConfig(4, 0.5, 1, 15, 0, GateActivation.SIGMOID, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MlstmConfig> examples() {
    return List.of(
        standard(),
        new MlstmConfig(2, 1, 1, 0, 3, GateActivation.SILU, true),
        new MlstmConfig(1, 0.5, 2, 2, 0, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), heads, keyExpansion, valueExpansion);
    return new SequenceMixer(new Mlstm(sizes, this));
  }
}
