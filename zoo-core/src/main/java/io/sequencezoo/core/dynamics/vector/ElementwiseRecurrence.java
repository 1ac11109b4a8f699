package io.sequencezoo.core.dynamics.vector;

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
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The element-wise linear recurrence: every channel forgets at a rate of its own, which the input
 * sets, and adds what the input writes. HGRN, RG-LRU, qLSTM, minGRU and minLSTM are this one under
 * different gates.
 *
 * <pre>{@code
 * h_t = a_t ⊙ h_{t-1} + x_t        a_t given, or e^{g_t}
 * y_t = h_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} what is written
 *   <li>{@code a}: {@code [B, T, D]} decay as a value; or {@code g}: {@code [B, T, D]} log decay,
 *       exponentiated on the way into the scan. Exactly one of the two
 *   <li>{@code h}: {@code [B, D]} state, D numbers per row
 *   <li>{@code y}: {@code [B, T, D]} output, zero at padded positions
 * </ul>
 *
 * <p>Cost per token: D multiply-adds, D numbers of memory. Numerical care: nothing is divided by a
 * decay, so that 0 (a log decay of minus infinity) and 1 are as good as any; training keeps the
 * state before every few steps, and runs forward again from there.
 *
 * <p>Gates before it and read-outs behind it are element-wise, too. {@link #evolve(Tape, Solver,
 * GatedDrive, State, int[])} runs all three in one pass over memory.
 */
public final class ElementwiseRecurrence extends CausalRecurrence {
  /** The coefficient {@code x [B, T, D]}. */
  public static final String INPUT = "x";

  /** The coefficient {@code a [B, T, D]}. */
  public static final String DECAY = "a";

  /** The coefficient {@code g [B, T, D]}, the logarithm of the decay. */
  public static final String LOG_DECAY = "g";

  /** The state {@code h [B, D]}. */
  public static final String STATE = "h";

  /** The recurrence. */
  public ElementwiseRecurrence() {
    super("elementwise", Family.VECTOR_STATE, INPUT, Solver.SEQUENTIAL, Solver.ASSOCIATIVE_SCAN);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Variable x = coefficients.get(INPUT);
    checkArgument(
        coefficients.containsKey(DECAY) != coefficients.containsKey(LOG_DECAY),
        "elementwise: coefficients must be x and either a or g, got %s",
        coefficients.keySet());
    Shapes.check("elementwise x", x.operand(), "BTD", -1, -1, -1);
    Shapes.check(
        "elementwise decay", decay(coefficients).operand(), "BTD", x.size(0), x.size(1), x.size(2));
    return List.of(new StatePart(STATE, "BD", x.size(0), x.size(2)));
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Gate given = isLog(coefficients) ? GivenCoefficients.LOG_DECAY : GivenCoefficients.DECAY;
    List<Variable> inputs = List.of(decay(coefficients), coefficients.get(INPUT));
    GatedDrive drive = new GatedDrive(given, inputs, List.of(), List.of());
    return advance(tape, solver, drive, initial, lengths);
  }

  private static Advance advance(
      Tape tape, Solver solver, GatedDrive drive, State initial, int[] lengths) {
    Variable h = initial == null ? null : initial.get(STATE);
    Variable[] outputs =
        new ElementwiseScan<>(Precision.of(drive.like().type()), solver, drive, h, lengths)
            .record(tape, h);
    return new Advance(outputs[0], Map.of(STATE, outputs[1]));
  }

  /**
   * Advances over a whole sequence from what gates are made of to what is read out, by tiles of
   * channels and steps: as {@link #evolve(Tape, Solver, Map, State, int[])} of {@link
   * GatedDrive#coefficients}, then {@link GatedDrive#readOut(Tape, List, Variable)}, with equal
   * values, but none of what lies between reaches memory. One tape entry; backward calculates gates
   * again.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param initial the state to start from; null for zeros
   * @param lengths valid positions per row, or null for all
   */
  public Evolution evolve(
      Tape tape, Solver solver, GatedDrive drive, State initial, int[] lengths) {
    checkSolver(solver);
    // Coefficients have the shape of what they are made of.
    int[] valid = checked(Map.of(INPUT, drive.like(), DECAY, drive.like()), initial, lengths);
    return evolution(advance(tape, solver, drive, initial, valid), initial, valid);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    Variable x = coefficients.get(INPUT);
    Variable h = state.get(STATE);
    Variable next =
        step(tape, Precision.of(x.type()), x, decay(coefficients), isLog(coefficients), h);
    return new Advance(Primitives.reshape(tape, next, x.shape()), Map.of(STATE, next));
  }

  private static <A> Variable step(
      Tape tape, Precision<A> precision, Variable x, Variable decay, boolean log, Variable h) {
    Kernels<A> kernels = precision.kernels();
    INDArray next = tape.allocate(x.type(), h.shape());
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> decays = precision.slab(decay.operand());
    Slab<A> states = precision.slab(h.operand());
    Slab<A> nexts = precision.slab(next);
    int n = h.size(1);
    Parallel.run(
        false,
        h.size(0),
        b -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A a = scratch.take(n);
            A before = scratch.take(n);
            A sum = scratch.take(n);
            long at = (long) b * n;
            decays.load(at, a, 0, n);
            states.load(at, before, 0, n);
            xs.load(at, sum, 0, n);
            if (log) {
              kernels.map(Unary.EXP, a, 0, a, 0, n);
            }
            kernels.multiplyAdd(a, 0, before, 0, sum, 0, n);
            nexts.store(at, sum, 0, n);
          }
        });
    return tape.constant(next);
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    Variable x = coefficients.get(INPUT);
    int n = x.size(2);
    double[][] decays = Rows.values(decay(coefficients), row);
    boolean log = isLog(coefficients);
    double[][] identity = Rows.identity(n);
    DenseLinearSystem.Builder system =
        DenseLinearSystem.builder(Rows.values(x, row), n, n)
            .transition(t -> Transitions.diagonal(log ? Rows.exp(decays[t]) : decays[t]))
            .input(t -> identity)
            .output(t -> identity);
    if (initial != null) {
      system.initialState(Rows.vector(initial.get(STATE), row));
    }
    return system.build();
  }

  private static boolean isLog(Map<String, Variable> coefficients) {
    return coefficients.containsKey(LOG_DECAY);
  }

  private static Variable decay(Map<String, Variable> coefficients) {
    return coefficients.get(isLog(coefficients) ? LOG_DECAY : DECAY);
  }
}
