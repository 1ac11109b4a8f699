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
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * HGRN: a linear system of one gate per channel, driven by what the gate leaves open, that forgets
 * no faster than a lower bound which grows with depth, so that upper layers remember longer.
 *
 * <pre>{@code
 * f, i = x_t W_f, x_t W_i                         optionally conv(.) of each
 * a_t = l + (1 - l) σ(f)                          l = σ(bound), absent in the first layer
 * h_t = a_t ⊙ h_{t-1} + (1 - a_t) ⊙ silu(i)       state     (eqs. 1-4, real)
 * y_t = (rms(h_t) ⊙ silu(x_t W_g)) W_o            read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T; {@code conv_f,
 *       conv_i}: {@code [B, W-1, E]} last inputs of the convolutions, where there are any
 *   <li>{@code forget, input, gate [D, E], output [E, D]}: projections without bias, {@code N(0,
 *       .02)}; {@code norm [E]}: gain, eps 1e-5
 *   <li>{@code bound [E]}: logit of the lower bound, which starts at layer/layers; not decayed
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: real, as in the reference
 * layer; every layer learns its bound for itself, from where the paper's cumulated softmax over
 * layers starts. Numerical care: {@code 1 - a} is computed as {@code (1 - l) σ(-f)}.
 */
@Paper(
    key = "qin2023hgrn",
    title = "Hierarchically Gated Recurrent Neural Network for Sequence Modeling",
    authors = "Qin, Yang and Zhong 2023",
    arxiv = "2311.04823",
    equations = "1-4")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/hgrn.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Hgrn extends GatedStateMixer {
  /** The reference layer's. */
  private static final double NORM_EPS = 1e-5;

  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String FORGET = "forget";
  private static final String INPUT = "input";
  private static final String GATE = "gate";
  private static final String BOUND = "bound";

  private final double lowerBound;

  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param lowerBound what the lower bound starts at, or 0 for none
   * @param span W, of the convolutions, or 0 for none
   */
  public Hgrn(int width, int inner, double lowerBound, int span) {
    super(
        HgrnConfig.NAME,
        width,
        inner,
        new ShortConvolutions(span, ImmutableMap.of(FORGET, inner, INPUT, inner), null, false),
        ImmutableMap.of());
    this.lowerBound = lowerBound;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    declaration.weight(FORGET, normal, width, inner);
    declaration.weight(INPUT, normal, width, inner);
    convolutions.declareUniform(declaration);
    if (lowerBound > 0) {
      double logit = Math.log(lowerBound) - Math.log1p(-lowerBound);
      declaration.undecayed(BOUND, Initialisers.constant(logit), inner);
    }
    declaration.weight(GATE, normal, width, inner);
    declaration.undecayed("norm", Initialisers.ones(), inner);
    declaration.weight("output", normal, inner, width);
  }

  @Override
  Preactivations preactivations(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable forget =
        convolutions.apply(context, FORGET, linear(context, x, FORGET), state, caches);
    Variable input = convolutions.apply(context, INPUT, linear(context, x, INPUT), state, caches);
    List<Variable> bound =
        lowerBound > 0
            ? List.of(Activations.apply(context.tape(), Unary.SIGMOID, context.parameter(BOUND)))
            : List.of();
    return new Preactivations(
        new HgrnGate(),
        List.of(forget, input),
        bound,
        Map.of(GATE, linear(context, x, GATE)),
        caches);
  }

  @Override
  Variable project(Context context, Variable shown, Map<String, Variable> extras) {
    Tape tape = context.tape();
    Variable gate = Recurrence.required(extras, GATE);
    Variable normed =
        Norms.gatedRmsNorm(tape, shown, gate, context.parameter("norm"), NORM_EPS, inner, true);
    return linear(context, normed, "output");
  }

  @Override
  long multiplyAdds() {
    return 4L * width * inner + inner;
  }
}
