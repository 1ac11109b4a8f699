package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.shape.Shapes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A memory as the context of attention: in segments of C tokens, attention sees what the memory of
 * the segments before recalls, and what it puts out is what the memory then learns.
 *
 * <pre>{@code
 * h_t = M(recall_t)           at the weights where t's segment starts             (eq. 21)
 * a_t = softmax attention of q_t to the persistent tokens, to h_s and to s,
 *       for s of the segment up to t; keys and values of h are h W_k, h W_v       (eqs. 22, 23)
 * y_t = a_t W_o
 * W_t = of M, moved by the feedback of y_t as an optimiser memory moves           (eq. 24)
 * m_t = M(q'(y_t))            at W_t                                              (eq. 25)
 * }</pre>
 *
 * <p>The memory is an {@link OptimiserMemoryRecurrence} whose chunk is the segment; a {@link
 * MemoryFeedback} makes its coefficients of y. It is a recurrence of its own because what drives
 * the memory depends on what the memory has read.
 *
 * <ul>
 *   <li>{@code recall, q, k, v}: {@code [B, T, H, K]}; output, y and m side by side per head:
 *       {@code [B, T, D]}, read as {@code [B, T, H, 2, K]}, so that its size is 2 H K
 *   <li>the same for all tokens: {@code w_k, w_v, w_o [H K, H K]}; {@code persistent_k,
 *       persistent_v [P, H, K]}, where there are any; {@code norm_weight, norm_bias} of the memory;
 *       those of the feedback
 *   <li>state: the memory's, and {@code context_k, context_v, segment_k, segment_v [B, H, C, K]},
 *       the segment so far by place
 * </ul>
 *
 * <p>Cost per token: the memory's, one more read, and attention to P + 2 C tokens at most. Source:
 * Behrouz et al., Titans, arXiv 2501.00663, section 4.1. Here h_s of later tokens of a segment is
 * not seen, since it depends on these tokens.
 */
public final class MemoryContextRecurrence extends CausalRecurrence {
  /** Queries into the memory before the segment, {@code [B, T, H, K]}. */
  public static final String RECALL = "recall";

  /** Queries of attention {@code [B, T, H, K]}. */
  public static final String QUERY = "q";

  /** Keys of the segment's tokens {@code [B, T, H, K]}. */
  public static final String KEY = "k";

  /** Values of the segment's tokens {@code [B, T, H, K]}. */
  public static final String VALUE = "v";

  /** From what the memory recalls to keys, {@code [H K, H K]}. */
  public static final String KEY_MAP = "w_k";

  /** From what the memory recalls to values, {@code [H K, H K]}. */
  public static final String VALUE_MAP = "w_v";

  /** After attention, {@code [H K, H K]}. */
  public static final String OUTPUT_MAP = "w_o";

  /** Keys of the persistent tokens, {@code [P, H, K]}. */
  public static final String PERSISTENT_KEY = "persistent_k";

  /** Values of the persistent tokens, {@code [P, H, K]}. */
  public static final String PERSISTENT_VALUE = "persistent_v";

  static final String CONTEXT_KEY = "context_k";
  static final String CONTEXT_VALUE = "context_v";
  static final String SEGMENT_KEY = "segment_k";
  static final String SEGMENT_VALUE = "segment_v";

  /** What the state holds of the segment. */
  static final List<String> HELD = List.of(CONTEXT_KEY, CONTEXT_VALUE, SEGMENT_KEY, SEGMENT_VALUE);

  private static final List<String> TOKENS = List.of(RECALL, QUERY, KEY, VALUE);

  private final OptimiserMemoryRecurrence memory;
  private final MemoryRule rule;
  private final MemoryFeedback feedback;

  /** The memory of a rule, whose chunk is the segment, and what drives it. */
  public MemoryContextRecurrence(MemoryRule rule, MemoryFeedback feedback) {
    super("memory_context", Family.OPTIMISER_MEMORY, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    checkArgument(
        rule.history() == 0 && !rule.algorithm().miniBatch(),
        "memory context: algorithm must be of single tokens, got %s; use descent or momentum of"
            + " window 1",
        rule.algorithm());
    this.memory = new OptimiserMemoryRecurrence(rule);
    this.rule = rule;
    this.feedback = feedback;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    check(coefficients);
    Variable q = coefficients.get(QUERY);
    int batch = q.size(0);
    int heads = q.size(2);
    List<StatePart> parts = new ArrayList<>(memory.parts(batch, heads, q.size(3), q.size(3)));
    HELD.forEach(
        name -> parts.add(new StatePart(name, "BHCK", batch, heads, rule.chunk(), q.size(3))));
    return parts;
  }

  /**
   * The state before the first token of memories that start from given weights.
   *
   * @param weights every part of the network by name, {@code [H, I, O]}
   */
  public Map<String, Variable> startingFrom(
      Tape tape, int batch, int keys, Map<String, Variable> weights) {
    Map<String, Variable> state =
        new LinkedHashMap<>(memory.startingFrom(tape, batch, keys, keys, weights));
    Variable any = weights.values().iterator().next();
    for (String name : HELD) {
      state.put(
          name, tape.constant(tape.zeros(any.type(), batch, any.size(0), rule.chunk(), keys)));
    }
    return state;
  }

  /** Numbers of the state of one row. */
  public long stateNumbers(int heads, int keys) {
    return memory.stateNumbers(heads, keys, keys)
        + (long) HELD.size() * heads * rule.chunk() * keys;
  }

  /** Multiply-adds per token at most, but for the feedback's. */
  public long multiplyAdds(int heads, int keys, int persistent) {
    long width = (long) heads * keys;
    long read =
        rule.network().parts(keys, keys).stream()
            .mapToLong(part -> (long) part.in() * part.out())
            .sum();
    return memory.multiplyAdds(heads, keys, keys)
        + heads * read
        + 3 * width * width
        + 2 * width * (persistent + 2L * rule.chunk());
  }

  private List<String> fixedNames(Map<String, Variable> coefficients) {
    List<String> names = new ArrayList<>(List.of(KEY_MAP, VALUE_MAP, OUTPUT_MAP));
    if (coefficients.get(PERSISTENT_KEY) != null) {
      names.addAll(List.of(PERSISTENT_KEY, PERSISTENT_VALUE));
    }
    if (rule.network().normalises()) {
      names.add(OptimiserMemoryRecurrence.NORM_WEIGHT);
      names.add(OptimiserMemoryRecurrence.NORM_BIAS);
    }
    names.addAll(feedback.weights());
    return names;
  }

  private void check(Map<String, Variable> coefficients) {
    List<String> needed = new ArrayList<>(TOKENS);
    needed.addAll(fixedNames(coefficients));
    for (String name : needed) {
      checkArgument(
          coefficients.get(name) != null,
          "%s: needs coefficients %s, got %s; add %s",
          name(),
          needed,
          coefficients.keySet(),
          name);
    }
    Variable q = coefficients.get(QUERY);
    Shapes.check(name() + " " + QUERY, q.operand(), "BTHK", -1, -1, -1, -1);
    long heads = q.size(2);
    long keys = q.size(3);
    for (String name : TOKENS) {
      checkShape(coefficients, name, "BTHK", q.shape());
    }
    for (String name : List.of(KEY_MAP, VALUE_MAP, OUTPUT_MAP)) {
      checkShape(coefficients, name, "DD", heads * keys, heads * keys);
    }
    Variable persistent = coefficients.get(PERSISTENT_KEY);
    if (persistent != null) {
      checkShape(coefficients, PERSISTENT_KEY, "PHK", -1, heads, keys);
      checkShape(coefficients, PERSISTENT_VALUE, "PHK", persistent.size(0), heads, keys);
    }
    if (rule.network().normalises()) {
      checkShape(coefficients, OptimiserMemoryRecurrence.NORM_WEIGHT, "HV", heads, keys);
      checkShape(coefficients, OptimiserMemoryRecurrence.NORM_BIAS, "HV", heads, keys);
    }
  }

  private void checkShape(
      Map<String, Variable> coefficients, String name, String axes, long... sizes) {
    Shapes.check(name() + " " + name, coefficients.get(name).operand(), axes, sizes);
  }

  private Map<String, Variable> fixed(Map<String, Variable> coefficients) {
    Map<String, Variable> fixed = new LinkedHashMap<>();
    fixedNames(coefficients).forEach(name -> fixed.put(name, coefficients.get(name)));
    return fixed;
  }

  private MemorySegment body(Map<String, Variable> coefficients, boolean formed) {
    int keys = coefficients.get(QUERY).size(3);
    return new MemorySegment(memory, new MemoryChunk(rule, keys, keys, formed), feedback);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    State state = start(coefficients, initial);
    boolean alone = solver == Solver.SEQUENTIAL;
    RecomputedScan.Grid grid =
        new RecomputedScan.Grid(alone ? 1 : rule.chunk(), rule.chunk(), state.consumed(), lengths);
    List<RecomputedScan.Stream> streams = new ArrayList<>();
    TOKENS.forEach(
        name -> streams.add(new RecomputedScan.Stream(name, coefficients.get(name), 0, null)));
    RecomputedScan.Result result =
        RecomputedScan.run(
            tape,
            grid,
            streams,
            fixed(coefficients),
            state.parts(),
            2 * coefficients.get(VALUE).size(3),
            body(coefficients, alone || !rule.isLinear()));
    return advanced(tape, coefficients, result.outputs(), result.state());
  }

  /** Outputs {@code [B, T, ...]} with heads side by side, and the parts in their order. */
  private Advance advanced(
      Tape tape,
      Map<String, Variable> coefficients,
      Variable outputs,
      Map<String, Variable> state) {
    Variable q = coefficients.get(QUERY);
    Map<String, Variable> ordered = new LinkedHashMap<>();
    parts(coefficients).forEach(part -> ordered.put(part.name(), state.get(part.name())));
    return new Advance(
        Primitives.reshape(tape, outputs, q.size(0), q.size(1), 2L * q.size(2) * q.size(3)),
        ordered);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    Map<String, Variable> tokens = new LinkedHashMap<>();
    for (String name : TOKENS) {
      tokens.put(name, OptimiserMemoryRecurrence.perHead(tape, coefficients.get(name)));
    }
    RecomputedScan.Chunk chunk =
        RecomputedScan.Chunk.ofToken(
            tape, tokens, fixed(coefficients), state.parts(), state.counts(), rule.chunk());
    RecomputedScan.Result result = body(coefficients, true).run(tape, chunk);
    return advanced(tape, coefficients, result.outputs(), result.state());
  }

  /** The Jacobian along the trajectory, with the affine rests of state and output as inputs. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Variable q = coefficients.get(QUERY);
    return MemoryLinearization.ofRow(
            this::advanceToken, this::read, coefficients, TOKENS, start(coefficients, initial), row)
        .system(2 * q.size(2) * q.size(3));
  }

  /** What a token puts out, from the state that it left. */
  private Variable read(Tape tape, Map<String, Variable> coefficients, State state) {
    Variable queries = OptimiserMemoryRecurrence.perHead(tape, coefficients.get(QUERY));
    return body(coefficients, true)
        .read(tape, queries, fixed(coefficients), state.parts(), state.counts());
  }
}
