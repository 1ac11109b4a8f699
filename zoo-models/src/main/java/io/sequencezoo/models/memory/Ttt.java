package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.matrix.HeadSizes;
import java.util.Map;

/**
 * Test-time training: a linear map or a two-layer MLP per head that learns to make values of keys,
 * one mini-batch of tokens after the other.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v      q and k turned by the position in their mini-batch
 * θ_t = step/K σ(x_t W_theta + b)    ρ_t = max(1/i + token_index_i, 0), i from 1 in the mini-batch
 * G_s = ∇|M(k_s) - v_s|²/2           at the weights W where the mini-batch starts
 * o_t = M(q_t)                       at W - ρ_t Σ_{s ≤ t} θ_s G_s, s in the mini-batch
 * y_t = (LN(o_t) ⊙ gelu(x_t W_g)) W_o
 * M(x) = x + LN(x W + b)             linear
 * M(x) = x + LN(gelu(x W_1 + b_1) W_2 + b_2)      MLP, of expansion 4
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code W, b, ...}: {@code [B, H, I, O]}, where the mini-batch started; {@code S_W, S_b,
 *       ...}: the sum of its gradients so far; constant in T
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, .02)}; {@code
 *       theta [D, H]} with a bias from 0; {@code token_index [C]} from 0
 *   <li>{@code start_W, start_b, ...}: {@code [H, I, O]}; {@code memory_norm, memory_norm_bias}:
 *       {@code [H, K]}; {@code output_norm, output_norm_bias}: {@code [D]}, eps 1e-6
 * </ul>
 *
 * <p>Cost per token: a constant number of products with each matrix. Differs from the paper's code:
 * starts are {@code N(0, 1/I)} instead of {@code N(0, .02²)}. Numerical care: the gradient of the
 * inner norm is exact.
 */
@Paper(
    key = "sun2024ttt",
    title = "Learning to (Learn at Test Time): RNNs with Expressive Hidden States",
    authors =
        "Sun, Li, Dalal, Xu, Vikram, Zhang, Dubois, Chen, Wang, Koyejo, Hashimoto and Guestrin 2024",
    arxiv = "2407.04620")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/ops/ttt/naive.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Ttt extends MemoryMixer {
  private static final double ROTARY_BASE = 10000;
  private static final double EPS = 1e-6;
  private static final String GATE = "output_gate";
  private static final String NORM = "output_norm";
  private static final String NORM_BIAS = "output_norm_bias";
  private static final String OUTPUT = "output";

  private final TttConfig config;
  private final PeriodicRotary rotary;

  /** A layer. */
  Ttt(HeadSizes sizes, TttConfig config) {
    super(sizes, config);
    this.config = config;
    this.rotary = new PeriodicRotary(config.chunk(), ROTARY_BASE);
  }

  @Override
  Variable placed(Context context, Variable x, State state) {
    return rotary.rotate(context.tape(), x, state.counts());
  }

  @Override
  void declareOutput(Declaration declaration) {
    int width = sizes().width();
    if (config.gate()) {
      declaration.weight(GATE, NORMAL, width, width);
    }
    declaration.undecayed(NORM, Initialisers.ones(), width);
    declaration.undecayed(NORM_BIAS, Initialisers.zeros(), width);
    declaration.weight(OUTPUT, NORMAL, width, width);
  }

  @Override
  Map<String, Variable> outputExtras(Context context, Variable x) {
    return config.gate()
        ? Map.of(GATE, Dense.linear(context.tape(), x, context.parameter(GATE), null))
        : Map.of();
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable joined =
        Primitives.reshape(tape, outputs, outputs.size(0), outputs.size(1), sizes().width());
    Variable normed =
        Norms.layerNorm(tape, joined, context.parameter(NORM), context.parameter(NORM_BIAS), EPS);
    Variable gated =
        config.gate()
            ? Activations.gated(tape, Unary.GELU_TANH, drive.extra(GATE), normed)
            : normed;
    return Dense.linear(tape, gated, context.parameter(OUTPUT), null);
  }

  @Override
  long outputMultiplyAdds() {
    long square = (long) sizes().width() * sizes().width();
    return (config.gate() ? 2 : 1) * square;
  }
}
