package io.sequencezoo.models.matrix;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;

/**
 * Kimi Delta Attention: Gated DeltaNet whose decay is set per key channel, by a projection of low
 * rank, and whose outputs pass a sigmoid gate.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * beta_t  = σ(x_t W_beta)                                              per head
 * g_t = -e^{log_rate} softplus((x_t W_1) W_2 + step_bias)              log decay, per key channel
 * P_t = diag(e^{g_t}) S_{t-1}
 * S_t = P_t + beta_t k_t (v_t - P_tᵀ k_t)ᵀ                             state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = (rms(o_t) ⊙ σ((x_t W_3) W_4 + b)) W_o                          norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses key head {@code floor(h / (H/G))}, with a
 *       decay and a rate of its own
 *   <li>{@code q, k, v, beta, output}: projections without bias, {@code N(0, .02)}; {@code
 *       step_low, step_high} and {@code output_gate_low, output_gate_high}: of rank V
 *   <li>{@code log_rate [H]}: the logarithm of a rate uniform in (1, 16]; {@code step_bias [H K]}:
 *       zero
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * nothing. Numerical care: the decay is computed as a logarithm; see also {@link
 * MatrixStateRecurrence}.
 */
@Paper(
    key = "kimi2025linear",
    title = "Kimi Linear: An Expressive, Efficient Attention Architecture",
    authors = "Kimi Team 2025",
    arxiv = "2510.26692")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/kda.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class KimiDeltaAttention extends DeltaMixer {
  /** A layer. */
  KimiDeltaAttention(HeadSizes sizes, KimiDeltaAttentionConfig config) {
    super(
        sizes,
        config,
        SoftplusDecay.perChannel(sizes),
        OutputStage.gatedByLowRank(sizes, config.outputGate(), config.norm()));
  }
}
