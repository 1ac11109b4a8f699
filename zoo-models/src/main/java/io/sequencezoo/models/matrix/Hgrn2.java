package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.LogDecays;

/**
 * HGRN2: a matrix state whose keys are what its forget gates leave over, so that a channel either
 * keeps or writes.
 *
 * <pre>{@code
 * q_t = silu(x_t W_q), v_t = x_t W_v
 * α_t = lb + (1 - lb) σ(x_t W_k)                   decay, never below lb
 * k_t = 1 - α_t                                    key
 * S_t = diag(α_t) S_{t-1} + k_t v_tᵀ               state     (eq. 5)
 * o_t = S_tᵀ q_t / √K                              read-out
 * y_t = rms(o_t) W_o                               norm over all heads together
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any; they have no activation
 *   <li>{@code q, k, v, output}: projections without bias, {@code N(0, .02)}; k gives the logits of
 *       the forget gate
 *   <li>{@code norm}: {@code [H V]}, eps 1e-5; optional, and a gate after it
 *   <li>{@code lb}: a number for the layer; in the reference it is learned for all layers of a
 *       model together, from a start of l/L in layer l of L, which is the default here
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the lower bound is not learned. Numerical care: k is {@code (1 - lb) σ(-f)}, which doesn't cancel
 * where the decay is near 1.
 */
@Paper(
    key = "qin2024hgrn2",
    title = "HGRN2: Gated Linear RNNs with State Expansion",
    authors = "Qin, Yang, Sun, Shen, Li, Sun and Zhong 2024",
    arxiv = "2404.07904")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/hgrn2.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Hgrn2 extends MatrixStateMixer {
  private final double lowerBound;

  /** A layer whose decays are at least lowerBound. */
  Hgrn2(HeadSizes sizes, double lowerBound, Hgrn2Config config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), null),
        new OutputStage(sizes, GatedNorm.whole(sizes, config.outputGate(), config.norm())),
        null,
        sumOfWrites(sizes));
    this.lowerBound = lowerBound;
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    Variable logits = stretch.get(MatrixStateRecurrence.KEY);
    Variable[] gates = LogDecays.lowerBounded(tape, logits, lowerBound);
    stretch.put(MatrixStateRecurrence.KEY, gates[0]);
    stretch.put(MatrixStateRecurrence.DECAY, gates[1]);
    stretch.map(MatrixStateRecurrence.QUERY, q -> Activations.apply(tape, Unary.SILU, q));
  }

  @Override
  long ownMultiplyAdds() {
    return stateNumbers();
  }
}
