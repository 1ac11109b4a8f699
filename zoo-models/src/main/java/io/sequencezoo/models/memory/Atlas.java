package io.sequencezoo.models.memory;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.models.matrix.HeadSizes;

/**
 * Atlas: a memory that at every token learns the last c tokens anew, each weighted by its own γ,
 * along a step made orthogonal.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * U_t = Σ_{t-c < s ≤ t} γ_s ∇|M(k_s) - v_s|²/2     at the weights where t's chunk starts
 * S_t = η_t S_{t-1} - U_t
 * W_t = α_t W_{t-1} + θ_t orthogonalised(S_t)      state; OmegaNet: W_t = α_t W_{t-1} - θ_t U_t
 * o_t = M(q_t) at W_t                              read-out
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o             norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code W1, W2, S_W1, ..., base_W1, ...}: as those of {@link Titans}; {@code past_k, past_v
 *       [B, c-1, H, .]}, {@code past_gamma [B, c-1, H, 1]}: the last tokens; constant in T
 *   <li>parameters as those of {@link OptimiserMemory}
 * </ul>
 *
 * <p>Cost per token: c times the gradients of Titans, and five of Newton and Schulz's iterations
 * per matrix. Polynomial features of degree p, {@code φ(q)·φ(k) = Σ_{i ≤ p} (q·k)^i / i!}, take the
 * place of queries and keys for p above 1, {@code C(K + p, p)} of them; there is no residual then,
 * since they are more than values. Differs from the paper: γ is set by the token that is learned
 * alone, and the coefficients 1/i!, where the paper starts, aren't learned. Numerical care: as
 * {@link Titans}; the iteration runs on {@code S / |S|}; features of keys of length 1 are at most
 * √e long.
 */
@Paper(
    key = "behrouz2025atlas",
    title = "ATLAS: Learning to Optimally Memorize the Context at Test Time",
    authors = "Behrouz, Li, Kacham, Daliri, Deng, Zhong, Razaviyayn and Mirrokni 2025",
    arxiv = "2505.23735")
@Source(
    repo = "lucidrains/titans-pytorch",
    path = "titans_pytorch/neural_memory.py",
    commit = "cc016eb")
public final class Atlas extends MemoryMixer {
  /** A layer. */
  Atlas(HeadSizes sizes, AtlasConfig config) {
    super(sizes, config);
  }
}
