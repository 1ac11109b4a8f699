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
import java.util.SplittableRandom;
import java.util.function.LongPredicate;

/**
 * RG-LRU in Griffin's recurrent block: a linear system of one state per channel, driven by an input
 * that is weighted so that the state keeps its variance, and that forgets between not at all and at
 * a rate learned per channel.
 *
 * <pre>{@code
 * u_t = conv(x_t W_x + b_x)                              causal, with bias
 * r, i = σ(u_t W_a + b_a), σ(u_t W_i + b_i)              by blocks of D/H channels  (eqs. 1, 2)
 * log a_t = -8 softplus(Λ) r                             (eqs. 3, 6)
 * h_t = a_t ⊙ h_{t-1} + √(1 - a_t²) ⊙ (i ⊙ u_t)          state                      (eq. 4)
 * y_t = (gelu(x_t W_z + b_z) ⊙ h_t) W_o + b_o            read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T; {@code conv_u}:
 *       {@code [B, W-1, E]} last inputs of the convolution
 *   <li>{@code input, gate [D, E], output [E, D]}: {@code N(0, 1/in)}, biases zero; {@code decay,
 *       write [H, E/H, E/H]}: {@code N(0, H/E)}, biases zero; convolution {@code N(0, .01/W)}
 *   <li>{@code rate [E]}: Λ, so that {@code softplus(Λ) = -log a} for a² uniform on [.9², .999²];
 *       not decayed
 * </ul>
 *
 * <p>Cost per token: O(D E + E²/H) time, O(E) memory. Differs from the paper: the first token of a
 * sequence is written with weight 1, as in the reference code. Numerical care: see {@link
 * RgLruGate}.
 */
@Paper(
    key = "de2024griffin",
    title =
        "Griffin: Mixing Gated Linear Recurrences with Local Attention for Efficient Language Models",
    authors = "De, Smith, Fernando, Botev et al. 2024",
    arxiv = "2402.19427",
    equations = "1-4, 6")
@Source(
    repo = "google-deepmind/recurrentgemma",
    path = "recurrentgemma/torch/modules.py",
    commit = "2efa84dac0e68e63547a27a18fa943c98f1c312e")
public final class RgLru extends GatedStateMixer {
  /** The reference's ring of first decays. */
  private static final double SMALLEST_RADIUS = 0.9;

  private static final double LARGEST_RADIUS = 0.999;

  /** The reference's variance of the convolution, times W. */
  private static final double CONVOLUTION_VARIANCE = 0.01;

  private static final String INNER = "u";
  private static final String GATE = "gate";

  private final int heads;
  private final int span;

  /**
   * A block of width D.
   *
   * @param inner E, the number of channels
   * @param heads H, the blocks of the gates' weights
   * @param span W, of the convolution, or 0 for none
   */
  public RgLru(int width, int inner, int heads, int span) {
    super(
        RgLruConfig.NAME,
        width,
        inner,
        new ShortConvolutions(span, ImmutableMap.of(INNER, inner), null, true),
        ImmutableMap.of(GATE, Unary.GELU_TANH));
    this.heads = heads;
    this.span = span;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser outer = Initialisers.normal(1 / Math.sqrt(width));
    declareBiased(declaration, "input", outer, inner, width, inner);
    declareBiased(declaration, GATE, outer, inner, width, inner);
    double deviation = Math.sqrt(CONVOLUTION_VARIANCE / Math.max(1, span));
    convolutions.declare(declaration, Initialisers.normal(deviation));
    int block = inner / heads;
    Initialiser blocks = Initialisers.normal(1 / Math.sqrt(block));
    declareBiased(declaration, "decay", blocks, inner, heads, block, block);
    declareBiased(declaration, "write", blocks, inner, heads, block, block);
    declaration.undecayed("rate", RgLru::rates, inner);
    declareBiased(
        declaration, "output", Initialisers.normal(1 / Math.sqrt(inner)), width, inner, width);
  }

  private static void declareBiased(
      Declaration declaration, String name, Initialiser initialiser, int out, long... shape) {
    declaration.weight(name, initialiser, shape);
    declaration.undecayed(name + BIAS, Initialisers.zeros(), out);
  }

  /** Radii with area uniform on the ring; the inverse softplus of minus their logarithms. */
  private static double[] rates(long[] shape, SplittableRandom random) {
    double low = SMALLEST_RADIUS * SMALLEST_RADIUS;
    double high = LARGEST_RADIUS * LARGEST_RADIUS;
    double[] rates = new double[(int) shape[0]];
    for (int i = 0; i < rates.length; i++) {
      double logarithm = Math.log(low + (high - low) * random.nextDouble()) / 2;
      rates[i] = Math.log(Math.expm1(-logarithm));
    }
    return rates;
  }

  @Override
  Preactivations preactivations(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable u = convolutions.apply(context, INNER, affine(context, x, "input"), state, caches);
    int steps = x.size(1);
    int[] consumed = state.counts();
    LongPredicate starts = token -> token % steps == 0 && consumed[(int) (token / steps)] == 0;
    return new Preactivations(
        new RgLruGate(starts),
        GatedOperators.rgLruInputs(
            context.tape(), u, weights(context, "write"), weights(context, "decay")),
        List.of(context.parameter("rate")),
        Map.of(GATE, affine(context, x, GATE)),
        caches);
  }

  private static Variable[] weights(Context context, String name) {
    return new Variable[] {context.parameter(name), context.parameter(name + BIAS)};
  }

  @Override
  Variable project(Context context, Variable shown, Map<String, Variable> extras) {
    return affine(context, shown, "output");
  }

  @Override
  long multiplyAdds() {
    return 3L * width * inner + 2L * inner * (inner / heads) + inner;
  }
}
