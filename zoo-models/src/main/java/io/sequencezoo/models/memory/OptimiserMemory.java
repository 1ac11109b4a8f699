package io.sequencezoo.models.memory;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.models.matrix.HeadSizes;

/**
 * A memory by the four choices of Miras: a small network per head, the loss of what it recalls, how
 * it holds on to what it knows, and how it steps. Moneta, Yaad and Memora are three sets of these.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1, turned
 * G_t = ∇ℓ(M(k_t), v_t)        at the weights where t's chunk starts
 * A_t = α_t A_{t-1} - θ_t G_t  or another step                         state
 * o_t = M(q_t)                 at W_t of A_t                           read-out
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o                                 norm per head
 *
 * Moneta   ℓ = |M(k) - v|_p^p   W = A / |A|_q^{q-2}                    p = 3, q = 4
 * Yaad     Huber's ℓ of δ_t     W = A
 * Memora   ℓ = |M(k) - v|²/2    W = c softmax(A)
 * M(x) = x + LN(f(x W_1) W_2)                                          in all three
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code W, W1, b, ...}: {@code [B, H, I, O]}, constant in T; {@code S_W}, {@code base_W},
 *       {@code past_k}: see {@code OptimiserMemoryRecurrence}
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, D]}, where
 *       there are any
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, .02)}; {@code
 *       theta, alpha, lambda, tau, eta, gamma, delta} with a bias: sigmoids and softpluses, per
 *       head
 *   <li>{@code start_W, ...}: {@code [H, I, O]}, the weights before the first token; {@code
 *       memory_norm, memory_norm_bias}: {@code [H, V]}; {@code token_index [C]} of mini-batches
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: a constant number of products with each matrix. Differs from the paper: α, θ
 * and δ are numbers per head, not per channel and not of low rank; W of A is taken at every token,
 * where the paper's parallel form does so where chunks end. No official code exists. Numerical
 * care: see {@code AttentionalBias} and {@code Retention}.
 */
@Paper(
    key = "behrouz2025miras",
    title =
        "It's All Connected: A Journey Through Test-Time Memorization, Attentional Bias, Retention,"
            + " and Online Optimization",
    authors = "Behrouz, Razaviyayn, Zhong and Mirrokni 2025",
    arxiv = "2504.13173",
    equations = "9-27")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gated_deltanet.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class OptimiserMemory extends MemoryMixer {
  /** A layer. */
  OptimiserMemory(HeadSizes sizes, MemoryConfig config) {
    super(sizes, config);
  }
}
