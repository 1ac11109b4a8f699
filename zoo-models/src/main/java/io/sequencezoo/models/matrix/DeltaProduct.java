package io.sequencezoo.models.matrix;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;

/**
 * DeltaProduct: a matrix state per head that each token corrects N times, so that one step of time
 * is a product of N generalised Householder reflections, after an optional decay.
 *
 * <pre>{@code
 * q, k_j, v_j = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))     q, k_j of length 1
 * beta_{t,j}  = 2 σ(x_t W_beta)                                             per head and write
 * g_t = -e^{log_rate} softplus(x_t W_step + step_bias)                      log decay, per head
 * S ← e^{g_t} S, then S ← S + beta_j k_j (v_j - Sᵀ k_j)ᵀ for j = 1..N       state
 * o_t = S_tᵀ q_t / √K                                                       after the last write
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o                                      norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses key head {@code floor(h / (H/G))}
 *   <li>{@code q, k, v, beta, step, output_gate, output}: projections without bias, {@code N(0,
 *       .02)}; k, v and beta make N of each per token
 *   <li>{@code log_rate [H]}, {@code step_bias [H]}: as in {@link GatedDeltaNet}; no decay without
 *       them
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: N times the delta rule's, O(D²/H) memory. Differs from the paper: nothing.
 * Numerical care: see {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "siems2025deltaproduct",
    title = "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products",
    authors = "Siems, Carstensen, Zela, Hutter, Pontil and Grazzi 2025",
    arxiv = "2502.10297")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gated_deltaproduct.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class DeltaProduct extends DeltaMixer {
  /** A layer. */
  DeltaProduct(HeadSizes sizes, DeltaProductConfig config) {
    super(sizes, config, config.decays() ? SoftplusDecay.perHead(sizes) : null);
  }
}
