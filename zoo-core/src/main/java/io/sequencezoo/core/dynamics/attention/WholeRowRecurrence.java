package io.sequencezoo.core.dynamics.attention;

import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.shape.Shapes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention whose weights come from a whole row of logits at once, in an order of keys, and not
 * from each logit and a sum: the state is what was seen of each token, and a token reads the values
 * of all.
 *
 * <pre>{@code
 * K_t = K_{t-1} ∪ {k_t},  V_t = V_{t-1} ∪ {v_t}, ...       state
 * y_t = Σ_{s≤t} p_ts v_s                                   read-out
 * }</pre>
 *
 * <p>What extends it says what is held of a token and how the weights {@code p_ts} follow from it.
 * Over a sequence O(T²) time and O(T) memory, also backward: rows of weights exist for one block of
 * queries at a time. Per token: time linear in the keys seen, no copy of them.
 */
public abstract sealed class WholeRowRecurrence extends CausalRecurrence
    permits StickBreakingRecurrence, PathRecurrence {
  /** Queries {@code [B, T, HQ, K]}. */
  public static final String QUERY = "q";

  /** Keys {@code [B, T, H, K]}. */
  public static final String KEY = "k";

  /** Values {@code [B, T, H, V]}. */
  public static final String VALUE = "v";

  private static final Visibility ALL = new Visibility(false, Visibility.UNLIMITED);

  private final double scale;

  /**
   * A recurrence of this name.
   *
   * @param scale multiplies the logits; 0 for {@code K^-0.5}
   */
  WholeRowRecurrence(String name, double scale) {
    super(name, Family.ATTENTION, KEY, Solver.BLOCKWISE);
    this.scale = scale;
  }

  /**
   * What is held of a token.
   *
   * @param name of the coefficient and of the part of the state
   * @param perQueryHead whether it is a number per query head; otherwise it is one or more numbers
   *     per head of keys
   */
  record Held(String name, boolean perQueryHead) {
    /** Keys and values, which are held first. */
    static final ImmutableList<Held> KEYS_AND_VALUES =
        ImmutableList.of(new Held(KEY, false), new Held(VALUE, false));

    /** Numbers from a token to the next. */
    int stride(AttentionShape shape, Variable tokens) {
      return perQueryHead ? shape.queryHeads() : shape.heads() * tokens.size(3);
    }

    /** Numbers of a head of keys: those of its query heads where it is one for each. */
    int size(AttentionShape shape, Variable tokens) {
      return size(shape, tokens.size(3));
    }

    /** The same of tokens whose heads hold so many. */
    int size(AttentionShape shape, int each) {
      return perQueryHead ? shape.group() : each;
    }
  }

  /** What is held of every token, keys and values first. */
  abstract List<Held> held(Map<String, Variable> coefficients);

  /** Checks what else there is against the sizes of queries, keys and values. */
  abstract void check(AttentionShape shape, Map<String, Variable> coefficients);

  /**
   * Writes the weights of one query for the n tokens up to its own.
   *
   * @param scale multiplies the logits
   * @param q K numbers
   * @param held of the tokens, packed, in the order of {@link #held}
   */
  abstract <A> void weights(
      Kernels<A> kernels, Scratch<A> scratch, double scale, A q, int n, Rows<A> held, A weights);

  /** The weights of blocks of queries, and their pullback. */
  abstract <A> RowWeights<A> rowWeights(WholeRows.Task<A> task);

  /**
   * What a query sees.
   *
   * @param parts packed rows of each thing that is held
   * @param sizes numbers of a row
   */
  record Rows<A>(List<A> parts, int[] sizes) {}

  private AttentionShape shape(Map<String, Variable> coefficients) {
    AttentionShape shape = AttentionShape.of(name(), coefficients);
    check(shape, coefficients);
    return shape;
  }

  final double scaleFor(AttentionShape shape) {
    return scale > 0 ? scale : 1 / Math.sqrt(shape.keyDim());
  }

  /** Refuses a coefficient of other sizes. */
  final void checkSizes(
      Map<String, Variable> coefficients, String coefficient, String axes, long... sizes) {
    Variable given = AttentionShape.part(name(), coefficients, coefficient);
    Shapes.check(name() + " " + coefficient, given.operand(), axes, sizes);
  }

  @Override
  protected final List<StatePart> parts(Map<String, Variable> coefficients) {
    AttentionShape shape = shape(coefficients);
    ImmutableList.Builder<StatePart> parts = ImmutableList.builder();
    for (Held held : held(coefficients)) {
      Variable given = coefficients.get(held.name());
      long heads = held.perQueryHead() ? 1 : shape.heads();
      long size = held.perQueryHead() ? shape.queryHeads() : given.rank() == 4 ? given.size(3) : 1;
      parts.add(new StatePart(held.name(), "BnHK", shape.batch(), StatePart.SLOTS, heads, size));
    }
    return parts.build();
  }

  @Override
  protected final int heads(Map<String, Variable> coefficients) {
    return shape(coefficients).queryHeads();
  }

  /** What is held of the new tokens, {@code [B, T, heads, size]} each. */
  private List<Variable> tokens(
      Tape tape, AttentionShape shape, Map<String, Variable> coefficients) {
    List<Variable> tokens = new ArrayList<>();
    for (Held held : held(coefficients)) {
      Variable given = coefficients.get(held.name());
      long heads = held.perQueryHead() ? 1 : shape.heads();
      tokens.add(
          given.rank() == 4
              ? given
              : Primitives.reshape(
                  tape, given, shape.batch(), shape.steps(), heads, given.size(2) / heads));
    }
    return tokens;
  }

  private int[] heldSlots(State state) {
    return ALL.held(name(), state.counts(), state.get(KEY).operand().size(1));
  }

  @Override
  protected final Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    AttentionShape shape = shape(coefficients);
    State state = start(coefficients, initial);
    List<Held> kinds = held(coefficients);
    List<Variable> fresh = tokens(tape, shape, coefficients);
    Span span =
        Span.of(
            name(), shape, ALL, scaleFor(shape), null, heldSlots(state), state.get(KEY), lengths);
    List<Variable> before = new ArrayList<>();
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int i = 0; i < kinds.size(); i++) {
      Variable held = state.get(kinds.get(i).name());
      before.add(span.capacity() > 0 ? held : null);
      parts.put(kinds.get(i).name(), KeyValueCache.after(tape, span, held, fresh.get(i)));
    }
    Variable y = WholeRows.apply(tape, this, span, kinds, coefficients.get(QUERY), fresh, before);
    return new Advance(y, parts);
  }

  @Override
  protected final Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    return step(Precision.of(coefficients.get(KEY).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    AttentionShape shape = shape(coefficients);
    List<Held> kinds = held(coefficients);
    List<Variable> fresh = tokens(tape, shape, coefficients);
    int[] held = Replay.counting(heldSlots(state));
    List<GrowingCache<A>> caches = new ArrayList<>();
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int i = 0; i < kinds.size(); i++) {
      String name = kinds.get(i).name();
      GrowingCache<A> next =
          GrowingCache.of(precision, state.get(name).operand())
              .with(held, Visibility.UNLIMITED, fresh.get(i).operand());
      caches.add(next);
      parts.put(name, tape.record(next.view(), unused -> {}));
    }
    INDArray q = coefficients.get(QUERY).operand();
    INDArray y =
        tape.allocate(q.dataType(), shape.batch(), 1, shape.queryHeads(), shape.valueDim());
    int[] seen = Replay.counting(ALL.heldAfterOne(state.counts()));
    Replay.run(
        new WholeRowStep<>(
            precision,
            this,
            shape,
            kinds,
            caches,
            new WholeRowStep.Rows<>(seen, precision.slab(q), precision.slab(y))));
    return new Advance(tape.record(y, unused -> {}), parts);
  }

  @Override
  protected final LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    AttentionShape shape = shape(coefficients);
    State state = start(coefficients, initial);
    List<Held> kinds = held(coefficients);
    List<Variable> fresh = tokens(Tape.detached(), shape, coefficients);
    int before = heldSlots(state)[row];
    int steps = shape.steps();
    int keyHead = head / shape.group();
    List<double[]> parts = new ArrayList<>();
    int[] sizes = new int[kinds.size()];
    for (int i = 0; i < sizes.length; i++) {
      boolean own = kinds.get(i).perQueryHead();
      INDArray old = state.get(kinds.get(i).name()).value();
      double[][] rows = new double[before + steps][];
      int from = own ? 0 : keyHead;
      System.arraycopy(Weights.rows(old, row, from, before), 0, rows, 0, before);
      double[][] added = Weights.rows(fresh.get(i).value(), row, from, steps);
      System.arraycopy(added, 0, rows, before, steps);
      sizes[i] = own ? 1 : fresh.get(i).size(3);
      double[] packed = new double[rows.length * sizes[i]];
      for (int s = 0; s < rows.length; s++) {
        System.arraycopy(rows[s], own ? head : 0, packed, s * sizes[i], sizes[i]);
      }
      parts.add(packed);
    }
    double[][] q = Weights.rows(coefficients.get(QUERY).value(), row, head, steps);
    double[][] weights = new double[steps][before + steps];
    Precision<double[]> precision = Precision.DOUBLE;
    try (Scratch<double[]> scratch = precision.scratch()) {
      for (int t = 0; t < steps; t++) {
        int n = before + t + 1;
        weights(
            precision.kernels(),
            scratch,
            scaleFor(shape),
            q[t],
            n,
            new Rows<>(parts, sizes),
            weights[t]);
      }
    }
    return new AttentionSystem(
        weights,
        Weights.rows(state.get(VALUE).value(), row, keyHead, before),
        Weights.rows(coefficients.get(VALUE).value(), row, keyHead, steps),
        shape.valueDim());
  }
}
