package io.sequencezoo.models.linear;

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
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.BidirectionalMatrixState;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.RelativeAngles;
import io.sequencezoo.core.op.RelativePosition;
import io.sequencezoo.core.op.RunningSoftmax;
import io.sequencezoo.core.op.TimeSoftmax;
import io.sequencezoo.models.position.Grid;
import io.sequencezoo.models.position.ToeplitzEncoding;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LightNet: a matrix state whose decays are those of a softmax over time, so that one pass over a
 * flattened grid of any number of axes sees it whole.
 *
 * <pre>{@code
 * x' = x + MD-TPE(x)                               optional
 * q, k, v = silu(x' W_q), x' W_k, x' W_v
 * z_t = log(e^{z_{t-1}} + e^{k_t})                 per key channel
 * S_t = diag(e^{z_{t-1} - z_t}) S_{t-1} + e^{k_t - z_t} v_tᵀ
 * o_t = S_tᵀ q_t / √K = Σ_s (q_tᵀ softmax_{s≤t}(k_s)) v_s / √K
 * y_t = (rms(o_t) ⊙ silu((x'_t W_1) W_2)) W_o
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, twice as many keys with the cosine form of MD-LRPE;
 *       {@code z}: {@code [B, H, K]}, minus infinity at the start, or 0: as if a token of logit 0
 *       and value 0 came first
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any; they have no activation
 *   <li>{@code toeplitz_A}: see {@link ToeplitzEncoding}
 *   <li>{@code q, k, v, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code gate_low [D, R], gate_high [R, H V]}: the output gate's projection
 *   <li>{@code norm}: {@code [H V]}, over all heads together or each by itself, eps 1e-5
 * </ul>
 *
 * <p>Bidirectional, the softmax is over the whole sequence: {@code o_t = (softmax(K)ᵀ V)ᵀ q_t /
 * √K}, no state. MD-LRPE turns queries and the softmaxed keys by their position. Padded positions
 * take no weight. Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from
 * the sources: MD-TPE is added to the input of the mixer where theirs replaces the embeddings.
 * Numerical care: decays and weights come from {@code softplus} and {@code σ} of {@code k_t -
 * z_{t-1}}, which don't cancel.
 */
@Paper(
    key = "qin2024lightnet",
    title = "You Only Scan Once: Efficient Multi-dimension Sequential Modeling with LightNet",
    authors = "Qin, Mao, Shen, Li, Zhang, Dai and Zhong 2024",
    arxiv = "2405.21022")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/lightnet.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class LightNet implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String GATE_LOW = "gate_low";
  private static final String GATE_HIGH = "gate_high";
  private static final String NORM = "norm";
  private static final String OUTPUT = "output";

  private final HeadSizes sizes;
  private final LightNetConfig config;
  private final Grid grid;
  private final int rank;
  private final QueryKeyValue projections;
  private final RelativeAngles angles;
  private final ToeplitzEncoding toeplitz;
  private final Recurrence recurrence;

  /**
   * A layer.
   *
   * @param encoded whether this layer has a Toeplitz encoding
   */
  LightNet(HeadSizes sizes, LightNetConfig config, Grid grid, boolean encoded) {
    this.sizes = sizes;
    this.config = config;
    this.grid = grid;
    this.rank = config.gateLowRank() == 0 ? sizes.values() : config.gateLowRank();
    this.projections = new QueryKeyValue(sizes, config.shortConvolution(), null);
    this.angles = config.relative().angles(name(), grid, sizes.keys(), config.relativeBase());
    this.toeplitz =
        encoded
            ? new ToeplitzEncoding(sizes.width(), sizes.heads(), grid, config.bidirectional())
            : null;
    double scale = 1 / Math.sqrt(sizes.keys());
    this.recurrence =
        config.bidirectional()
            ? BidirectionalMatrixState.scaled(scale)
            : MatrixStateRecurrence.scaled(scale);
  }

  @Override
  public String name() {
    return "lightnet";
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
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    projections.declare(declaration, normal);
    if (toeplitz != null) {
      toeplitz.declare(declaration);
    }
    if (config.gate() != LightNetConfig.Gate.NONE) {
      declaration.weight(GATE_LOW, normal, sizes.width(), rank);
      declaration.weight(GATE_HIGH, normal, rank, sizes.valueWidth());
    }
    declaration.undecayed(NORM, Initialisers.ones(), sizes.valueWidth());
    declaration.weight(OUTPUT, normal, sizes.valueWidth(), sizes.width());
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts =
        new LinkedHashMap<>(projections.initialState(context, batch, type));
    if (toeplitz != null) {
      parts.putAll(toeplitz.initialState(context, batch, type));
    }
    if (!config.bidirectional()) {
      double start = config.start().logarithm();
      parts.put(
          MatrixStateRecurrence.NORMALISER,
          context
              .tape()
              .constant(
                  Nd4j.valueArrayOf(new long[] {batch, sizes.heads(), sizes.keys()}, start, type)));
    }
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    checkPositions(context, x, state);
    Tape tape = context.tape();
    Map<String, Variable> own = new LinkedHashMap<>();
    Variable input = x;
    if (toeplitz != null) {
      input = Primitives.add(tape, x, toeplitz.apply(context, x, state, own));
    }
    Map<String, Variable> coefficients = projections.apply(context, input, state, own);
    coefficients.computeIfPresent(
        MatrixStateRecurrence.QUERY, (name, q) -> Activations.apply(tape, Unary.SILU, q));
    coefficients.replaceAll((name, value) -> projections.perHead(tape, value));
    weigh(context, coefficients, state, own);
    encode(tape, coefficients, state.consumed());
    return new Drive(coefficients, gate(context, input), own);
  }

  private void checkPositions(Context context, Variable x, State state) {
    int[] lengths = context.lengths();
    int most = 0;
    for (int row = 0; row < x.size(0); row++) {
      int tokens = lengths == null ? x.size(1) : lengths[row];
      most = Math.max(most, Math.addExact(state.consumed()[row], tokens));
    }
    grid.check(name(), most);
  }

  /** Turns the logits k into weights over time, and what they do to earlier ones into decays. */
  private void weigh(
      Context context, Map<String, Variable> coefficients, State state, Map<String, Variable> own) {
    Tape tape = context.tape();
    Variable logits = coefficients.get(MatrixStateRecurrence.KEY);
    if (config.bidirectional()) {
      double start = config.start().logarithm();
      coefficients.put(
          MatrixStateRecurrence.KEY, TimeSoftmax.apply(tape, logits, start, context.lengths()));
      return;
    }
    Variable[] softmax =
        RunningSoftmax.apply(
            tape, logits, state.get(MatrixStateRecurrence.NORMALISER), context.lengths());
    coefficients.put(MatrixStateRecurrence.DECAY, softmax[0]);
    coefficients.put(MatrixStateRecurrence.KEY, softmax[1]);
    own.put(MatrixStateRecurrence.NORMALISER, softmax[2]);
  }

  /** MD-LRPE of queries and keys; the cosine form doubles the channels, and so their decays. */
  private void encode(Tape tape, Map<String, Variable> coefficients, int[] positions) {
    if (angles == null) {
      return;
    }
    int[] starts = config.bidirectional() ? new int[positions.length] : positions;
    for (String name : new String[] {MatrixStateRecurrence.QUERY, MatrixStateRecurrence.KEY}) {
      Variable value = coefficients.get(name);
      coefficients.put(
          name, RelativePosition.apply(tape, value, starts, angles, config.relative().form()));
    }
    Variable decay = coefficients.get(MatrixStateRecurrence.DECAY);
    if (decay != null && config.relative().widening() == 2) {
      coefficients.put(MatrixStateRecurrence.DECAY, Primitives.concat(tape, 3, decay, decay));
    }
  }

  private Map<String, Variable> gate(Context context, Variable x) {
    if (config.gate() == LightNetConfig.Gate.NONE) {
      return Map.of();
    }
    Tape tape = context.tape();
    Variable low = Dense.linear(tape, x, context.parameter(GATE_LOW), null);
    return Map.of(GatedOutput.GATE, Dense.linear(tape, low, context.parameter(GATE_HIGH), null));
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    boolean whole = config.norm() == LightNetConfig.Norm.WHOLE;
    Variable gated =
        LightNetGate.apply(
            tape,
            QueryKeyValue.joined(tape, outputs),
            drive.extras().get(GatedOutput.GATE),
            context.parameter(NORM),
            whole ? sizes.valueWidth() : sizes.values(),
            config);
    return Dense.linear(tape, gated, context.parameter(OUTPUT), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long bytes = projections.stateBytes(type);
    if (!config.bidirectional()) {
      bytes += (config.relative().widening() * sizes.state() + sizes.keyWidth()) * type.width();
    }
    return bytes + (toeplitz == null ? 0 : toeplitz.stateBytes(type));
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    boolean gated = config.gate() != LightNetConfig.Gate.NONE;
    long gate = gated ? (long) rank * (sizes.width() + sizes.valueWidth()) : 0;
    long output = (long) sizes.width() * sizes.valueWidth();
    long relative = angles == null ? 0 : 4L * sizes.keyWidth();
    // Decay, write and read, or write and read: one each per number of state.
    long uses = config.bidirectional() ? 2 : 3;
    return projections.multiplyAddsPerToken()
        + (toeplitz == null ? 0 : toeplitz.multiplyAddsPerToken())
        + gate
        + output
        + relative
        + 2L * sizes.keyWidth()
        + uses * config.relative().widening() * sizes.state();
  }
}
