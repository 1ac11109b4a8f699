package io.sequencezoo.models.memory;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.models.matrix.HeadSizes;

/**
 * The long-term memory of Titans: a network whose weights move by how surprising a token is, with
 * momentum, and forget by an input-set decay.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * S_t = η_t S_{t-1} - θ_t ∇|M(k_t) - v_t|²/2     surprise, its gradient where t's chunk starts
 * W_t = α_t W_{t-1} + S_t                        state     (eqs. 12-14, 1 - α there)
 * o_t = M(q_t) at W_t                            read-out  (eq. 15)
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o           norm per head
 * M(x) = x + LN(f(x W_1) W_2), f = gelu
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code W1, W2}: {@code [B, H, I, O]}; {@code S_W1, S_W2} of the momentum; {@code base_W1,
 *       base_W2}, where the chunk started, for C above 1; constant in T
 *   <li>parameters as those of {@link OptimiserMemory}
 * </ul>
 *
 * <p>Memory as a layer is {@link TitansConfig#asLayer} (eqs. 29-31), as a gate {@link TitansGate},
 * as context {@link TitansContext}. Cost per token: a constant number of products with each matrix.
 * Differs from the paper: nothing but the factor of a half, which the step makes up for. From the
 * unofficial code: decay and momentum are those of the token, not pooled over its chunk, reads see
 * their own chunk's updates, and the norm's gain is not moved by the memory. Numerical care: the
 * step is shared out to the tokens of a chunk, and divided by V as the unofficial code's mean is:
 * long chunks would overshoot.
 */
@Paper(
    key = "behrouz2025titans",
    title = "Titans: Learning to Memorize at Test Time",
    authors = "Behrouz, Zhong and Mirrokni 2025",
    arxiv = "2501.00663",
    equations = "8-15")
@Source(
    repo = "lucidrains/titans-pytorch",
    path = "titans_pytorch/neural_memory.py",
    commit = "cc016eb")
public final class Titans extends MemoryMixer {
  /** A layer. */
  Titans(HeadSizes sizes, TitansConfig config) {
    super(sizes, config);
  }
}
