package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import java.util.List;

/**
 * Describes an {@link M2Rnn}. What is absent takes the published model's default.
 *
 * @param heads G, of queries and keys; 1
 * @param valueHeads H, of values, decays and states, a multiple of G; absent for width / valueDim
 * @param keyDim K; 64
 * @param valueDim V; 16
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs before the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised over all heads by their root mean square; true
 * @param gradientBound what entries of the state's gradient are cut to at every token in training,
 *     or 0 for gradients as they are; 1
 */
@JsonTypeName(M2RnnConfig.NAME)
@JsonClassDescription("M²RNN: a matrix state that moves through a map and a nonlinearity")
public record M2RnnConfig(
    int heads,
    @Derived int valueHeads,
    int keyDim,
    int valueDim,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm,
    double gradientBound)
    implements MatrixStateConfig {
  static final String NAME = "m2rnn";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public M2RnnConfig {
    HeadSizes.check(NAME, heads, Math.max(1, valueHeads), 1, 1, shortConvolution);
    checkArgument(
        valueHeads >= 0,
        "%s: valueHeads must be at least 1, or 0 for width / valueDim, got %s",
        NAME,
        valueHeads);
    checkArgument(keyDim >= 1, "%s: keyDim must be at least 1, got %s", NAME, keyDim);
    checkArgument(valueDim >= 1, "%s: valueDim must be at least 1, got %s", NAME, valueDim);
    checkArgument(
        gradientBound >= 0,
        "%s: gradientBound must be positive, or 0 for none, got %s",
        NAME,
        gradientBound);
  }

  /** The published model of 400 million parameters, heads of values for the width. */
  public static M2RnnConfig standard() {
    return new M2RnnConfig(1, 0, 64, 16, 4, GateActivation.SILU, true, 1);
  }

  /** Small forms that together reach every switch but the bound; the laws run over them. */
  public static List<M2RnnConfig> examples() {
    return List.of(
        new M2RnnConfig(1, 2, 3, 4, 4, GateActivation.SILU, true, 0),
        new M2RnnConfig(2, 4, 2, 2, 0, GateActivation.NONE, false, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    int width = place.width();
    int states = valueHeads == 0 ? Math.max(1, width / valueDim) : valueHeads;
    checkArgument(
        states % heads == 0,
        "%s: valueHeads %s must be a multiple of heads %s; use heads 1",
        NAME,
        states,
        heads);
    return new SequenceMixer(
        new M2Rnn(new HeadSizes(width, heads, states, keyDim, valueDim), this));
  }
}
