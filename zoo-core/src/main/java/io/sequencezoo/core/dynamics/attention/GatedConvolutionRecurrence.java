package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gates and long convolutions in turn, channel by channel: the recurrence of Hyena. A filter has no
 * finite state that says as much, so that the state is all that was convolved so far.
 *
 * <pre>{@code
 * c_0 = v,  u_o = x_{O-1-o} ⊙ c_o,  U_o,t = U_o,t-1 ∪ {u_o,t}                state
 * c_{o+1},t = Σ_{s≤t} f_o,t-s u_o,s + bias_o u_o,t    o = 0 ... O-2
 * y_t = x_0,t c_{O-1},t                                                      read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, O, D]} gates; {@code v}: {@code [B, T, D]}; {@code y}: {@code [B,
 *       T, D, 1]}, one head per channel
 *   <li>{@code filter}: {@code [O-1, L, D]}, L at least the tokens of every row, those before
 *       included; {@code bias}: {@code [O-1, D]}
 *   <li>state {@code u}: {@code [B, n, O-1, D]}
 * </ul>
 *
 * <p>Over a sequence O(T log T) time by Fourier transforms. Per token: O - 1 multiply-adds per
 * channel and token held, no copy of them.
 */
public final class GatedConvolutionRecurrence extends CausalRecurrence {
  /** Gates {@code [B, T, O, D]}. */
  public static final String GATES = "x";

  /** Values {@code [B, T, D]}. */
  public static final String VALUE = "v";

  /** Filters {@code [O-1, L, D]}. */
  public static final String FILTER = "filter";

  /** Skips of the filters {@code [O-1, D]}. */
  public static final String BIAS = "bias";

  /** The state {@code u [B, n, O-1, D]}. */
  public static final String HISTORY = "u";

  private static final String NAME = "gated_convolution";

  private static final Visibility ALL = new Visibility(false, Visibility.UNLIMITED);

  /** The recurrence. */
  public GatedConvolutionRecurrence() {
    super(NAME, Family.CONVOLUTION, GATES, Solver.CONVOLUTION);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Variable gates = coefficients.get(GATES);
    Shapes.check(NAME + " x", gates.operand(), "BTOD", -1, -1, -1, -1);
    int order = gates.size(2);
    checkArgument(order >= 2, "%s: gates must be at least 2, got %s", NAME, order);
    int d = gates.size(3);
    check(coefficients, VALUE, "BTD", gates.size(0), gates.size(1), d);
    check(coefficients, FILTER, "OLD", order - 1, -1, d);
    check(coefficients, BIAS, "OD", order - 1, d);
    return List.of(new StatePart(HISTORY, "BnOD", gates.size(0), StatePart.SLOTS, order - 1, d));
  }

  private static void check(
      Map<String, Variable> coefficients, String name, String axes, long... sizes) {
    Variable given = AttentionShape.part(NAME, coefficients, name);
    Shapes.check(NAME + " " + name, given.operand(), axes, sizes);
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(GATES).size(3);
  }

  private static int[] held(State state) {
    return ALL.held(NAME, state.counts(), state.get(HISTORY).operand().size(1));
  }

