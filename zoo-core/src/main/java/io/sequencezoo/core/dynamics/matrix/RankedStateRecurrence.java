package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A matrix state that every token writes R times and reads R times: many inputs and many outputs
 * per head. It is a recurrence of its own, since tokens of the matrix state are read once; it runs
 * as that one, R rows to a token, and adds to each read the writes of the token that come after it.
 *
 * <pre>{@code
 * S_t = e^{g_t} S_{t-1} + Σ_r k_{t,r} v_{t,r}ᵀ        o_{t,r} = S_tᵀ q_{t,r}
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, R, K]}; {@code v}: {@code [B, T, H, R, V]}; {@code g}: log
 *       decay {@code [B, T, H]}
 *   <li>{@code o}: {@code [B, T, H, R V]}; {@code S}: {@code [B, H, K, V]} state, constant in T
 * </ul>
 *
 * <p>Cost per token and head: (2 R + 1) K V multiply-adds, K V numbers of memory.
 */
public final class RankedStateRecurrence extends CausalRecurrence {
  private static final String QUERY = MatrixStateRecurrence.QUERY;
  private static final String KEY = MatrixStateRecurrence.KEY;
  private static final String VALUE = MatrixStateRecurrence.VALUE;
  private static final String DECAY = MatrixStateRecurrence.DECAY;
  private static final String STATE = MatrixStateRecurrence.STATE;

  private final MatrixStateRecurrence rows = MatrixStateRecurrence.scaled(1);

