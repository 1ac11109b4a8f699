package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.nonlinear.MatrixCellRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import java.util.SplittableRandom;

/**
 * M²RNN: a matrix state per head that outer products write into as into linear attention's, but
 * which a map of its value side and a nonlinearity move at every token, so that it can count and
 * switch where a linear state can't.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))
 * f_t = exp(-e^{log_rate} softplus(x_t W_step + step_bias))              per head
 * Z_t = tanh(S_{t-1} W + k_t v_tᵀ)
 * S_t = f_t S_{t-1} + (1 - f_t) Z_t                                      state
 * o_t = S_tᵀ q_t + d ⊙ v_t                                               read-out
 * y_t = rms(o_t ⊙ silu(x_t W_g)) W_o                                     norm over all heads
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state; {@code conv_q, conv_k, conv_v}: last inputs of the
 *       convolutions, {@code [B, W-1, .]}
 *   <li>G heads of queries and keys: head h uses those of {@code floor(h / (H/G))}
 *   <li>{@code q, k, v, step, output_gate, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code transition}: W, {@code [H, V, V]}, the identity at first; {@code d}: {@code [H, V]},
 *       one at first
 *   <li>{@code log_rate [H]}: the logarithm of a rate uniform in (0, 16]; {@code step_bias [H]}:
 *       the inverse softplus of steps log-uniform in [0.001, 0.1]; {@code norm}: {@code [H V]}, eps
 *       1e-5
 * </ul>
 *
 * <p>Cost per token: H K V² for the map beside what linear attention costs. Differs from the
 * source: nothing in outputs. Numerical care: by default the state's gradient is cut to ±1, which
 * changes gradients; set {@code gradientBound} to 0 for the true ones. Newton's method ignores the
 * bound.
 */
@Paper(
    key = "mishra2026m2rnn",
    title = "M²RNN: Non-Linear RNNs with Matrix-Valued States for Scalable Language Modeling",
    authors = "Mishra et al. 2026",
    arxiv = "2603.14360")
@Source(
    repo = "open-lm-engine/accelerated-model-architectures",
    path = "xma/layers/m2rnn/torch_implementation.py",
    commit = "384ed0a7bd82ced1f40609603dd541cac5416844")
public final class M2Rnn extends MatrixStateMixer {
  private static final String TRANSITION = "transition";
  private static final String SKIP = "d";

  private final SoftplusDecay decay;

  /** A layer. */
  M2Rnn(HeadSizes sizes, M2RnnConfig config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(
            sizes,
            new GatedNorm(
                config.norm() ? sizes.valueWidth() : 0,
                sizes.valueWidth(),
                config.outputGate(),
                true)),
        null,
        new MatrixCellRecurrence(config.gradientBound()));
    this.decay = SoftplusDecay.perHead(sizes);
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    decay.declare(declaration, initialiser);
    int values = sizes().values();
    declaration.weight(TRANSITION, M2Rnn::identities, sizes().valueHeads(), values, values);
    declaration.undecayed(SKIP, Initialisers.ones(), sizes().valueHeads(), values);
  }

  private static double[] identities(long[] shape, SplittableRandom random) {
    int values = (int) shape[1];
    double[] all = new double[(int) shape[0] * values * values];
    for (int i = 0; i < all.length; i++) {
      int within = i % (values * values);
      all[i] = within / values == within % values ? 1 : 0;
    }
    return all;
  }

  @Override
  void complete(Stretch stretch) {
    stretch.put(
        MatrixCellRecurrence.FORGET,
        Activations.apply(stretch.tape(), Unary.EXP, decay.apply(stretch)));
    stretch.put(MatrixCellRecurrence.WEIGHT, stretch.context().parameter(TRANSITION));
  }

  @Override
  Variable read(Context context, Variable outputs, Drive drive) {
    Variable values = Recurrence.required(drive.coefficients(), MatrixCellRecurrence.VALUE);
    Variable skip = Primitives.multiply(context.tape(), values, context.parameter(SKIP));
    return Primitives.add(context.tape(), outputs, skip);
  }

  @Override
  long ownMultiplyAdds() {
    // The map, the blend, and the skip.
    return decay.multiplyAddsPerToken()
        + stateNumbers() * (sizes().values() + 1L)
        + sizes().valueWidth();
  }
}