  /** Refuses filters that are shorter than what they are to be applied to. */
  private static void checkTaps(Map<String, Variable> coefficients, int tokens) {
    int taps = coefficients.get(FILTER).size(1);
    checkArgument(
        taps >= tokens,
        "%s: filter must have a tap for each of %s tokens, got L=%s",
        NAME,
        tokens,
        taps);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Variable gates = coefficients.get(GATES);
    State state = start(coefficients, initial);
    Variable history = state.get(HISTORY);
    int stages = gates.size(2) - 1;
    int d = gates.size(3);
    AttentionShape shape = new AttentionShape(gates.size(0), gates.size(1), stages, stages, d, d);
    Span span = Span.of(NAME, shape, ALL, 1, null, held(state), history, lengths);
    for (int b = 0; b < shape.batch(); b++) {
      checkTaps(coefficients, span.total(b));
    }
    Variable[] results =
        GatedConvolutions.apply(
            tape,
            span,
            new Variable[] {
              gates,
              coefficients.get(VALUE),
              coefficients.get(FILTER),
              coefficients.get(BIAS),
              span.capacity() > 0 ? history : null
            });
    return new Advance(
        results[0], Map.of(HISTORY, KeyValueCache.after(tape, span, history, results[1])));
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    return step(Precision.of(coefficients.get(GATES).type()), tape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision, Tape tape, Map<String, Variable> coefficients, State state) {
    INDArray gates = coefficients.get(GATES).operand();
    int batch = (int) gates.size(0);
    int stages = (int) gates.size(2) - 1;
    int d = (int) gates.size(3);
    int[] held = Replay.counting(held(state));
    GrowingCache<A> before = GrowingCache.of(precision, state.get(HISTORY).operand());
    // A step that is repeated reads what it has left before.
    AtomicReference<GrowingCache<A>> past = new AtomicReference<>(before);
    INDArray y = tape.allocate(gates.dataType(), batch, 1, d, 1);
    INDArray token = tape.allocate(gates.dataType(), batch, 1, stages, d);
    Slab<A> xs = precision.slab(gates);
    Slab<A> vs = precision.slab(coefficients.get(VALUE).operand());
    Slab<A> filters = precision.slab(coefficients.get(FILTER).operand());
    Slab<A> biases = precision.slab(coefficients.get(BIAS).operand());
    Slab<A> tokens = precision.slab(token);
    Slab<A> ys = precision.slab(y);
    int taps = coefficients.get(FILTER).size(1);
    Kernels<A> kernels = precision.kernels();
    for (int n : held) {
      checkTaps(coefficients, n + 1);
      Replay.limit(taps - n - 1);
    }
    Parallel.run(
        batch,
        b -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int n = held[b];
            A current = scratch.take(d);
            A gate = scratch.take(d);
            A own = scratch.take(d);
            A tile = scratch.take(n * d);
            A filter = scratch.take((n + 1) * d);
            vs.load((long) b * d, current, 0, d);
            for (int o = 0; o < stages; o++) {
              xs.load(((long) b * (stages + 1) + stages - o) * d, gate, 0, d);
              kernels.multiply(gate, 0, current, 0, own, 0, d);
              tokens.store(((long) b * stages + o) * d, own, 0, d);
              if (n > 0) {
                past.get().load(b, o, 0, n, tile);
              }
              filters.load((long) o * taps * d, filter, 0, (n + 1) * d);
              biases.load((long) o * d, gate, 0, d);
              kernels.multiply(gate, 0, own, 0, current, 0, d);
              kernels.multiplyAdd(filter, 0, own, 0, current, 0, d);
              for (int s = 0; s < n; s++) {
                kernels.multiplyAdd(filter, (n - s) * d, tile, s * d, current, 0, d);
              }
            }
            xs.load((long) b * (stages + 1) * d, gate, 0, d);
            kernels.multiply(gate, 0, current, 0, current, 0, d);
            ys.store((long) b * d, current, 0, d);
          }
        });
    GrowingCache<A> after = before.with(held, Visibility.UNLIMITED, token);
    past.set(after);
    return new Advance(
        tape.record(y, unused -> {}), Map.of(HISTORY, tape.record(after.view(), unused -> {})));
  }

  /** Exact; a head is a channel, of a slot per stage and token held before or met. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Variable gates = coefficients.get(GATES);
    State state = start(coefficients, initial);
    int before = held(state)[row];
    int steps = gates.size(1);
    int total = before + steps;
    int stages = gates.size(2) - 1;
    checkTaps(coefficients, total);
    double[][] inputs = new double[steps][1];
    for (int t = 0; t < steps; t++) {
      inputs[t][0] = coefficients.get(VALUE).value().getDouble(row, t, head);
    }
    double[] start = new double[stages * total];
    for (int o = 0; o < stages; o++) {
      for (int s = 0; s < before; s++) {
        start[o * total + s] = state.get(HISTORY).value().getDouble(row, s, o, head);
      }
    }
    INDArray filter = coefficients.get(FILTER).value();
    INDArray bias = coefficients.get(BIAS).value();
    Channel channel = new Channel(gates.value(), filter, bias, row, head, before, total);
    return DenseLinearSystem.builder(inputs, stages * total, 1)
        .transition(channel::transition)
        .input(channel::input)
        .output(channel::output)
        .initialState(start)
        .build();
  }

  /** What one channel of one row is made of. */
  private record Channel(
      INDArray gates, INDArray filter, INDArray bias, int row, int head, int before, int total) {
    int stages() {
      return (int) gates.size(2) - 1;
    }

    double gate(int t, int stage) {
      return gates.getDouble(row, t, stages() - stage, head);
    }

    /** What a stage's convolution takes of its own token. */
    double own(int stage) {
      return filter.getDouble(stage, 0, head) + bias.getDouble(stage, head);
    }

    /** What the tokens of stages become at step t, as rows over what is held before it. */
    double[][] written(int t) {
      double[][] rows = new double[stages()][stages() * total];
      for (int o = 1; o < rows.length; o++) {
        for (int i = 0; i < rows[o].length; i++) {
          rows[o][i] = own(o - 1) * rows[o - 1][i];
        }
        for (int s = 0; s < before + t; s++) {
          rows[o][(o - 1) * total + s] += filter.getDouble(o - 1, before + t - s, head);
        }
        for (int i = 0; i < rows[o].length; i++) {
          rows[o][i] *= gate(t, o);
        }
      }
      return rows;
    }

    Transition transition(int t) {
      double[][] matrix = new double[stages() * total][stages() * total];
      for (int i = 0; i < matrix.length; i++) {
        matrix[i][i] = 1;
      }
      double[][] written = written(t);
      for (int o = 0; o < written.length; o++) {
        matrix[o * total + before + t] = written[o];
      }
      return Transitions.dense(matrix);
    }

    double[][] input(int t) {
      double[][] write = new double[stages() * total][1];
      double value = 1;
      for (int o = 0; o < stages(); o++) {
        value *= gate(t, o);
        write[o * total + before + t][0] = value;
        value *= own(o);
      }
      return write;
    }

    double[][] output(int t) {
      double[][] read = new double[1][stages() * total];
      int last = stages() - 1;
      for (int s = 0; s < before + t; s++) {
        read[0][last * total + s] =
            gate(t, stages()) * filter.getDouble(last, before + t - s, head);
      }
      read[0][last * total + before + t] = gate(t, stages()) * own(last);
      return read;
    }
  }
}
