package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.BidirectionalMatrixState;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.RelativeAngles;
import io.sequencezoo.core.op.RelativePosition;
import io.sequencezoo.core.op.RunningSoftmax;
import io.sequencezoo.core.op.TimeSoftmax;
import io.sequencezoo.models.position.Grid;
import io.sequencezoo.models.position.ToeplitzEncoding;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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
 *   <li>{@code norm}: {@code [H V]}, over all heads together or each by itself, eps 1e-5; optional,
 *       as the gate is
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
public final class LightNet extends MatrixStateMixer {
  private final LightNetConfig config;
  private final Grid grid;
  private final @Nullable RelativeAngles angles;
  private final @Nullable ToeplitzEncoding toeplitz;

  /**
   * A layer.
   *
   * @param encoded whether this layer has a Toeplitz encoding
   */
  LightNet(HeadSizes sizes, LightNetConfig config, Grid grid, boolean encoded) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), null),
        output(sizes, config),
        null,
        recurrence(config, 1 / Math.sqrt(sizes.keys())));
    this.config = config;
    this.grid = grid;
    this.angles = config.relative().angles(name(), grid, sizes.keys(), config.relativeBase());
    this.toeplitz =
        encoded
            ? new ToeplitzEncoding(sizes.width(), sizes.heads(), grid, config.bidirectional())
            : null;
  }

  private static OutputStage output(HeadSizes sizes, LightNetConfig config) {
    int rank = config.gateLowRank() == 0 ? sizes.values() : config.gateLowRank();
    return new OutputStage(
        sizes,
        new GatedNorm(
            config.norm() == LightNetConfig.Norm.NONE ? 0 : sizes.valueWidth(),
            config.norm() == LightNetConfig.Norm.PER_HEAD ? sizes.values() : sizes.valueWidth(),
            config.outputGate(),
            config.gatePlace() == LightNetConfig.GatePlace.BEFORE_NORM),
        new Projection("gate", sizes.width(), rank, sizes.valueWidth(), false));
  }

  private static Recurrence recurrence(LightNetConfig config, double scale) {
    return config.bidirectional()
        ? BidirectionalMatrixState.scaled(scale)
        : MatrixStateRecurrence.scaled(scale);
  }

  @Override
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    if (toeplitz != null) {
      toeplitz.declare(declaration);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>(super.initialState(context, batch, type));
    if (toeplitz != null) {
      parts.putAll(toeplitz.initialState(context, batch, type));
    }
    if (!config.bidirectional()) {
      long[] shape = {batch, sizes().heads(), sizes().keys()};
      parts.put(
          MatrixStateRecurrence.NORMALISER,
          context.tape().constant(Nd4j.valueArrayOf(shape, config.start().logarithm(), type)));
    }
    return parts;
  }

  @Override
  Variable input(Context context, Variable x, State state, Map<String, Variable> own) {
    checkPositions(context, x, state);
    return toeplitz == null
        ? x
        : Primitives.add(context.tape(), x, toeplitz.apply(context, x, state, own));
  }

  private void checkPositions(Context context, Variable x, State state) {
    int[] lengths = context.lengths();
    int most = 0;
    for (int row = 0; row < x.size(0); row++) {
      int tokens = lengths == null ? x.size(1) : lengths[row];
      most = Math.max(most, Math.addExact(state.counts()[row], tokens));
    }
    grid.check(name(), most);
    Replay.limit(grid.capacity() - most);
  }

  @Override
  void complete(Stretch stretch) {
    stretch.map(MatrixStateRecurrence.QUERY, q -> Activations.apply(stretch.tape(), Unary.SILU, q));
    weigh(stretch);
    RelativePosition.Form form = config.relative().form();
    if (angles != null && form != null) {
      encode(stretch, angles, form);
    }
  }

  /** Turns the logits k into weights over time, and what they do to earlier ones into decays. */
  private void weigh(Stretch stretch) {
    int[] lengths = stretch.context().lengths();
    Variable logits = stretch.get(MatrixStateRecurrence.KEY);
    if (config.bidirectional()) {
      double start = config.start().logarithm();
      stretch.put(
          MatrixStateRecurrence.KEY, TimeSoftmax.apply(stretch.tape(), logits, start, lengths));
      return;
    }
    Variable before = stretch.state().get(MatrixStateRecurrence.NORMALISER);
    Variable[] softmax = RunningSoftmax.apply(stretch.tape(), logits, before, lengths);
    stretch.put(MatrixStateRecurrence.DECAY, softmax[0]);
    stretch.put(MatrixStateRecurrence.KEY, softmax[1]);
    stretch.own().put(MatrixStateRecurrence.NORMALISER, softmax[2]);
  }

  /** MD-LRPE of queries and keys; the cosine form doubles the channels, and so their decays. */
  private void encode(Stretch stretch, RelativeAngles turns, RelativePosition.Form form) {
    Tape tape = stretch.tape();
    int[] positions = stretch.state().counts();
    int[] starts = config.bidirectional() ? new int[positions.length] : positions;
    for (String name : new String[] {MatrixStateRecurrence.QUERY, MatrixStateRecurrence.KEY}) {
      stretch.map(name, x -> RelativePosition.apply(tape, x, starts, turns, form));
    }
    if (!config.bidirectional() && config.relative().widening() == 2) {
      stretch.map(MatrixStateRecurrence.DECAY, g -> Primitives.concat(tape, 3, g, g));
    }
  }

  @Override
  long stateNumbers() {
    return config.relative().widening() * sizes().state();
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long normaliser = config.bidirectional() ? 0 : (long) sizes().keyWidth() * type.width();
    return super.stateBytes(consumed, type)
        + normaliser
        + (toeplitz == null ? 0 : toeplitz.stateBytes(type));
  }

  @Override
  long ownMultiplyAdds() {
    long decay = config.bidirectional() ? 0 : stateNumbers();
    return (toeplitz == null ? 0 : toeplitz.multiplyAddsPerToken())
        + (angles == null ? 2L : 6L) * sizes().keyWidth()
        + decay;
  }
}
