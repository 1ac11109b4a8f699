package io.sequencezoo.models.linear;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.op.Dense;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * DeltaProduct: a matrix state per head that each token corrects N times, so that one step of time
 * is a product of N generalised Householder reflections, after an optional decay.
 *
 * <pre>{@code
 * q, k_j, v_j = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))     q, k_j of length 1
 * beta_{t,j}  = 2 σ(x_t W_beta)                                             per head and write
 * g_t = -e^{log_rate} softplus(x_t W_step + step_bias)                      log decay, per head
 * S ← e^{g_t} S, then S ← S + beta_j k_j (v_j - Sᵀ k_j)ᵀ for j = 1..N       state
 * o_t = S_tᵀ q_t / √K                                                       after the last write
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o                                      norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses key head {@code floor(h / (H/G))}
 *   <li>{@code q, k, v, beta, step, output_gate, output}: projections without bias, {@code N(0,
 *       .02)}; k, v and beta make N of each per token
 *   <li>{@code log_rate [H]}, {@code step_bias [H]}: as in {@link GatedDeltaNet}; no decay without
 *       them
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5
 * </ul>
 *
 * <p>Cost per token: N times the delta rule's, O(D²/H) memory. Differs from the paper: nothing.
 * Numerical care: see {@link MatrixStateRecurrence}.
 */
@Paper(
    key = "siems2025deltaproduct",
    title = "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products",
    authors = "Siems, Carstensen, Zela, Hutter, Pontil and Grazzi 2025",
    arxiv = "2502.10297")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gated_deltaproduct.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class DeltaProduct implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String STEP = "step";

  private final DeltaSizes sizes;
  private final DeltaInputs inputs;

  /** Null for none. */
  private final SoftplusDecay decay;

  private final DeltaOutput output;
  private final MatrixStateRecurrence recurrence;

  /** A layer with convolutions over W tokens, or none for W = 0. */
  DeltaProduct(
      DeltaSizes sizes,
      int convolution,
      boolean allowNegativeEigenvalues,
      boolean decays,
      boolean outputGate) {
    this.sizes = sizes;
    this.inputs = new DeltaInputs(sizes, convolution, allowNegativeEigenvalues);
    this.decay =
        decays ? new SoftplusDecay(sizes.valueHeads(), 1, 0, SoftplusDecay.mambaBiases()) : null;
    this.output =
        new DeltaOutput(sizes, outputGate ? DeltaOutput.Gate.SILU : DeltaOutput.Gate.NONE);
    this.recurrence = MatrixStateRecurrence.delta(1 / Math.sqrt(sizes.keys()));
  }

  @Override
  public String name() {
    return "delta_product";
  }

  @Override
  public int width() {
    return sizes.width();
  }

  @Override
  public Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    inputs.declare(declaration, normal);
    if (decay != null) {
      declaration.weight(STEP, normal, sizes.width(), sizes.valueHeads());
      decay.declare(declaration);
    }
    output.declare(declaration, normal);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return inputs.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Map<String, Variable> coefficients = inputs.apply(context, x, state, caches);
    if (decay != null) {
      Variable steps =
          Dense.linear(
              context.tape(), x, context.parameter(STEP), context.parameter(SoftplusDecay.BIAS));
      coefficients.put(MatrixStateRecurrence.DECAY, decay.apply(context, steps));
    }
    return new Drive(coefficients, output.extras(context, x), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, outputs, drive.extras());
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return sizes.state() * type.width() + inputs.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return inputs.multiplyAddsPerToken()
        + (decay == null ? 0 : (long) sizes.width() * sizes.valueHeads())
        + output.multiplyAddsPerToken()
        + sizes.recurrenceMultiplyAdds(decay != null);
  }
}
