package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.shape.Shapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Softmax attention: the state is the set of keys and values seen, each token adds one and reads
 * the mean of all values, weighted by how well their keys match its query. With a window W only the
 * last W are held and seen.
 *
 * <pre>{@code
 * K_t = K_{t-1} ∪ {k_t},  V_t = V_{t-1} ∪ {v_t}                        state
 * x_ts = scale q_t·k_s - slope (t-s) + Σ_{s<j≤t} g_j                   logits
 * y_t = Σ_{s≤t, t-s<W} e^{x_ts} v_s / (Σ_{s≤t, t-s<W} e^{x_ts} + e^a)  read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q}: {@code [B, T, HQ, K]}; query head j reads key head {@code ⌊j / (HQ/H)⌋}
 *   <li>{@code k}: {@code [B, T, H, K]}; {@code v}: {@code [B, T, H, V]}; {@code y}: {@code [B, T,
 *       HQ, V]}
 *   <li>{@code g}: {@code [B, T, HQ]}, log forget gates, at most 0 (Lin et al., arXiv 2503.02130);
 *       absent where nothing is forgotten
 *   <li>{@code sink}: a, {@code [HQ]}, logits that take weight without a value; absent for none
 *   <li>{@code dropoutSeed}: {@code [1]} LONG, present where weights are to be dropped
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, ·]}; row b's first {@code min(consumed_b, W)}
 *       slots are its latest tokens, later slots have no meaning; {@code g}: {@code [B, n, 1, HQ]},
 *       only with forget gates
 * </ul>
 *
 * <p>Over a sequence: O(T min(T, W)) time, O(T) memory, also backward. Per token: time linear in
 * the keys seen, no copy of them. Numerical care: logits are shifted by their running maximum; the
 * state holds gates and not their running sum, whose differences would lose the small ones.
 */
public final class AttentionRecurrence extends CausalRecurrence {
  /** Queries. */
  public static final String QUERY = "q";

  /** Keys. */
  public static final String KEY = "k";

  /** Values. */
  public static final String VALUE = "v";

  /** Log forget gates. */
  public static final String FORGET = "g";

  /** Logits of the sinks. */
  public static final String SINK = "sink";

  /** What decides which weights are dropped. */
  public static final String DROPOUT_SEED = "dropoutSeed";

  private static final String NAME = "softmax_attention";

  private final Visibility visibility;
  private final boolean alibi;
  private final double scale;
  private final double dropout;

  private AttentionRecurrence(Visibility visibility, boolean alibi, double scale, double dropout) {
    super(NAME, Family.ATTENTION, KEY, Solver.BLOCKWISE);
    this.visibility = visibility;
    this.alibi = alibi;
    this.scale = scale;
    this.dropout = dropout;
  }

  /** Causal attention to everything before, logits scaled by {@code K^-0.5}. */
  public static AttentionRecurrence causal() {
    return new AttentionRecurrence(new Visibility(false, Visibility.UNLIMITED), false, 0, 0);
  }

  /** The same with positions on both sides seen; such a system has no state to continue from. */
  public Recurrence bidirectional() {
    Visibility both = new Visibility(true, visibility.window());
    return new BidirectionalAttention(new AttentionRecurrence(both, alibi, scale, dropout));
  }

  /** Only positions less than W away are seen. */
  public AttentionRecurrence withWindow(int window) {
    Visibility windowed = new Visibility(visibility.bidirectional(), window);
    return new AttentionRecurrence(windowed, alibi, scale, dropout);
  }

  /** Logits fall linearly with distance, by the usual slopes of Press et al. */
  public AttentionRecurrence withAlibi() {
    return new AttentionRecurrence(visibility, true, scale, dropout);
  }

  /** Logits are multiplied by scale instead of {@code K^-0.5}. */
  public AttentionRecurrence withScale(double scale) {
    checkArgument(scale > 0, "%s: scale must be positive, got %s", NAME, scale);
    return new AttentionRecurrence(visibility, alibi, scale, dropout);
  }

  /**
   * Over sequences, where a seed is given, weights are zero with probability {@code rate}, and the
   * others are divided by {@code 1 - rate}.
   */
  public AttentionRecurrence withDropout(double rate) {
    DropMask.checkRate(NAME, rate);
    return new AttentionRecurrence(visibility, alibi, scale, rate);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    AttentionShape shape = shape(coefficients);
    ImmutableList.Builder<StatePart> parts = ImmutableList.builder();
    int batch = shape.batch();
    parts.add(new StatePart(KEY, "BnHK", batch, StatePart.SLOTS, shape.heads(), shape.keyDim()));
    parts.add(
        new StatePart(VALUE, "BnHV", batch, StatePart.SLOTS, shape.heads(), shape.valueDim()));
    if (coefficients.containsKey(FORGET)) {
      parts.add(new StatePart(FORGET, "Bn1H", batch, StatePart.SLOTS, 1, shape.queryHeads()));
    }
    return parts.build();
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return shape(coefficients).queryHeads();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    AttentionShape shape = shape(coefficients);
    Variable k = coefficients.get(KEY);
    Variable v = coefficients.get(VALUE);
    Variable g = coefficients.get(FORGET);
    State state = start(coefficients, initial);
    Span span = span(shape, state, lengths);
    boolean holds = span.capacity() > 0;
    BlockwiseAttention.Sources sources =
        new BlockwiseAttention.Sources(
            coefficients.get(QUERY),
            k,
            v,
            holds ? state.get(KEY) : null,
            holds ? state.get(VALUE) : null,
            g,
            holds && g != null ? state.get(FORGET) : null,
            coefficients.get(SINK),
            dropMask(coefficients, state, span));
    Variable y = BlockwiseAttention.apply(tape, span, sources);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(KEY, KeyValueCache.after(tape, span, state.get(KEY), k));
    parts.put(VALUE, KeyValueCache.after(tape, span, state.get(VALUE), v));
    if (g != null) {
      Variable fresh =
          Primitives.reshape(tape, g, shape.batch(), shape.steps(), 1, shape.queryHeads());
      parts.put(FORGET, KeyValueCache.after(tape, span, state.get(FORGET), fresh));
    }
    return new Advance(y, parts);
  }

