package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.GatedSlotRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.LogDecays;

/**
 * Gated slot attention: softmax attention to a fixed number of slots, each of which keeps a
 * decaying sum of keys and one of values and takes of a token what it forgets.
 *
 * <pre>{@code
 * q, k, v = silu(x W_q), silu(x W_k), silu(x W_v)     optionally of silu(conv(.)) of each
 * g_t = logsigmoid(x_t W_f) / 8, s_t = 1 - e^{g_t}    per slot
 * Sk_t = Sk_{t-1} diag(e^{g_t}) + k_t s_tᵀ            state
 * Sv_t = diag(e^{g_t}) Sv_{t-1} + s_t v_tᵀ            state
 * o_t = Sv_tᵀ softmax(Sk_tᵀ q_t)                      read-out, over the slots
 * y_t = rms(silu(o_t)) W_o                            norm over all heads together
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code Sk}: {@code [B, H, K, M]}, {@code Sv}: {@code [B, H, M, V]} state of M slots,
 *       constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, forget, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code norm}: {@code [H V]}, eps 1e-5; optional, and a gate after it
 * </ul>
 *
 * <p>Cost per token: 3 H M (K + V) multiply-adds beside the projections. Differs from the paper:
 * the reference's unread switches are switches here. Numerical care: see {@link
 * GatedSlotRecurrence}.
 */
@Paper(
    key = "zhang2024gsa",
    title = "Gated Slot Attention for Efficient Linear-Time Sequence Modeling",
    authors = "Zhang, Yang, Zhu, Zhang, Cui, Wang et al. 2024",
    arxiv = "2409.07146")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gsa.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Gsa extends MatrixStateMixer {
  private final GsaConfig config;
  private final int slots;
  private final Projection forget;

  /** A layer with M slots per head. */
  Gsa(HeadSizes sizes, int slots, GsaConfig config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(sizes, GatedNorm.whole(sizes, config.outputGate(), config.norm())),
        null,
        new GatedSlotRecurrence(1));
    this.config = config;
    this.slots = slots;
    this.forget = new Projection("forget", sizes.width(), sizes.heads() * slots);
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    forget.declare(declaration, initialiser);
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    stretch.coefficients().replaceAll((name, x) -> Activations.apply(tape, Unary.SILU, x));
    Variable decay = LogDecays.logSigmoid(tape, forget.apply(stretch), 1 / config.gateNormalizer());
    Variable kept = Activations.apply(tape, Unary.EXP, decay);
    int heads = sizes().heads();
    stretch.put(MatrixStateRecurrence.DECAY, Heads.split(tape, decay, heads));
    stretch.put(
        GatedSlotRecurrence.SLOTS, Heads.split(tape, Primitives.affine(tape, -1, kept, 1), heads));
  }

  @Override
  Variable read(Context context, Variable outputs, Drive drive) {
    return Activations.apply(context.tape(), Unary.SILU, outputs);
  }

  @Override
  long stateNumbers() {
    return (long) sizes().heads() * slots * (sizes().keys() + sizes().values());
  }

  @Override
  long ownMultiplyAdds() {
    // The decays: one per number of state.
    return forget.multiplyAddsPerToken() + stateNumbers();
  }
}
