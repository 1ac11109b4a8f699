package io.sequencezoo.models.matrix;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;

/**
 * DeltaNet: a linear system with a matrix state per head that replaces what a key recalls by its
 * value, to the share that the input sets; nothing else is forgotten.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * beta_t  = σ(x_t W_beta)                                              per head
 * S_t = S_{t-1} + beta_t k_t (v_t - S_{t-1}ᵀ k_t)ᵀ                     state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = rms(o_t) W_o, or (rms(o_t) ⊙ silu(x_t W_g)) W_o                norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>{@code q, k, v, beta, output_gate, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the scale {@code 1/√K} on q is the reference code's. Numerical care: keys of length 1 keep the
 * transition {@code I - beta k kᵀ} from growing; see also {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "yang2024deltanet",
    title = "Parallelizing Linear Transformers with the Delta Rule over Sequence Length",
    authors = "Yang, Wang, Zhang, Shen and Kim 2024",
    arxiv = "2406.06484")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/delta_net.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class DeltaNet extends DeltaMixer {
  /** A layer. */
  DeltaNet(HeadSizes sizes, DeltaNetConfig config) {
    super(sizes, config, null);
  }
}
