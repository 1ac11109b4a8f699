package io.sequencezoo.core.dynamics.lookup;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.attention.AttentionSystem;
import io.sequencezoo.core.dynamics.attention.GrowingCache;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Means over chains of earlier tokens. Every token is the next link of one chain per head, and
 * reads the mean value of another chain, as that was before the token. Which chains these are, the
 * drive says; so that a sum per token is all that has to be kept.
 *
 * <pre>{@code
 * S_t = S_prev(t) + v_t            state: the sum over t's chain up to t, 0 where prev(t) is none
 * y_t = S_match(t) / count(t)      read-out: 0 where match(t) is none
 * }</pre>
 *
 * <ul>
 *   <li>{@code v}: {@code [B, T, D]}, the value of every token, the same for all heads
 *   <li>{@code prev}, {@code match}: {@code [B, T, H]} INT, a token before t, counted from the
 *       start of the sequence, the latest of its chain; -1 for none
 *   <li>{@code count}: {@code [B, T, H]} INT, how many tokens match's chain has
 *   <li>{@code y}: {@code [B, T, H, D]}
 *   <li>state {@code S}: {@code [B, n, H, D]}; row b's first {@code consumed_b} slots are its
 *       tokens, later slots have no meaning
 * </ul>
 *
 * <p>O(H D) time and memory per token whatever the number of tokens before, forward, backward and
 * in steps. It is linear in its values: attention whose weights are given.
 */
public final class LookupRecurrence extends CausalRecurrence {
  /** Values. */
  public static final String VALUE = "v";

  /** The link before the token, of its own chain. */
  public static final String PREVIOUS = "prev";

  /** The latest link of the chain that the token reads. */
  public static final String MATCH = "match";

  /** The length of the chain that the token reads. */
  public static final String COUNT = "count";

  /** The part of the state. */
  public static final String SUM = "S";

  /** What stands for no token. */
  public static final int NONE = -1;

  static final String NAME = "lookup";

  /** The recurrence. */
  public LookupRecurrence() {
    super(NAME, Family.LOOKUP, VALUE, Solver.SEQUENTIAL);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Variable v = required(coefficients, VALUE);
    Shapes.check(NAME + " v", v.operand(), "BTD", -1, -1, -1);
    int heads = heads(coefficients);
    for (String links : new String[] {PREVIOUS, MATCH, COUNT}) {
      Shapes.check(
          NAME + " " + links,
          required(coefficients, links).operand(),
          "BTH",
          v.size(0),
          v.size(1),
          heads);
    }
    return List.of(new StatePart(SUM, "BnHD", v.size(0), StatePart.SLOTS, heads, v.size(2)));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return required(coefficients, MATCH).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      @Nullable State initial,
      int[] lengths) {
    State state = start(coefficients, initial);
    Links links = Links.of(coefficients, state.consumed(), lengths);
    Variable held = whole(tape, state.get(SUM));
    Variable[] results = LookupScan.apply(tape, links, required(coefficients, VALUE), held);
    return new Advance(results[0], Map.of(SUM, results[1]));
  }

  /** What steps left is a view with room for more tokens; whole arrays are needed here. */
  private static Variable whole(Tape tape, Variable held) {
    return held.value().isView() && !held.requiresGradient()
        ? tape.constant(held.value().dup('c'))
        : held;
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    return step(Precision.of(required(coefficients, VALUE).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    Variable v = required(coefficients, VALUE);
    int batch = v.size(0);
    int heads = heads(coefficients);
    int width = v.size(2);
    int[] held = Replay.counting(state.counts().clone());
    Links links = Links.ofToken(coefficients, held);
    GrowingCache<A> before = GrowingCache.of(precision, state.get(SUM).operand());
    // A step that is repeated reads what it has left before.
    AtomicReference<GrowingCache<A>> past = new AtomicReference<>(before);
    INDArray y = tape.allocate(v.type(), batch, 1, heads, width);
    INDArray sum = tape.allocate(v.type(), batch, 1, heads, width);
    Slab<A> values = precision.slab(v.operand());
    Slab<A> reads = precision.slab(y);
    Slab<A> fresh = precision.slab(sum);
    Kernels<A> kernels = precision.kernels();
    Replay.run(
        () -> {
          links.read();
          GrowingCache<A> sums = Objects.requireNonNull(past.get());
          try (Scratch<A> scratch = precision.scratch()) {
            A value = scratch.take(width);
            A tile = scratch.take(width);
            for (int b = 0; b < batch; b++) {
              values.load((long) b * width, value, 0, width);
              for (int h = 0; h < heads; h++) {
                long at = ((long) b * heads + h) * width;
                int previous = links.previous(b, 0, h);
                kernels.fill(tile, 0, width, 0);
                if (previous != NONE) {
                  sums.slab().load(sums.at(b, h, previous), tile, 0, width);
                }
                kernels.add(tile, 0, value, 0, tile, 0, width);
                fresh.store(at, tile, 0, width);
                int match = links.match(b, 0, h);
                kernels.fill(tile, 0, width, 0);
                if (match != NONE) {
                  sums.slab().load(sums.at(b, h, match), tile, 0, width);
                  kernels.affine(links.weight(b, 0, h), tile, 0, 0, tile, 0, width);
                }
                reads.store(at, tile, 0, width);
              }
            }
          }
        });
    GrowingCache<A> after = before.with(held, sum);
    past.set(after);
    Variable next = tape.record(after.view(), unused -> {});
    return new Advance(tape.record(y, unused -> {}), Map.of(SUM, next));
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, @Nullable State initial, int row, int head) {
    State state = start(coefficients, initial);
    INDArray v = required(coefficients, VALUE).value();
    int steps = (int) v.size(1);
    int width = (int) v.size(2);
    int[] lengths = new int[(int) v.size(0)];
    Arrays.fill(lengths, steps);
    Links links = Links.of(coefficients, state.consumed(), lengths);
    int held = state.consumed()[row];
    double[][] weights = new double[steps][held + steps];
    double[][] inputs = new double[steps][width];
    for (int t = 0; t < steps; t++) {
      // What was held is a sum over its chain already.
      int link = links.match(row, t, head);
      while (link >= held) {
        weights[t][link] = links.weight(row, t, head);
        link = links.previous(row, link - held, head);
      }
      if (link != NONE) {
        weights[t][link] = links.weight(row, t, head);
      }
      for (int d = 0; d < width; d++) {
        inputs[t][d] = v.getDouble(row, t, d);
      }
    }
    double[][] sums = new double[held][width];
    for (int s = 0; s < held; s++) {
      for (int d = 0; d < width; d++) {
        sums[s][d] = state.get(SUM).value().getDouble(row, s, head, d);
      }
    }
    return new AttentionSystem(weights, sums, inputs, width);
  }
}
