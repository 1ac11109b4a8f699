package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;

/**
 * Comba: a bilinear recurrence under closed-loop control. The state feeds back through a key of its
 * own, which reads it before it decays, and what is fed back is also taken off the query.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))
 * p = σ(feedback) k, q ← q - correction p                              then q, k, p of length 1
 * beta_t  = σ(x_t W_beta)                                              per head
 * g_t = -e^{log_rate} softplus(x_t W_step + step_bias)                 log decay, per head
 * S_t = e^{g_t} S_{t-1} + beta_t k_t (v_t - p_tᵀ S_{t-1})ᵀ             state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = (rms(o_t) ⊙ σ(x_t W_g)) W_o                                    norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>{@code q, k, v, beta, step, output_gate, output}: projections without bias, {@code N(0,
 *       .02)}
 *   <li>{@code feedback [H]}: ones; {@code correction [H]}: ones, or what the configuration says
 *   <li>{@code log_rate [H]}, {@code step_bias [H]}: as in {@link GatedDeltaNet}
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>It is the recurrence with a correction of rank one, {@code a = p}, {@code b = -beta k}. Since
 * p is normalised after it is scaled, as in the reference, it equals k up to the norm's 1e-6, and
 * {@code feedback} acts through the query alone. Cost per token: O(D²/H) time beside the
 * projections, O(D²/H) memory. Differs from the paper: the reference's order of scaling and norm.
 * Numerical care: the decay is computed as a logarithm; see also {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "hu2025comba",
    title = "Comba: Improving Bilinear RNNs with Closed-loop Control",
    authors = "Hu, Pan, Du, Lan, Tang, Wen, Liang and Sun 2025",
    arxiv = "2506.02475")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/comba.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Comba extends MatrixStateMixer {
  private static final String FEEDBACK = "feedback";
  private static final String CORRECTION = "correction";

  private final CombaConfig config;
  private final Projection rate;

  /** A layer. */
  Comba(HeadSizes sizes, CombaConfig config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(sizes, config.outputGate(), config.norm()),
        SoftplusDecay.perHead(sizes),
        MatrixStateRecurrence.lowRank(1 / Math.sqrt(sizes.keys())));
    this.config = config;
    this.rate = new Projection(MatrixStateRecurrence.BETA, sizes.width(), sizes.heads());
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    rate.declare(declaration, initialiser);
    declaration.undecayed(FEEDBACK, Initialisers.ones(), sizes().heads());
    declaration.undecayed(
        CORRECTION, Initialisers.constant(config.outputCorrection()), sizes().heads());
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    DeltaMixer.activate(stretch, config.shortConvolution());
    Variable share = Activations.apply(tape, Unary.SIGMOID, stretch.context().parameter(FEEDBACK));
    Variable p = perHead(tape, stretch.get(MatrixStateRecurrence.KEY), share);
    Variable taken = perHead(tape, p, stretch.context().parameter(CORRECTION));
    stretch.map(
        MatrixStateRecurrence.QUERY,
        q -> DeltaMixer.unit(tape, Primitives.subtract(tape, q, taken)));
    stretch.map(MatrixStateRecurrence.KEY, k -> DeltaMixer.unit(tape, k));
    Variable beta = Activations.apply(tape, Unary.SIGMOID, rate.apply(stretch));
    DeltaOperators.feedBack(tape, stretch.coefficients(), DeltaMixer.unit(tape, p), beta);
  }

  /** {@code x [B, T, H, K]} times a number per head. */
  private static Variable perHead(Tape tape, Variable x, Variable factors) {
    return Primitives.multiply(tape, x, Primitives.reshape(tape, factors, x.size(2), 1));
  }

  @Override
  long ownMultiplyAdds() {
    // Recall and feedback: one each per number of state.
    return rate.multiplyAddsPerToken() + 2 * stateNumbers();
  }
}
