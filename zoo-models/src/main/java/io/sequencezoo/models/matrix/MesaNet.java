package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.RidgeRecurrence;
import io.sequencezoo.core.dynamics.matrix.RidgeReport;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import java.util.function.Consumer;

/**
 * MesaNet: at every token the linear map from keys to values that fits the past best, with a ridge
 * and with weights that fade, read by the query; the fit is solved for, not followed by gradient
 * steps.
 *
 * <pre>{@code
 * q, k = silu(conv(x W_q)), silu(conv(x W_k)), of length 1 per head;  v = x W_v
 * β_t = σ(x_t W_β + b_β)    γ_t = σ(x_t W_g + b_g)    Λ = softplus(lambda) + .25
 * H_t = γ_t H_{t-1} + β_t k_t k_tᵀ    G_t = γ_t G_{t-1} + β_t k_t v_tᵀ      state
 * o_t = G_tᵀ (H_t + diag(Λ))^{-1} q_t                                        read-out
 * y_t = rms(o_t) W_o                                 norm per head; a gate is optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code Skk}: {@code [B, H, K, K]}, {@code Skv}: {@code [B, H, K, V]} state; {@code conv_q,
 *       conv_k}: {@code [B, W-1, H K]}
 *   <li>{@code q, k, v, output}: projections without bias, {@code N(0, .02)}; {@code beta, gate}:
 *       {@code [D, H]}, with biases from zero
 *   <li>{@code lambda}: {@code [H, K]}, so that Λ starts at 1; {@code norm}: {@code [V]}, eps 1e-5
 * </ul>
 *
 * <p>Cost per token: that of linear attention, and H K² for each iteration of conjugate gradients.
 * Differs from the reference: denominators of the iterations have no 1e-5 added, so that they
 * converge; steps start from zero as sequences do; V may differ from K. Numerical care: see {@link
 * RidgeRecurrence}, whose reports a listener of the layer hears.
 */
@Paper(
    key = "vonoswald2025mesanet",
    title = "MesaNet: Sequence Modeling by Locally Optimal Test-Time Training",
    authors = "von Oswald et al. 2025",
    arxiv = "2506.05233")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/mesa_net.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class MesaNet extends RidgeMixer {
  /** The reference's lambda_lower_bound. */
  private static final double LEAST_RIDGE = 0.25;

  private static final String LAMBDA = "lambda";

  /**
   * A layer.
   *
   * @param listener hears how every batch was solved
   */
  MesaNet(HeadSizes sizes, MesaNetConfig config, Consumer<RidgeReport> listener) {
    super(
        sizes,
        config,
        config.iterations(),
        false,
        LogSigmoidDecay.perHead(sizes, 1),
        new RidgeRecurrence(config.iterations(), listener));
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    weight.declare(declaration, initialiser);
    // Softplus of it is 1 - .25.
    double start = Math.log(Math.expm1(1 - LEAST_RIDGE));
    declaration.undecayed(LAMBDA, Initialisers.constant(start), sizes().heads(), sizes().keys());
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    normalise(stretch);
    stretch.put(
        RidgeRecurrence.BETA, Activations.apply(tape, Unary.SIGMOID, weight.apply(stretch)));
    stretch.put(
        RidgeRecurrence.RIDGE,
        Primitives.affine(
            tape,
            1,
            Primitives.map(tape, Unary.SOFTPLUS, stretch.context().parameter(LAMBDA)),
            LEAST_RIDGE));
  }
}
