package io.sequencezoo.models.linear;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.MatrixStateRecurrence;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.ShortConvolutions;
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
  /** The reference layer's. */
  private static final double NORM_EPS = 1e-5;

  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String[] PROJECTED = {"q", "k", "v"};
  private static final String OUTPUT_GATE = "output_gate";

  private final int width;
  private final int heads;
  private final int keys;
  private final int values;
  private final int rank;
  private final double gateNormalizer;
  private final ShortConvolutions convolutions;
  private final MatrixStateRecurrence recurrence;

  /**
   * A layer of width D with H heads of K keys and V values each.
   *
   * @param rank R, of the decay's projection
   * @param convolution W, or 0 for none
   */
  public Gla(
      int width,
      int heads,
      int keys,
      int values,
      int rank,
      double gateNormalizer,
      int convolution) {
    this.width = width;
    this.heads = heads;
    this.keys = keys;
    this.values = values;
    this.rank = rank;
    this.gateNormalizer = gateNormalizer;
    this.convolutions =
        new ShortConvolutions(
            convolution,
            ImmutableMap.of("q", heads * keys, "k", heads * keys, "v", heads * values));
    this.recurrence = MatrixStateRecurrence.scaled(1 / Math.sqrt(keys));
  }

  @Override
  public String name() {
    return "gla";
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    long keyWidth = (long) heads * keys;
    long valueWidth = (long) heads * values;
    declaration.weight("q", normal, width, keyWidth);
    declaration.weight("k", normal, width, keyWidth);
    declaration.weight("v", normal, width, valueWidth);
    convolutions.declare(declaration, normal);
    declaration.weight("gate_low", normal, width, rank);
    declaration.weight("gate_high", normal, rank, keyWidth);
    declaration.undecayed("gate_bias", Initialisers.zeros(), keyWidth);
    declaration.weight(OUTPUT_GATE, normal, width, valueWidth);
    declaration.undecayed("norm", Initialisers.ones(), values);
    declaration.weight("output", normal, valueWidth, width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : PROJECTED) {
      Variable projected = Dense.linear(tape, x, context.parameter(name), null);
      Variable convolved = convolutions.apply(context, name, projected, state, caches);
      coefficients.put(name, perHead(tape, convolved));
    }
    Variable low = Dense.linear(tape, x, context.parameter("gate_low"), null);
    Variable logits =
        Dense.linear(tape, low, context.parameter("gate_high"), context.parameter("gate_bias"));
    Variable logSigmoid = Activations.apply(tape, Unary.LOG_SIGMOID, logits);
    Variable decay = Primitives.affine(tape, 1 / gateNormalizer, logSigmoid, 0);
    coefficients.put(MatrixStateRecurrence.DECAY, perHead(tape, decay));
    Variable gate = Dense.linear(tape, x, context.parameter(OUTPUT_GATE), null);
    return new Drive(coefficients, Map.of(OUTPUT_GATE, perHead(tape, gate)), caches);
  }

  private Variable perHead(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), heads, x.size(2) / heads);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable gated =
        Norms.gatedRmsNorm(
            tape,
            outputs,
            drive.extras().get(OUTPUT_GATE),
            context.parameter("norm"),
            NORM_EPS,
            values,
            true);
    Variable joined =
        Primitives.reshape(tape, gated, outputs.size(0), outputs.size(1), (long) heads * values);
    return Dense.linear(tape, joined, context.parameter("output"), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long state = (long) heads * keys * values;
    return state * type.width() + convolutions.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long keyWidth = (long) heads * keys;
    long valueWidth = (long) heads * values;
    long projections = width * (2 * keyWidth + 3 * valueWidth) + rank * (width + keyWidth);
    // Decay, write and read: one each per number of state.
    return projections + convolutions.multiplyAddsPerToken() + 3L * heads * keys * values;
  }
}
