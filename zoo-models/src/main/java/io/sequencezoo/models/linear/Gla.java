package io.sequencezoo.models.linear;

import io.sequencezoo.core.autodiff.Tape;
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
import io.sequencezoo.core.op.LogDecays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

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
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5
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
public final class Gla implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private final HeadSizes sizes;
  private final int rank;
  private final double gateNormalizer;
  private final QueryKeyValue projections;
  private final GatedOutput output;
  private final MatrixStateRecurrence recurrence;

  /**
   * A layer.
   *
   * @param rank R, of the decay's projection
   * @param convolution W, or 0 for none
   */
  Gla(HeadSizes sizes, int rank, double gateNormalizer, int convolution) {
    this.sizes = sizes;
    this.rank = rank;
    this.gateNormalizer = gateNormalizer;
    this.projections = new QueryKeyValue(sizes, convolution);
    this.output = new GatedOutput(sizes);
    this.recurrence = MatrixStateRecurrence.scaled(1 / Math.sqrt(sizes.keys()));
  }

  @Override
  public String name() {
    return "gla";
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
    projections.declare(declaration, normal);
    declaration.weight("gate_low", normal, sizes.width(), rank);
    declaration.weight("gate_high", normal, rank, sizes.keyWidth());
    declaration.undecayed("gate_bias", Initialisers.zeros(), sizes.keyWidth());
    output.declare(declaration, normal);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return projections.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Map<String, Variable> coefficients = projections.apply(context, x, state, caches);
    coefficients.replaceAll((name, value) -> projections.perHead(tape, value));
    Variable low = Dense.linear(tape, x, context.parameter("gate_low"), null);
    Variable logits =
        Dense.linear(tape, low, context.parameter("gate_high"), context.parameter("gate_bias"));
    Variable decay = LogDecays.logSigmoid(tape, logits, 1 / gateNormalizer);
    coefficients.put(MatrixStateRecurrence.DECAY, projections.perHead(tape, decay));
    return new Drive(coefficients, Map.of(GatedOutput.GATE, output.gate(context, x)), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, outputs, drive.extras().get(GatedOutput.GATE));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return sizes.state() * type.width() + projections.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long gate = (long) rank * (sizes.width() + sizes.keyWidth());
    // Decay, write and read: one each per number of state.
    return projections.multiplyAddsPerToken()
        + gate
        + output.multiplyAddsPerToken()
        + 3 * sizes.state();
  }
}
