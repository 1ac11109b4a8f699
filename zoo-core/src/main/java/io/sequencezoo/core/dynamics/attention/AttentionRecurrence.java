package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Softmax attention: the state is the set of keys and values seen, each token adds one and reads
 * the mean of all values, weighted by how well their keys match its query. With a window W only the
 * last W are held and seen.
 *
 * <pre>{@code
 * K_t = K_{t-1} ∪ {k_t},  V_t = V_{t-1} ∪ {v_t}                        state
 * y_t = Σ_{s≤t, t-s<W} softmax_s(scale q_t·k_s - slope (t-s)) v_s      read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q}: {@code [B, T, HQ, K]}; query head j reads key head {@code ⌊j / (HQ/H)⌋}
 *   <li>{@code k}: {@code [B, T, H, K]}; {@code v}: {@code [B, T, H, V]}; {@code y}: {@code [B, T,
 *       HQ, V]}
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, ·]}; row b's first {@code min(consumed_b, W)}
 *       slots are its latest tokens, later slots have no meaning
 * </ul>
 *
 * <p>Over a sequence: O(T min(T, W)) time, O(T) memory, also backward. Per token: time linear in
 * the keys seen, no copy of them. Numerical care: logits are shifted by their running maximum.
 */
public final class AttentionRecurrence implements Recurrence {
  private static final String NAME = "softmax_attention";

  private final Visibility visibility;
  private final boolean alibi;
  private final double scale;

  private AttentionRecurrence(Visibility visibility, boolean alibi, double scale) {
    this.visibility = visibility;
    this.alibi = alibi;
    this.scale = scale;
  }

  /** Causal attention to everything before, logits scaled by {@code K^-0.5}. */
  public static AttentionRecurrence causal() {
    return new AttentionRecurrence(new Visibility(false, Visibility.UNLIMITED), false, 0);
  }

  /** Attention to all positions; such a system has no causal state to hand over. */
  public static AttentionRecurrence bidirectional() {
    return new AttentionRecurrence(new Visibility(true, Visibility.UNLIMITED), false, 0);
  }

  /** Only positions less than W away are seen. */
  public AttentionRecurrence withWindow(int window) {
    return new AttentionRecurrence(
        new Visibility(visibility.bidirectional(), window), alibi, scale);
  }

  /** Logits fall linearly with distance, by the usual slopes of Press et al. */
  public AttentionRecurrence withAlibi() {
    return new AttentionRecurrence(visibility, true, scale);
  }

  /** Logits are multiplied by scale instead of {@code K^-0.5}. */
  public AttentionRecurrence withScale(double scale) {
    checkArgument(scale > 0, "%s: scale must be positive, got %s", NAME, scale);
    return new AttentionRecurrence(visibility, alibi, scale);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Family family() {
    return Family.ATTENTION;
  }

  @Override
  public Set<Solver> solvers() {
    return Set.of(Solver.BLOCKWISE);
  }

  /** Whether positions see those after them. */
  public boolean isBidirectional() {
    return visibility.bidirectional();
  }

  @Override
  public State initialState(Map<String, Variable> coefficients, DataType type) {
    AttentionShape shape = AttentionShape.of(NAME, coefficients);
    Tape tape = Tape.detached();
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put("k", tape.constant(none(shape, shape.keyDim(), type)));
    parts.put("v", tape.constant(none(shape, shape.valueDim(), type)));
    return new State(parts, new int[shape.batch()]);
  }

  private static INDArray none(AttentionShape shape, int size, DataType type) {
    // ND4J can't make an empty array in a workspace.
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(
          type, new long[] {shape.batch(), 0, shape.heads(), size}, 'c');
    }
  }