  private DropMask dropMask(Map<String, Variable> coefficients, State state, Span span) {
    Variable seed = coefficients.get(DROPOUT_SEED);
    if (seed == null || dropout == 0) {
      return null;
    }
    int[] firstPositions = state.consumed().clone();
    for (int b = 0; b < firstPositions.length; b++) {
      firstPositions[b] -= span.cached()[b];
    }
    return new DropMask(dropout, seed.value().getLong(0), firstPositions);
  }

  private AttentionShape shape(Map<String, Variable> coefficients) {
    AttentionShape shape = AttentionShape.of(NAME, coefficients);
    Variable g = coefficients.get(FORGET);
    if (g != null) {
      checkArgument(
          !visibility.bidirectional(),
          "%s: forget gates need an order of tokens; leave them out of bidirectional attention",
          NAME);
      Shapes.check(
          NAME + " g", g.operand(), "BTH", shape.batch(), shape.steps(), shape.queryHeads());
    }
    Variable sink = coefficients.get(SINK);
    if (sink != null) {
      Shapes.check(NAME + " sink", sink.operand(), "H", shape.queryHeads());
    }
    return shape;
  }

  private Span span(AttentionShape shape, State state, int[] lengths) {
    int[] held = held(state);
    return Span.of(
        NAME, shape, visibility, scaleFor(shape), slopes(shape), held, state.get(KEY), lengths);
  }

  private double[] slopes(AttentionShape shape) {
    return alibi ? AlibiSlopes.of(shape.queryHeads()) : null;
  }

  private double scaleFor(AttentionShape shape) {
    return scale > 0 ? scale : 1 / Math.sqrt(shape.keyDim());
  }

  /** The slots of each row in use. */
  private int[] held(State state) {
    return visibility.held(NAME, state.counts(), state.get(KEY).operand().size(1));
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    AttentionShape shape = shape(coefficients);
    return step(Precision.of(coefficients.get(KEY).type()), tape, shape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision,
      Tape tape,
      AttentionShape shape,
      Map<String, Variable> coefficients,
      State state) {
    int[] held = Replay.counting(held(state));
    int window = visibility.window();
    Map<String, GrowingCache<A>> caches = new LinkedHashMap<>();
    for (String part : new String[] {KEY, VALUE, FORGET}) {
      if (coefficients.containsKey(part)) {
        INDArray token = coefficients.get(part).operand();
        token = part.equals(FORGET) ? token.reshape('c', shape.batch(), 1, 1, -1) : token;
        GrowingCache<A> before = GrowingCache.of(precision, state.get(part).operand());
        caches.put(part, before.with(held, window, token));
      }
    }
    int[] tokens = Replay.counting(visibility.heldAfterOne(state.counts()));
    INDArray q = coefficients.get(QUERY).operand();
    INDArray y =
        tape.allocate(q.dataType(), shape.batch(), 1, shape.queryHeads(), shape.valueDim());
    new AttentionStep<>(precision, shape, scaleFor(shape), slopes(shape), coefficients.get(SINK))
        .run(
            tape,
            q,
            new AttentionStep.Memory<>(
                caches.get(KEY), caches.get(VALUE), caches.get(FORGET), tokens, window),
            y);
    Map<String, Variable> parts = new LinkedHashMap<>();
    caches.forEach((part, cache) -> parts.put(part, tape.record(cache.view(), unused -> {})));
    return new Advance(tape.record(y, unused -> {}), parts);
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    AttentionShape shape = shape(coefficients);
    State state = start(coefficients, initial);
    int held = held(state)[row];
    int keyHead = head / shape.group();
    Weights weights =
        new Weights(span(shape, state, Lengths.of(NAME, null, shape.batch(), shape.steps())), head);
    double[] sinks = BlockwiseAttention.sinks(coefficients.get(SINK));
    if (sinks != null) {
      weights.sink(sinks[head]);
    }
    if (coefficients.containsKey(FORGET)) {
      INDArray g = coefficients.get(FORGET).value();
      INDArray heldG = state.get(FORGET).value();
      double[] gates = new double[held + shape.steps()];
      for (int s = 0; s < gates.length; s++) {
        gates[s] = s < held ? heldG.getDouble(row, s, 0, head) : g.getDouble(row, s - held, head);
      }
      weights.forget(gates);
    }
    return weights.system(
        Weights.rows(coefficients.get(QUERY).value(), row, head, shape.steps()),
        Weights.rows(state.get(KEY).value(), row, keyHead, held),
        Weights.rows(coefficients.get(KEY).value(), row, keyHead, shape.steps()),
        Weights.rows(state.get(VALUE).value(), row, keyHead, held),
        Weights.rows(coefficients.get(VALUE).value(), row, keyHead, shape.steps()));
  }
}
