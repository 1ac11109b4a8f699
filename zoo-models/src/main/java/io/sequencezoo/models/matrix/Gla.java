package io.sequencezoo.models.matrix;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;

/**
 * Gated linear attention: a linear system with a matrix state per head, driven by outer products of
 * keys and values, that forgets each key channel at a rate which the input sets.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                    optionally silu(conv(.)) of each
 * g_t = logsigmoid((x_t W_1) W_2 + b) / 16         log decay, at most 0
 * S_t = diag(e^{g_t}) S_{t-1} + k_t v_tᵀ           state     (eq. 3)
 * o_t = S_tᵀ q_t / √K                              read-out
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o             norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code gate_low [D, R], gate_high [R, H K], gate_bias [H K]}: the decay's projection; the
 *       bias starts at zero, so that the decay starts near .5^{1/16} = .958
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the scale {@code 1/√K} on q and the normaliser 16 are the reference code's. Numerical care: see
 * {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "yang2024gla",
    title = "Gated Linear Attention Transformers with Hardware-Efficient Training",
    authors = "Yang, Wang, Shen, Panda and Kim 2024",
    arxiv = "2312.06635",
    equations = "3")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gla.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Gla extends MatrixStateMixer {
  /** A layer. */
  Gla(HeadSizes sizes, GlaConfig config) {
    super(
        sizes,
        config,
        LogSigmoidDecay.perChannel(sizes, config.gateLowRank(), config.gateNormalizer()));
  }
}
