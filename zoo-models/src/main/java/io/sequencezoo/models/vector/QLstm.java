package io.sequencezoo.models.vector;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * qLSTM: the LSTM's gates on a linear system of one state per channel; the gates see the input
 * only. Reversed, its transition is the selective state space's.
 *
 * <pre>{@code
 * u_t = conv(x_t W_x)                       causal, with bias
 * f, i, o = u_t W_f + b_f, u_t W_i + b_i, u_t W_o + b_o
 * a_t = σ(f)                                or reversed σ(-f)^{relu α} = exp(-relu(α) softplus(f))
 * h_t = a_t ⊙ h_{t-1} + σ(i) ⊙ u_t          state
 * y_t = (gelu(x_t W_z) ⊙ σ(o) ⊙ h_t) W      read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T; {@code conv_u}:
 *       {@code [B, W-1, E]} last inputs of the convolution
 *   <li>{@code input, gate [D, E]}: {@code N(0, 1/D)}; {@code forget, write, read [E, E], output
 *       [E, D]}: {@code N(0, 1/E)}; biases and convolution PyTorch's default
 *   <li>{@code alpha [1]}: the exponent, from 1; reversed form only
 * </ul>
 *
 * <p>Cost per token: O(D E + E²) time, O(E) memory. Differs from the paper: the branch, the
 * convolution and the expansion are the reference code's. Numerical care: the reversed decay goes
 * into the scan as its logarithm.
 */
@Paper(
    key = "sieber2024dsf",
    title =
        "Understanding the differences in Foundation Models: Attention, State Space Models, and"
            + " Recurrent Neural Networks",
    authors = "Sieber, Amo Alonso, Didier, Zeilinger and Orvieto 2024",
    arxiv = "2405.15731")
@Source(
    repo = "IntelligentControlSystems/dsf-mqar",
    path = "zoology/mixers/lstm.py",
    commit = "7c5aff8582bedb4a74328aee305c8f9f14d00c78")
public final class QLstm extends GatedStateMixer {
  private static final String INNER = "u";
  private static final String GATE = "gate";
  private static final String READ = "read";
  private static final String ALPHA = "alpha";

  private final boolean reversed;

  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolution, or 0 for none
   * @param reversed whether the decay is the reversed sigmoid
   */
  public QLstm(int width, int inner, int span, boolean reversed) {
    super(
        QLstmConfig.NAME,
        width,
        inner,
        new ShortConvolutions(span, ImmutableMap.of(INNER, inner), null, true),
        ImmutableMap.of(READ, Unary.SIGMOID, GATE, Unary.GELU));
    this.reversed = reversed;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser outer = Initialisers.normal(1 / Math.sqrt(width));
    Initialiser within = Initialisers.normal(1 / Math.sqrt(inner));
    declaration.weight("input", outer, width, inner);
    declaration.weight(GATE, outer, width, inner);
    convolutions.declareUniform(declaration);
    double bound = 1 / Math.sqrt(inner);
    for (String gate : new String[] {"forget", "write", READ}) {
      declaration.weight(gate, within, inner, inner);
      declaration.undecayed(gate + BIAS, Initialisers.uniform(-bound, bound), inner);
    }
    if (reversed) {
      declaration.undecayed(ALPHA, Initialisers.ones(), 1);
    }
    declaration.weight("output", within, inner, width);
  }

  @Override
  Preactivations preactivations(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable u = convolutions.apply(context, INNER, linear(context, x, "input"), state, caches);
    List<Variable> inputs = List.of(affine(context, u, "forget"), affine(context, u, "write"), u);
    Variable alpha = reversed ? context.parameter(ALPHA) : null;
    Map<String, Variable> extras =
        Map.of(
            GATE, linear(context, x, GATE),
            READ, affine(context, u, READ));
    return new Preactivations(
        new QLstmGate(reversed),
        inputs,
        GatedOperators.qLstmVectors(context.tape(), alpha, inner),
        extras,
        caches);
  }

  @Override
  Variable project(Context context, Variable shown, Map<String, Variable> extras) {
    return linear(context, shown, "output");
  }

  @Override
  long multiplyAdds() {
    return 3L * width * inner + 3L * inner * inner + inner;
  }
}
