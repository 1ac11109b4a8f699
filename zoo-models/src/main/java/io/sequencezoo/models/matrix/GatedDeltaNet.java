package io.sequencezoo.models.matrix;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;

/**
 * Gated DeltaNet: a matrix state per head that forgets at a rate which the input sets, then
 * replaces what a key recalls by its value: Mamba-2's decay with the delta rule.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * beta_t  = σ(x_t W_beta)                                              per head
 * g_t = -e^{log_rate} softplus(x_t W_step + step_bias)                 log decay, per head
 * P_t = e^{g_t} S_{t-1}
 * S_t = P_t + beta_t k_t (v_t - P_tᵀ k_t)ᵀ                             state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o                                 norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses key head {@code floor(h / (H/G))}
 *   <li>{@code q, k, v, beta, step, output_gate, output}: projections without bias, {@code N(0,
 *       .02)}
 *   <li>{@code log_rate [H]}: the logarithm of a rate uniform in (0, 16]; {@code step_bias [H]}:
 *       the inverse softplus of steps log-uniform in [0.001, 0.1]
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * nothing. Numerical care: the decay is computed as a logarithm; see also {@link
 * MatrixStateRecurrence}.
 */
@Paper(
    key = "yang2024gateddeltanet",
    title = "Gated Delta Networks: Improving Mamba2 with Delta Rule",
    authors = "Yang, Kautz and Hatamizadeh 2024",
    arxiv = "2412.06464")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gated_deltanet.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class GatedDeltaNet extends DeltaMixer implements MatrixHeads {
  /** A layer. */
  GatedDeltaNet(HeadSizes sizes, GatedDeltaNetConfig config) {
    super(sizes, config, SoftplusDecay.perHead(sizes));
  }

  @Override
  public int stateHeads() {
    return sizes().valueHeads();
  }

  @Override
  public long numbersPerHead() {
    return (long) sizes().keys() * sizes().values();
  }

  @Override
  public double queryScale() {
    return 1 / Math.sqrt(sizes().keys());
  }
}