  @Override
  public Evolution evolve(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    checkArgument(
        solver == Solver.AUTO || solver == Solver.BLOCKWISE,
        "%s: solver must be AUTO or BLOCKWISE, got %s",
        NAME,
        solver);
    AttentionShape shape = AttentionShape.of(NAME, coefficients);
    Variable k = coefficients.get("k");
    State state = initial != null ? initial : initialState(coefficients, k.type());
    Span span = span(shape, state, lengths);
    Variable y =
        attend(
            Precision.of(k.value()),
            tape,
            span,
            coefficients.get("q"),
            k,
            coefficients.get("v"),
            span.capacity() > 0 ? state.get("k") : null,
            span.capacity() > 0 ? state.get("v") : null);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put("k", KeyValueCache.after(tape, span, state.get("k"), k));
    parts.put("v", KeyValueCache.after(tape, span, state.get("v"), coefficients.get("v")));
    int[] consumed = state.consumed();
    int[] after = new int[consumed.length];
    Arrays.setAll(after, b -> consumed[b] + span.lengths()[b]);
    return new Evolution(y, new State(parts, after));
  }

  private Span span(AttentionShape shape, State state, int[] lengths) {
    int[] held = held(shape, state);
    checkArgument(
        !visibility.bidirectional() || Arrays.stream(held).allMatch(n -> n == 0),
        "%s: bidirectional attention can't continue a sequence; give it whole sequences",
        NAME);
    int[] valid = new int[shape.batch()];
    Arrays.fill(valid, shape.steps());
    if (lengths != null) {
      checkArgument(
          lengths.length == shape.batch()
              && Arrays.stream(lengths).allMatch(n -> n >= 0 && n <= shape.steps()),
          "%s: lengths must be %s numbers from 0 to T=%s, got %s",
          NAME,
          shape.batch(),
          shape.steps(),
          Arrays.toString(lengths));
      valid = lengths.clone();
    }
    int capacity = Arrays.stream(held).allMatch(n -> n == 0) ? 0 : state.get("k").size(1);
    double[] slopes = alibi ? AlibiSlopes.of(shape.queryHeads()) : null;
    return new Span(shape, visibility, scaleFor(shape), slopes, held, capacity, valid);
  }

  private double scaleFor(AttentionShape shape) {
    return scale > 0 ? scale : 1 / Math.sqrt(shape.keyDim());
  }

  /** The slots of each row in use, after checking that the state has them. */
  private int[] held(AttentionShape shape, State state) {
    Variable k = state.get("k");
    Variable v = state.get("v");
    Shapes.check(
        NAME + " state k", k.value(), "BnHK", shape.batch(), -1, shape.heads(), shape.keyDim());
    Shapes.check(
        NAME + " state v",
        v.value(),
        "BnHV",
        shape.batch(),
        k.size(1),
        shape.heads(),
        shape.valueDim());
    int[] held = new int[shape.batch()];
    Arrays.setAll(held, b -> visibility.held(state.consumed()[b]));
    int most = Arrays.stream(held).max().orElse(0);
    checkArgument(
        most <= k.size(1),
        "%s: state must hold %s keys after %s tokens, got %s",
        NAME,
        most,
        Arrays.toString(state.consumed()),
        k.size(1));
    return held;
  }

  private static <A> Variable attend(
      Precision<A> precision,
      Tape tape,
      Span span,
      Variable q,
      Variable k,
      Variable v,
      Variable heldK,
      Variable heldV) {
    AttentionShape shape = span.shape();
    INDArray y =
        tape.allocate(q.type(), shape.batch(), shape.steps(), shape.queryHeads(), shape.valueDim());
    INDArray logSums = tape.allocate(q.type(), shape.batch(), shape.queryHeads(), shape.steps());
    Slab<A> keys = precision.slab(k.value());
    Slab<A> values = precision.slab(v.value());
    Slab<A> cachedKeys = slab(precision, heldK);
    Slab<A> cachedValues = slab(precision, heldV);
    Slab<A> queries = precision.slab(q.value());
    Slab<A> out = precision.slab(y);
    Slab<A> sums = precision.slab(logSums);
    new BlockwiseForward<>(
            precision, span, queries, keys, values, cachedKeys, cachedValues, out, sums)
        .run();
    return tape.record(
        y,
        cotangents ->
            new BlockwiseBackward<>(
                    precision,
                    span,
                    new BlockwiseBackward.Inputs<>(
                        queries,
                        keys,
                        values,
                        cachedKeys,
                        cachedValues,
                        out,
                        sums,
                        precision.slab(cotangents.output(0))),
                    gradients(precision, cotangents))
                .run(),
        q,
        k,
        v,
        heldK,
        heldV);
  }

