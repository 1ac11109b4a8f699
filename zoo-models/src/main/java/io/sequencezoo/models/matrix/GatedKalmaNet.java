package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.matrix.RidgeRecurrence;
import io.sequencezoo.core.dynamics.matrix.RidgeReport;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gated KalmaNet: at every token the linear map from keys to values that fits a fading past best,
 * as a Kalman filter in its steady state, with a ridge in proportion to what the keys hold; a gate
 * says how far the query reads through the fit.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1 per head
 * b_t = σ(x_t W_β + b_β) + 1e-6    α_t = σ(x_t W_α + b_α)
 * γ_t = exp(-e^{log_rate} softplus(x_t W_step + step_bias))
 * H_t = γ_t H_{t-1} + b_t² k_t k_tᵀ    G_t = γ_t G_{t-1} + b_t² k_t v_tᵀ     state
 * (H_t + ridge ‖H_t‖ I) x_t = q_t / √K                                      Frobenius' norm
 * o_t = G_tᵀ (q_t / √K + α_t (x_t - q_t / √K))                              read-out
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o                                      norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code Skk}: {@code [B, H, K, K]}, {@code Skv}: {@code [B, H, K, V]} state; {@code conv_q,
 *       conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where there are any
 *   <li>{@code q, k, v, step, output_gate, output}: projections without bias, {@code N(0, .02)};
 *       {@code beta, alpha}: {@code [D, H]}, with biases from zero
 *   <li>{@code log_rate [H]}, {@code step_bias [H]}: as {@link GatedDeltaNet}'s; {@code norm [V]},
 *       eps 1e-5
 * </ul>
 *
 * <p>Cost per token: that of linear attention, and H K² for each iteration of conjugate gradients.
 * Differs from the paper and the reference: the systems are solved by conjugate gradients instead
 * of Chebyshev's iteration, which needs no bound on eigenvalues and ends where it has converged;
 * their condition is at most 1 + 1/ridge. The norm's eps is 1e-5. Numerical care: see {@link
 * RidgeRecurrence}, whose reports a listener of the layer hears.
 */
@Paper(
    key = "peng2025gatedkalmanet",
    title = "Gated KalmaNet: A Fading Memory Layer Through Test-Time Ridge Regression",
    authors = "Peng et al. 2025",
    arxiv = "2511.21016")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gka.py",
    commit = "b22c42ca8db30bf34cad5f3d2040c08c40fb4667")
public final class GatedKalmaNet extends RidgeMixer {
  /** The reference's least weight of a token. */
  private static final double LEAST_WEIGHT = 1e-6;

  private final int shortConvolution;
  private final @Nullable Projection mix;

  /**
   * A layer.
   *
   * @param listener hears how every batch was solved
   */
  GatedKalmaNet(HeadSizes sizes, GatedKalmaNetConfig config, Consumer<RidgeReport> listener) {
    super(
        sizes,
        config,
        config.iterations(),
        true,
        SoftplusDecay.perHead(sizes),
        RidgeRecurrence.relative(config.ridge(), config.iterations(), listener));
    this.shortConvolution = config.shortConvolution();
    this.mix = config.mix() ? perHead(RidgeRecurrence.MIX) : null;
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    weight.declare(declaration, initialiser);
    if (mix != null) {
      mix.declare(declaration, initialiser);
    }
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    DeltaMixer.activate(stretch, shortConvolution);
    normalise(stretch);
    double scale = 1 / Math.sqrt(sizes().keys());
    stretch.map(RidgeRecurrence.QUERY, q -> Primitives.affine(tape, scale, q, 0));
    Variable gate = Activations.apply(tape, Unary.SIGMOID, weight.apply(stretch));
    Variable weights = Primitives.affine(tape, 1, gate, LEAST_WEIGHT);
    stretch.put(RidgeRecurrence.BETA, Primitives.multiply(tape, weights, weights));
    if (mix != null) {
      stretch.put(RidgeRecurrence.MIX, Activations.apply(tape, Unary.SIGMOID, mix.apply(stretch)));
    }
  }

  @Override
  long ownMultiplyAdds() {
    // The size of H takes one more product with it.
    return super.ownMultiplyAdds() + keyNumbers() + (mix == null ? 0 : mix.multiplyAddsPerToken());
  }
}
