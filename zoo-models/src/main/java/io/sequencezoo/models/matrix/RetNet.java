package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.op.Rotary;

/**
 * Multi-scale retention: linear attention whose heads forget at constant rates, each at its own.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                    optionally silu(conv(.)) of each
 * q_t, k_t rotated by t θ_j                        θ_j = 10000^{-2j/K}
 * S_t = γ_h S_{t-1} + k_t v_tᵀ                     γ_h = 1 - 2^{-5-h}, h = 0, 1, ...   (eq. 8)
 * o_t = S_tᵀ q_t / √K                              read-out                            (eq. 6)
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o             norm per head                       (eq. 8)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5; optional, as the gate is
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. The rotation is xPos with
 * its decay left to γ. Differs from the paper: the norm is by root mean square and has a gain, as
 * in the reference code. Numerical care: {@code log γ} by {@code log1p}.
 */
@Paper(
    key = "sun2023retnet",
    title = "Retentive Network: A Successor to Transformer for Large Language Models",
    authors = "Sun, Dong, Huang, Ma, Xia, Xue, Wang and Wei 2023",
    arxiv = "2307.08621",
    equations = "6-8")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/multiscale_retention.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class RetNet extends MatrixStateMixer {
  private final RetNetConfig config;

  /** A layer. */
  RetNet(HeadSizes sizes, RetNetConfig config) {
    super(sizes, config, null);
    this.config = config;
  }

  @Override
  void complete(Stretch stretch) {
    if (config.rotary()) {
      stretch.map(MatrixStateRecurrence.QUERY, q -> rotated(stretch, q));
      stretch.map(MatrixStateRecurrence.KEY, k -> rotated(stretch, k));
    }
    Variable x = stretch.x();
    stretch.put(
        MatrixStateRecurrence.DECAY,
        LinearOperators.retentionDecay(
            stretch.tape(), x.type(), x.size(0), x.size(1), sizes().heads()));
  }

  private Variable rotated(Stretch stretch, Variable x) {
    return Rotary.rotate(
        stretch.tape(),
        x,
        stretch.state().counts(),
        Rotary.Convention.HALF_SPLIT,
        config.rotaryBase(),
        sizes().keys());
  }

  @Override
  long ownMultiplyAdds() {
    return (config.rotary() ? 4L * sizes().keyWidth() : 0) + stateNumbers();
  }
}
