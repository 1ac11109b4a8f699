package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;

/**
 * Gated DeltaNet-2: the delta rule on a state of decaying key channels, whose one rate is split
 * into a gate that erases, per key channel, and a gate that writes, per value channel.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * b_t, w_t = σ(x_t W_erase), σ(x_t W_write)                            b up to 2 where allowed
 * g_t = -e^{log_rate} softplus((x_t W_1) W_2 + step_bias)              log decay, per key channel
 * P_t = diag(e^{g_t}) S_{t-1}
 * S_t = P_t - k_t ((b_t ⊙ k_t)ᵀ P_t) + k_t (w_t ⊙ v_t)ᵀ                state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = (rms(o_t) ⊙ σ((x_t W_3) W_4 + c)) W_o                          norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses query, key, decay and erase gate of {@code
 *       floor(h / (H/G))}
 *   <li>{@code q, k, v, erase, write, output}: projections without bias, {@code N(0, .02)}; {@code
 *       step_low, step_high} and {@code output_gate_low, output_gate_high}: of rank V
 *   <li>{@code log_rate [G]}: the logarithm of a rate uniform in (1, 16]; {@code step_bias [G K]}:
 *       the inverse softplus of steps log-uniform in [0.001, 0.1]
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>It is the recurrence with a correction of rank one: {@code a = e^g ⊙ b ⊙ k} reads the state
 * before its decay, and {@code -k} writes. With {@code b = w = β} it is Kimi Delta Attention. Keys
 * of length 1 leave one eigenvalue {@code 1 - Σ b k²} beside the decays, in [0, 1], or from -1
 * where erase gates go up to 2; the norm of the transition can exceed 1. Cost per token: O(D²/H)
 * time beside the projections, O(D²/H) memory. Differs from the paper: nothing. Numerical care: the
 * decay is computed as a logarithm; see also {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "hatamizadeh2026gateddeltanet2",
    title = "Gated DeltaNet-2: Decoupling Erase and Write in Linear Attention",
    authors = "Hatamizadeh, Choi and Kautz 2026",
    arxiv = "2605.22791")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gdn2.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class GatedDeltaNet2 extends MatrixStateMixer {
  private final GatedDeltaNet2Config config;
  private final Decay decay;
  private final Projection erase;
  private final Projection write;

  /** A layer. */
  GatedDeltaNet2(HeadSizes sizes, GatedDeltaNet2Config config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        OutputStage.gatedByLowRank(sizes, config.outputGate(), config.norm()),
        null,
        MatrixStateRecurrence.lowRank(1 / Math.sqrt(sizes.keys())));
    this.config = config;
    this.decay = SoftplusDecay.perKeyChannel(sizes);
    this.erase = new Projection("erase", sizes.width(), sizes.keyWidth());
    this.write = new Projection("write", sizes.width(), sizes.valueWidth());
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    erase.declare(declaration, initialiser);
    write.declare(declaration, initialiser);
    decay.declare(declaration, initialiser);
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    DeltaMixer.activate(stretch, config.shortConvolution());
    stretch.map(MatrixStateRecurrence.QUERY, q -> DeltaMixer.unit(tape, q));
    stretch.map(MatrixStateRecurrence.KEY, k -> DeltaMixer.unit(tape, k));
    stretch.put(MatrixStateRecurrence.DECAY, decay.apply(stretch));
    Variable erased = gate(stretch, erase, sizes().heads());
    if (config.allowNegativeEigenvalues()) {
      erased = Primitives.affine(tape, 2, erased, 0);
    }
    Variable written = gate(stretch, write, sizes().valueHeads());
    DeltaOperators.eraseAndWrite(tape, stretch.coefficients(), erased, written);
  }

  private static Variable gate(Stretch stretch, Projection logits, int heads) {
    Tape tape = stretch.tape();
    Variable gate = Activations.apply(tape, Unary.SIGMOID, logits.apply(stretch));
    return Heads.split(tape, gate, heads);
  }

  @Override
  long ownMultiplyAdds() {
    // Decay, recall and erasure: one each per number of state.
    return erase.multiplyAddsPerToken()
        + write.multiplyAddsPerToken()
        + decay.multiplyAddsPerToken()
        + 3 * stateNumbers();
  }
}