  private static <A> Slab<A> slab(Precision<A> precision, Variable held) {
    return held == null ? null : precision.slab(KeyValueCache.contiguous(held.value()));
  }

  private static <A> BlockwiseBackward.Gradients<A> gradients(
      Precision<A> precision, Cotangents cotangents) {
    return new BlockwiseBackward.Gradients<>(
        Target.of(precision, cotangents, 0),
        Target.of(precision, cotangents, 1),
        Target.of(precision, cotangents, 2),
        Target.of(precision, cotangents, 3),
        Target.of(precision, cotangents, 4));
  }

  @Override
  public Evolution step(Tape tape, Map<String, Variable> coefficients, State state) {
    checkArgument(
        !visibility.bidirectional(),
        "%s: bidirectional attention can't go token by token; use evolve",
        NAME);
    AttentionShape shape = AttentionShape.of(NAME, coefficients);
    checkArgument(shape.steps() == 1, "%s: step takes T=1, got T=%s", NAME, shape.steps());
    return step(Precision.of(coefficients.get("k").value()), tape, shape, coefficients, state);
  }

  private <A> Evolution step(
      Precision<A> precision,
      Tape tape,
      AttentionShape shape,
      Map<String, Variable> coefficients,
      State state) {
    int[] held = held(shape, state);
    int window = visibility.window();
    GrowingCache<A> keys =
        GrowingCache.of(precision, state.get("k").value())
            .with(held, window, coefficients.get("k").value());
    GrowingCache<A> values =
        GrowingCache.of(precision, state.get("v").value())
            .with(held, window, coefficients.get("v").value());
    int[] consumed = new int[held.length];
    Arrays.setAll(consumed, b -> state.consumed()[b] + 1);
    int[] seen = new int[held.length];
    Arrays.setAll(seen, b -> visibility.held(consumed[b]));
    INDArray y =
        tape.allocate(
            keys.view().dataType(), shape.batch(), 1, shape.queryHeads(), shape.valueDim());
    double[] slopes = alibi ? AlibiSlopes.of(shape.queryHeads()) : null;
    new AttentionStep<>(precision, shape, scaleFor(shape), slopes)
        .run(coefficients.get("q").value(), keys, values, seen, y);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put("k", tape.record(keys.view(), cotangents -> {}));
    parts.put("v", tape.record(values.view(), cotangents -> {}));
    return new Evolution(tape.record(y, cotangents -> {}), new State(parts, consumed));
  }

  @Override
  public LinearSystem linearize(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    AttentionShape shape = AttentionShape.of(NAME, coefficients);
    checkArgument(
        !visibility.bidirectional(),
        "%s: bidirectional attention isn't a causal system; it has no linear form",
        NAME);
    State state = initial != null ? initial : initialState(coefficients, DataType.DOUBLE);
    int[] held = held(shape, state);
    return Weights.system(
        span(shape, state, null),
        Weights.rows(coefficients.get("q").value(), row, head, shape.steps()),
        Weights.rows(state.get("k").value(), row, head / shape.group(), held[row]),
        Weights.rows(coefficients.get("k").value(), row, head / shape.group(), shape.steps()),
        Weights.rows(state.get("v").value(), row, head / shape.group(), held[row]),
        Weights.rows(coefficients.get("v").value(), row, head / shape.group(), shape.steps()),
        head);
  }
}
