package io.sequencezoo.models.vector;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Dropout;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * GILR, a gated impulse linear recurrent layer: a linear system of one gate per channel that
 * averages what the input writes, the gate seeing the input only.
 *
 * <pre>{@code
 * f, v, o = x_t W_f + b_f, x_t W_v + b_v, x_t W_g + b_g   optionally conv(.) of f and v
 * h_t = σ(f) ⊙ h_{t-1} + (1 - σ(f)) ⊙ v                   state     (section 3)
 * y_t = norm(dropout(h_t ⊙ silu(o))) W_o + b_o            read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T, zero at first;
 *       {@code conv_forget, conv_input}: {@code [B, W-1, E]} last inputs of the convolutions, where
 *       there are any
 *   <li>{@code forget, input, gate [D, E], output [E, D]} with biases: PyTorch's default
 *   <li>{@code norm, norm_bias [E]}: of a layer norm over all channels, eps 1e-5
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: what is written is linear in
 * the input, without the paper's nonlinearity, as in the layer that comparisons use. Numerical
 * care: {@code 1 - σ(f)} is computed as {@code σ(-f)}.
 */
@Paper(
    key = "martin2018parallelizing",
    title = "Parallelizing Linear Recurrent Neural Nets Over Sequence Length",
    authors = "Martin and Cundy 2018",
    arxiv = "1709.04057")
@Source(
    repo = "berlino/seq_icl",
    path = "src/models/sequence/rnn/gilr.py",
    commit = "9b9223d15348b5a415fb453ed988ed5f7ab9fbdc")
public final class Gilr extends GatedStateMixer {
  private static final double NORM_EPS = 1e-5;
  private static final String FORGET = "forget";
  private static final String INPUT = "input";
  private static final String GATE = "gate";
  private static final String OUTPUT = "output";
  private static final String NORM = "norm";

  private final double dropout;

  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolutions, or 0 for none
   * @param dropout the fraction of gated channels that training drops
   */
  public Gilr(int width, int inner, int span, double dropout) {
    super(
        GilrConfig.NAME,
        width,
        inner,
        new ShortConvolutions(span, ImmutableMap.of(FORGET, inner, INPUT, inner), null, false),
        ImmutableMap.of(GATE, Unary.SILU));
    this.dropout = dropout;
  }

  @Override
  public void declare(Declaration declaration) {
    for (String name : List.of(FORGET, INPUT, GATE)) {
      declareLinear(declaration, name, width, inner);
    }
    convolutions.declareUniform(declaration);
    declaration.undecayed(NORM, Initialisers.ones(), inner);
    declaration.undecayed(NORM + BIAS, Initialisers.zeros(), inner);
    declareLinear(declaration, OUTPUT, inner, width);
  }

  private static void declareLinear(Declaration declaration, String name, int in, int out) {
    double bound = 1 / Math.sqrt(in);
    Initialiser uniform = Initialisers.uniform(-bound, bound);
    declaration.weight(name, uniform, in, out);
    declaration.undecayed(name + BIAS, uniform, out);
  }

  @Override
  Preactivations preactivations(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable forget =
        convolutions.apply(context, FORGET, affine(context, x, FORGET), state, caches);
    Variable input = convolutions.apply(context, INPUT, affine(context, x, INPUT), state, caches);
    return new Preactivations(
        new GilrGate(),
        List.of(forget, input),
        List.of(),
        Map.of(GATE, affine(context, x, GATE)),
        caches);
  }

  @Override
  Variable project(Context context, Variable shown, Map<String, Variable> extras) {
    Tape tape = context.tape();
    Variable kept =
        dropout > 0 && context.isTraining()
            ? Dropout.apply(tape, shown, dropout, context.seed("gilr"))
            : shown;
    Variable normed =
        Norms.layerNorm(
            tape, kept, context.parameter(NORM), context.parameter(NORM + BIAS), NORM_EPS);
    return affine(context, normed, OUTPUT);
  }

  @Override
  long multiplyAdds() {
    return 4L * width * inner + inner;
  }
}
