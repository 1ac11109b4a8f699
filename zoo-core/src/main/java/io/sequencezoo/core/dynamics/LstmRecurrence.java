package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.shape.Shapes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The recurrence of the long short-term memory: a cell that gates decide to keep, write and show.
 *
 * <pre>{@code
 * (a_i, a_f, a_g, a_o) = x_t + h_{t-1} W
 * i, f, o = σ(a_i), σ(a_f), σ(a_o)      g = tanh(a_g)
 * c_t = f c_{t-1} + i g
 * h_t = o tanh(c_t)                     y_t = h_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, 4H]} pre-activations from the input, biases included; gates in the
 *       order i, f, g, o
 *   <li>{@code w}: {@code [H, 4H]} recurrent weight W, the one coefficient without batch and time
 *       axes
 *   <li>{@code h}, {@code c}: {@code [B, H]} state, 2H numbers per row
 *   <li>{@code y}: {@code [B, T, H]} output, zero at padded positions
 * </ul>
 *
 * <p>Cost per token: O(H²) time, O(H) memory.
 */
public final class LstmRecurrence implements Recurrence {
  /** The coefficient {@code x [B, T, 4H]}. */
  public static final String INPUT = "x";

  /** The coefficient {@code w [H, 4H]}. */
  public static final String WEIGHT = "w";

  /** The state {@code h [B, H]}. */
  public static final String HIDDEN = "h";

  /** The state {@code c [B, H]}. */
  public static final String CELL = "c";

  @Override
  public String name() {
    return "lstm";
  }

  @Override
  public Family family() {
    return Family.NONLINEAR;
  }

  @Override
  public Set<Solver> solvers() {
    return Set.of(Solver.SEQUENTIAL);
  }

  @Override
  public State initialState(Map<String, Variable> coefficients, DataType type) {
    Variable x = coefficients.get(INPUT);
    Tape tape = Tape.detached();
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (String name : new String[] {HIDDEN, CELL}) {
      parts.put(name, tape.constant(Nd4j.zeros(type, x.size(0), x.size(2) / 4)));
    }
    return new State(parts, new int[x.size(0)]);
  }

  @Override
  public Evolution evolve(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    check(coefficients);
    checkArgument(
        solver == Solver.AUTO || solver == Solver.SEQUENTIAL,
        "lstm: solver must be AUTO or SEQUENTIAL, got %s",
        solver);
    Variable x = coefficients.get(INPUT);
    State state = initial != null ? initial : initialState(coefficients, x.type());
    Variable[] outputs =
        LstmScan.scan(
            tape,
            x,
            coefficients.get(WEIGHT),
            checkState(state, x, HIDDEN),
            checkState(state, x, CELL),
            lengths);
    int[] consumed = state.consumed().clone();
    for (int b = 0; b < consumed.length; b++) {
      consumed[b] += lengths == null ? x.size(1) : lengths[b];
    }
    return new Evolution(outputs[0], state(outputs[1], outputs[2], consumed));
  }

  @Override
  public Evolution step(Tape tape, Map<String, Variable> coefficients, State state) {
    check(coefficients);
    Variable x = coefficients.get(INPUT);
    checkArgument(x.size(1) == 1, "lstm: step takes T=1, got T=%s", x.size(1));
    return step(tape, Precision.of(x.value()), coefficients, state);
  }

  private static <A> Evolution step(
      Tape tape, Precision<A> precision, Map<String, Variable> coefficients, State state) {
    Variable x = coefficients.get(INPUT);
    Variable h = checkState(state, x, HIDDEN);
    Variable c = checkState(state, x, CELL);
    int batch = h.size(0);
    int n = h.size(1);
    INDArray gates = tape.allocate(x.type(), batch, 4 * n);
    gates.assign(x.value().reshape(batch, 4 * n));
    Slab<A> gateSlab = precision.slab(gates);
    Blas.gemm(
        false,
        false,
        batch,
        4 * n,
        n,
        1,
        precision.slab(h.value()),
        0,
        n,
        precision.slab(coefficients.get(WEIGHT).value()),
        0,
        4 * n,
        1,
        gateSlab,
        0,
        4 * n);
    INDArray nextHidden = tape.allocate(x.type(), batch, n);
    INDArray nextCell = tape.allocate(x.type(), batch, n);
    Kernels<A> kernels = precision.kernels();
    try (Scratch<A> scratch = precision.scratch()) {
      A gate = scratch.take(4 * n);
      A cell = scratch.take(n);
      for (int b = 0; b < batch; b++) {
        gateSlab.load((long) b * 4 * n, gate, 0, 4 * n);
        precision.slab(c.value()).load((long) b * n, cell, 0, n);
        kernels.map(Unary.SIGMOID, gate, 0, gate, 0, 2 * n);
        kernels.map(Unary.TANH, gate, 2 * n, gate, 2 * n, n);
        kernels.map(Unary.SIGMOID, gate, 3 * n, gate, 3 * n, n);
        kernels.multiply(gate, n, cell, 0, cell, 0, n);
        kernels.multiplyAdd(gate, 0, gate, 2 * n, cell, 0, n);
        precision.slab(nextCell).store((long) b * n, cell, 0, n);
        kernels.map(Unary.TANH, cell, 0, cell, 0, n);
        kernels.multiply(gate, 3 * n, cell, 0, cell, 0, n);
        precision.slab(nextHidden).store((long) b * n, cell, 0, n);
      }
    }
    int[] consumed = state.consumed().clone();
    for (int b = 0; b < batch; b++) {
      consumed[b]++;
    }
    Variable hidden = tape.constant(nextHidden);
    return new Evolution(
        tape.constant(nextHidden.reshape('c', batch, 1, n)),
        state(hidden, tape.constant(nextCell), consumed));
  }

  /**
   * The Jacobian along the trajectory from {@code [h; c]} to {@code [h; c]}, 2H numbers, with the
   * affine rest of each step as its input, so that simulating it gives the outputs again.
   */
  @Override
  public LinearSystem linearize(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    check(coefficients);
    checkArgument(head == 0, "lstm: has one head, got head %s", head);
    State state =
        initial != null ? initial : initialState(coefficients, coefficients.get(INPUT).type());
    return LstmLinearization.of(coefficients, state, row);
  }

  private static State state(Variable hidden, Variable cell, int[] consumed) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(HIDDEN, hidden);
    parts.put(CELL, cell);
    return new State(parts, consumed);
  }

  private static void check(Map<String, Variable> coefficients) {
    INDArray x = coefficients.get(INPUT).value();
    INDArray w = coefficients.get(WEIGHT).value();
    checkArgument(
        w.rank() == 2 && w.size(1) == 4 * w.size(0),
        "lstm: recurrent weight must be [H, 4H], got %s",
        w.shapeInfoToString());
    Shapes.check("lstm", x, "BTG", -1, -1, w.size(1));
  }

  private static Variable checkState(State state, Variable x, String part) {
    Variable value = state.get(part);
    Shapes.check("lstm state " + part, value.value(), "BH", x.size(0), x.size(2) / 4);
    return value;
  }
}