  /** The recurrence. */
  public RankedStateRecurrence() {
    super("ranked_state", Family.MATRIX_STATE, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> c) {
    for (String name : new String[] {QUERY, KEY, VALUE, DECAY}) {
      checkArgument(
          c.get(name) != null,
          "%s: needs coefficients q, k, v and g, got %s; add %s",
          name(),
          c.keySet(),
          name);
    }
    Variable q = c.get(QUERY);
    Shapes.check(name() + " q", q.operand(), "BTHRK", -1, -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    long heads = q.size(2);
    Shapes.check(name() + " k", c.get(KEY).operand(), "BTHRK", q.shape());
    Shapes.check(
        name() + " v", c.get(VALUE).operand(), "BTHRV", batch, steps, heads, q.size(3), -1);
    Shapes.check(name() + " g", c.get(DECAY).operand(), "BTH", batch, steps, heads);
    return List.of(new StatePart(STATE, "BHKV", batch, heads, q.size(4), c.get(VALUE).size(4)));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(QUERY).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> c, State initial, int[] lengths) {
    int ranks = c.get(QUERY).size(3);
    Map<String, Variable> all = new LinkedHashMap<>();
    for (String name : new String[] {QUERY, KEY, VALUE}) {
      all.put(name, rows(tape, c.get(name)));
    }
    all.put(DECAY, firstRows(tape, c.get(DECAY), ranks));
    int[] counts = Arrays.stream(lengths).map(n -> n * ranks).toArray();
    Evolution evolution = rows.evolve(tape, solver, all, initial, counts);
    return results(tape, c, evolution.outputs(), evolution.state());
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> c, State state) {
    int ranks = c.get(QUERY).size(3);
    Variable[] outputs = new Variable[ranks];
    State after = state;
    for (int r = 0; r < ranks; r++) {
      Map<String, Variable> row = new LinkedHashMap<>();
      for (String name : new String[] {QUERY, KEY, VALUE}) {
        Variable x = Primitives.slice(tape, c.get(name), 3, r, r + 1);
        row.put(name, rows(tape, x));
      }
      if (r == 0) {
        row.put(DECAY, c.get(DECAY));
      }
      Evolution evolution = rows.step(tape, row, after);
      outputs[r] = evolution.outputs();
      after = evolution.state();
    }
    return results(tape, c, Primitives.concat(tape, 1, outputs), after);
  }

  /** Outputs of rows {@code [B, T R, H, V]}, and what later writes of the token add. */
  private static Advance results(Tape tape, Map<String, Variable> c, Variable rows, State state) {
    Variable v = c.get(VALUE);
    int batch = v.size(0);
    int steps = v.size(1);
    int heads = v.size(2);
    int ranks = v.size(3);
    Variable split = Primitives.reshape(tape, rows, batch, steps, ranks, heads, v.size(4));
    Variable read = Primitives.permute(tape, split, 0, 1, 3, 2, 4);
    Variable scores = Primitives.matmul(tape, c.get(QUERY), c.get(KEY), false, true);
    Variable later = Primitives.multiply(tape, scores, tape.constant(later(v, ranks)));
    Variable all = Primitives.add(tape, read, Primitives.matmul(tape, later, v));
    return new Advance(
        Primitives.reshape(tape, all, batch, steps, heads, (long) ranks * v.size(4)),
        Map.of(STATE, state.get(STATE)));
  }

  /** One for every write, by column, after a read, by row. */
  private static INDArray later(Variable like, int ranks) {
    double[][] mask = new double[ranks][ranks];
    for (int r = 0; r < ranks; r++) {
      Arrays.fill(mask[r], r + 1, ranks, 1);
    }
    return Nd4j.createFromArray(mask).castTo(like.type());
  }

  /** {@code [B, T, H, R, N]} as {@code [B, T R, H, N]}. */
  private static Variable rows(Tape tape, Variable x) {
    Variable turned = Primitives.permute(tape, x, 0, 1, 3, 2, 4);
    return Primitives.reshape(
        tape, turned, x.size(0), (long) x.size(1) * x.size(3), x.size(2), x.size(4));
  }

  /** {@code [B, T, H]} at the first of R rows, none at the others. */
  private static Variable firstRows(Tape tape, Variable g, int ranks) {
    if (ranks == 1) {
      return g;
    }
    int batch = g.size(0);
    int steps = g.size(1);
    int heads = g.size(2);
    Variable first = Primitives.reshape(tape, g, batch, steps, 1, heads);
    Variable none = tape.constant(tape.zeros(g.type(), batch, steps, ranks - 1L, heads));
    return Primitives.reshape(
        tape, Primitives.concat(tape, 2, first, none), batch, (long) steps * ranks, heads);
  }

  @Override
  protected LinearSystem system(Map<String, Variable> c, State initial, int row, int head) {
    int steps = c.get(QUERY).size(1);
    int ranks = c.get(QUERY).size(3);
    int keys = c.get(QUERY).size(4);
    int values = c.get(VALUE).size(4);
    double[][] inputs = new double[steps][ranks * values];
    INDArray v = c.get(VALUE).value();
    for (int t = 0; t < steps; t++) {
      for (int i = 0; i < inputs[t].length; i++) {
        inputs[t][i] = v.getDouble(row, t, head, i / values, i % values);
      }
    }
    INDArray q = c.get(QUERY).value();
    INDArray k = c.get(KEY).value();
    INDArray g = c.get(DECAY).value();
    DenseLinearSystem.Builder system =
        DenseLinearSystem.builder(inputs, keys * values, ranks * values)
            .transition(
                t -> {
                  double[] decays = new double[keys * values];
                  Arrays.fill(decays, Math.exp(g.getDouble(row, t, head)));
                  return Transitions.diagonal(decays);
                })
            .input(
                t -> {
                  double[][] write = new double[keys * values][ranks * values];
                  for (int i = 0; i < write.length; i++) {
                    for (int r = 0; r < ranks; r++) {
                      write[i][r * values + i % values] = k.getDouble(row, t, head, r, i / values);
                    }
                  }
                  return write;
                })
            .output(
                t -> {
                  double[][] read = new double[ranks * values][keys * values];
                  for (int i = 0; i < keys * values; i++) {
                    for (int r = 0; r < ranks; r++) {
                      read[r * values + i % values][i] = q.getDouble(row, t, head, r, i / values);
                    }
                  }
                  return read;
                });
    if (initial != null) {
      INDArray s = initial.get(STATE).value();
      double[] state = new double[keys * values];
      for (int i = 0; i < state.length; i++) {
        state[i] = s.getDouble(row, head, i / values, i % values);
      }
      system.initialState(state);
    }
    return system.build();
  }
}
