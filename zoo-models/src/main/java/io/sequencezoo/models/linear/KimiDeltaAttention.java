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
 * Kimi Delta Attention: Gated DeltaNet whose decay is set per key channel, by a projection of low
 * rank, and whose outputs pass a sigmoid gate.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    q, k of length 1
 * beta_t  = σ(x_t W_beta)                                              per head
 * g_t = -e^{log_rate} softplus((x_t W_1) W_2 + step_bias)              log decay, per key channel
 * P_t = diag(e^{g_t}) S_{t-1}
 * S_t = P_t + beta_t k_t (v_t - P_tᵀ k_t)ᵀ                             state
 * o_t = S_tᵀ q_t / √K                                                  read-out
 * y_t = (rms(o_t) ⊙ σ((x_t W_3) W_4 + b)) W_o                          norm per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: last inputs of the convolutions, {@code [B, W-1, .]}, where
 *       there are any
 *   <li>G key heads, H value heads: value head h uses key head {@code floor(h / (H/G))}, with a
 *       decay and a rate of its own
 *   <li>{@code q, k, v, beta, output}: projections without bias, {@code N(0, .02)}; {@code
 *       step_low, step_high} and {@code output_gate_low, output_gate_high}: of rank V
 *   <li>{@code log_rate [H]}: the logarithm of a rate uniform in (1, 16]; {@code step_bias [H K]}:
 *       zero
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * nothing. Numerical care: the decay is computed as a logarithm; see also {@link
 * MatrixStateRecurrence}.
 */
@Paper(
    key = "kimi2025linear",
    title = "Kimi Linear: An Expressive, Efficient Attention Architecture",
    authors = "Kimi Team 2025",
    arxiv = "2510.26692")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/kda.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class KimiDeltaAttention implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  /** The reference's first rates are uniform in [1, 16). */
  private static final double SMALLEST_RATE = 1;

  private static final String STEP_LOW = "step_low";
  private static final String STEP_HIGH = "step_high";

  private final DeltaSizes sizes;
  private final DeltaInputs inputs;
  private final SoftplusDecay decay;
  private final DeltaOutput output;
  private final MatrixStateRecurrence recurrence;

  /** A layer with convolutions over W tokens, or none for W = 0. */
  KimiDeltaAttention(DeltaSizes sizes, int convolution, boolean allowNegativeEigenvalues) {
    this.sizes = sizes;
    this.inputs = new DeltaInputs(sizes, convolution, allowNegativeEigenvalues);
    this.decay =
        new SoftplusDecay(sizes.valueHeads(), sizes.keys(), SMALLEST_RATE, Initialisers.zeros());
    this.output = new DeltaOutput(sizes, DeltaOutput.Gate.SIGMOID);
    this.recurrence = MatrixStateRecurrence.delta(1 / Math.sqrt(sizes.keys()));
  }

  @Override
  public String name() {
    return "kimi_delta_attention";
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
    declaration.weight(STEP_LOW, normal, sizes.width(), sizes.values());
    declaration.weight(STEP_HIGH, normal, sizes.values(), decayWidth());
    decay.declare(declaration);
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
    Variable low = Dense.linear(context.tape(), x, context.parameter(STEP_LOW), null);
    Variable steps =
        Dense.linear(
            context.tape(),
            low,
            context.parameter(STEP_HIGH),
            context.parameter(SoftplusDecay.BIAS));
    coefficients.put(MatrixStateRecurrence.DECAY, decay.apply(context, steps));
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
        + sizes.values() * (sizes.width() + decayWidth())
        + output.multiplyAddsPerToken()
        + sizes.recurrenceMultiplyAdds(true);
  }

  private long decayWidth() {
    return (long) sizes.valueHeads() * sizes.keys();
  }
}
