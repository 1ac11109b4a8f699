package io.sequencezoo.core.dynamics.matrix;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Attention to M slots, each a decaying sum of keys and one of values: two matrix states, one after
 * the other, and a softmax over the slots between them. It is a recurrence of its own, since what
 * drives the second state is read from the first.
 *
 * <pre>{@code
 * Sk_t = Sk_{t-1} diag(e^{g_t}) + k_t s_tᵀ         p_t = softmax(Sk_tᵀ (scale q_t))
 * Sv_t = diag(e^{g_t}) Sv_{t-1} + s_t v_tᵀ         o_t = Sv_tᵀ p_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, K]}; {@code v, o}: {@code [B, T, H, V]}
 *   <li>{@code s}: {@code [B, T, H, M]} what each slot takes of the token; {@code g}: log decay of
 *       the slots, as s
 *   <li>{@code Sk}: {@code [B, H, K, M]}, {@code Sv}: {@code [B, H, M, V]} state, constant in T
 * </ul>
 *
 * <p>Cost per token and head: 3 M (K + V) multiply-adds, M (K + V) numbers of memory. The linear
 * form is that of the second state, along the trajectory of the first. Numerical care: see {@link
 * MatrixStateRecurrence}.
 */
public final class GatedSlotRecurrence extends CausalRecurrence {
  /** What each slot takes of a token, {@code [B, T, H, M]}. */
  public static final String SLOTS = "s";

  /** The state {@code Sk [B, H, K, M]}. */
  public static final String KEY_STATE = "Sk";

  /** The state {@code Sv [B, H, M, V]}. */
  public static final String VALUE_STATE = "Sv";

  private static final String QUERY = MatrixStateRecurrence.QUERY;
  private static final String KEY = MatrixStateRecurrence.KEY;
  private static final String VALUE = MatrixStateRecurrence.VALUE;
  private static final String DECAY = MatrixStateRecurrence.DECAY;
  private static final String STATE = MatrixStateRecurrence.STATE;

  private final MatrixStateRecurrence keys;
  private final MatrixStateRecurrence values;

  /** A recurrence whose queries are multiplied by {@code scale}. */
  public GatedSlotRecurrence(double scale) {
    super("gated_slots", Family.MATRIX_STATE, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    this.keys = MatrixStateRecurrence.scaled(scale);
    this.values = MatrixStateRecurrence.scaled(1);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> c) {
    for (String name : new String[] {QUERY, KEY, VALUE, SLOTS, DECAY}) {
      checkArgument(
          c.get(name) != null,
          "%s: needs coefficients q, k, v, s and g, got %s; add %s",
          name(),
          c.keySet(),
          name);
    }
    Variable q = c.get(QUERY);
    Shapes.check(name() + " q", q.operand(), "BTHK", -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    long heads = q.size(2);
    Shapes.check(name() + " k", c.get(KEY).operand(), "BTHK", q.shape());
    Shapes.check(name() + " v", c.get(VALUE).operand(), "BTHV", batch, steps, heads, -1);
    Shapes.check(name() + " s", c.get(SLOTS).operand(), "BTHM", batch, steps, heads, -1);
    Shapes.check(name() + " g", c.get(DECAY).operand(), "BTHM", c.get(SLOTS).shape());
    long slots = c.get(SLOTS).size(3);
    return List.of(
        new StatePart(KEY_STATE, "BHKM", batch, heads, q.size(3), slots),
        new StatePart(VALUE_STATE, "BHMV", batch, heads, slots, c.get(VALUE).size(3)));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(QUERY).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> c, State initial, int[] lengths) {
    Evolution first = keys.evolve(tape, solver, ofKeys(c), part(initial, KEY_STATE), lengths);
    Variable weights = Primitives.softmax(tape, first.outputs());
    Evolution second =
        values.evolve(tape, solver, ofValues(c, weights), part(initial, VALUE_STATE), lengths);
    return advance(first, second);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> c, State state) {
    Evolution first = keys.step(tape, ofKeys(c), part(state, KEY_STATE));
    Variable weights = Primitives.softmax(tape, first.outputs());
    return advance(first, values.step(tape, ofValues(c, weights), part(state, VALUE_STATE)));
  }

  private static Advance advance(Evolution keys, Evolution values) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(KEY_STATE, keys.state().get(STATE));
    parts.put(VALUE_STATE, values.state().get(STATE));
    return new Advance(values.outputs(), parts);
  }

  @Override
  protected LinearSystem system(Map<String, Variable> c, State initial, int row, int head) {
    Tape tape = Tape.detached();
    Map<String, Variable> fixed = new LinkedHashMap<>();
    c.forEach((name, value) -> fixed.put(name, tape.constant(value.value())));
    Evolution first =
        keys.evolve(tape, Solver.SEQUENTIAL, ofKeys(fixed), part(initial, KEY_STATE), null);
    Variable weights = Primitives.softmax(tape, first.outputs());
    return values.linearize(ofValues(fixed, weights), part(initial, VALUE_STATE), row, head);
  }

  private static Map<String, Variable> ofKeys(Map<String, Variable> c) {
    return Map.of(
        QUERY,
        c.get(QUERY),
        KEY,
        c.get(KEY),
        VALUE,
        c.get(SLOTS),
        MatrixStateRecurrence.VALUE_DECAY,
        c.get(DECAY));
  }

  private static Map<String, Variable> ofValues(Map<String, Variable> c, Variable weights) {
    return Map.of(QUERY, weights, KEY, c.get(SLOTS), VALUE, c.get(VALUE), DECAY, c.get(DECAY));
  }

  private static State part(State state, String name) {
    return state == null ? null : new State(Map.of(STATE, state.get(name)), state.counts());
  }
}
