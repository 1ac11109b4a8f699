package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.dynamics.vector.GatedDrive;
import io.sequencezoo.core.dynamics.vector.GatedDrive.ReadOut;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.BlockDiagonal;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gated linear recurrent units between their projections: from pre-activations of gates to
 * outputs and the final state. All are the element-wise recurrence under different coefficients.
 *
 * <p>In all of them the initial state may be null.
 */
public final class GatedOperators {
  private static final ElementwiseRecurrence ELEMENTWISE = new ElementwiseRecurrence();

  private GatedOperators() {}

  /** {@code h_t = e^{g_t} ⊙ h_{t-1} + x_t}; all {@code [B, T, D]}, state {@code h [B, D]}. */
  public static Evolution hgrn(
      Tape tape, Solver solver, Variable x, Variable g, @Nullable State initial) {
    return ELEMENTWISE.evolve(
        tape,
        solver,
        Map.of(ElementwiseRecurrence.INPUT, x, ElementwiseRecurrence.LOG_DECAY, g),
        initial,
        null);
  }

  /**
   * {@code h_t = a_t h_{t-1} + σ(i_t) x_t}, {@code y_t = σ(o_t) h_t}, with {@code a = σ(-f)^{relu
   * α}} where α is given, {@code σ(f)} otherwise; all {@code [B, T, D]}.
   *
   * @param alpha a number, or null
   */
  public static Evolution qLstm(
      Tape tape,
      Solver solver,
      Variable x,
      Variable forget,
      Variable input,
      Variable output,
      @Nullable Variable alpha,
      @Nullable State initial) {
    GatedDrive drive =
        new GatedDrive(
            new QLstmGate(alpha != null),
            List.of(forget, input, x),
            qLstmVectors(tape, alpha, x.size(2)),
            List.of(new ReadOut(Unary.SIGMOID, output)));
    return ELEMENTWISE.evolve(tape, solver, drive, initial, null);
  }

  /** The vectors of the gate, for n channels; none where alpha is null. */
  static List<Variable> qLstmVectors(Tape tape, @Nullable Variable alpha, int n) {
    if (alpha == null) {
      return List.of();
    }
    Variable exponent = Activations.apply(tape, Unary.RELU, Primitives.reshape(tape, alpha, 1));
    return List.of(Primitives.expand(tape, exponent, n));
  }

  /**
   * RG-LRU with its gates: {@code r = σ(x W_a + b_a)}, {@code i = σ(x W_x + b_x)} by blocks, {@code
   * log a = -8 softplus(Λ) r}, {@code h_t = a_t h_{t-1} + √(1 - a_t²) i_t x_t}.
   *
   * @param x {@code [B, T, D]}
   * @param starts {@code [B][T]}, where a sequence begins: there a is 0 and the root 1
   * @param rate {@code Λ [D]}
   * @param inputGate weight {@code [H, D/H, D/H]} and bias {@code [D]}
   * @param decayGate likewise
   */
  public static Evolution rgLru(
      Tape tape,
      Solver solver,
      Variable x,
      boolean[][] starts,
      Variable rate,
      Variable[] inputGate,
      Variable[] decayGate,
      @Nullable State initial) {
    int steps = x.size(1);
    checkArgument(
        starts.length == x.size(0) && starts[0].length == steps,
        "rg_lru: starts must be [B=%s][T=%s], got [%s][%s]",
        x.size(0),
        steps,
        starts.length,
        starts.length == 0 ? 0 : starts[0].length);
    LongPredicate first = token -> starts[(int) (token / steps)][(int) (token % steps)];
    GatedDrive drive =
        new GatedDrive(
            new RgLruGate(first),
            rgLruInputs(tape, x, inputGate, decayGate),
            List.of(rate),
            List.of());
    return ELEMENTWISE.evolve(tape, solver, drive, initial, null);
  }

  /** The inputs of the gate. */
  static List<Variable> rgLruInputs(
      Tape tape, Variable x, Variable[] inputGate, Variable[] decayGate) {
    Variable i = BlockDiagonal.linear(tape, x, inputGate[0], inputGate[1]);
    Variable r = BlockDiagonal.linear(tape, x, decayGate[0], decayGate[1]);
    return List.of(r, i, x);
  }

  /** GILR: {@code h_t = σ(f_t) h_{t-1} + (1 - σ(f_t)) v_t}; all {@code [B, T, D]}. */
  public static Evolution gilr(
      Tape tape, Solver solver, Variable v, Variable f, @Nullable State initial) {
    GatedDrive drive = new GatedDrive(new GilrGate(), List.of(f, v), List.of(), List.of());
    return ELEMENTWISE.evolve(tape, solver, drive, initial, null);
  }

  /**
   * RWKV-4's weighted average of values. The state has parts {@code a, b, p [B, D]}: numerators and
   * denominators over {@code e^p}; without one, a and b are zero and p is -1e38.
   *
   * @param k {@code [B, T, D]}, as v
   * @param w {@code [D]}, the logarithm of the negated log decay
   * @param u {@code [D]}, the bonus
   */
  public static Evolution rwkv4(
      Tape tape,
      Solver solver,
      Variable k,
      Variable v,
      Variable w,
      Variable u,
      @Nullable State initial) {
    int batch = k.size(0);
    int features = k.size(2);
    Variable p =
        initial != null
            ? initial.get("p")
            : tape.constant(Nd4j.valueArrayOf(new long[] {batch, features}, Wkv.EMPTY, k.type()));
    Variable start =
        initial != null
            ? Primitives.concat(tape, 1, initial.get("a"), initial.get("b"))
            : tape.constant(tape.zeros(k.type(), batch, 2L * features));
    Wkv wkv = Wkv.of(tape, k, v, w, u, p, null);
    State before = new State(Map.of(ElementwiseRecurrence.STATE, start), new int[batch]);
    Evolution evolution = ELEMENTWISE.evolve(tape, solver, wkv.coefficients(), before, null);
    Variable y = Wkv.read(tape, evolution.outputs(), start, wkv.past(), wkv.own(), v, null);
    Variable[] both =
        Primitives.split(
            tape, evolution.state().get(ElementwiseRecurrence.STATE), 1, features, features);
    return new Evolution(
        y,
        new State(Map.of("a", both[0], "b", both[1], "p", wkv.last()), evolution.state().counts()));
  }
}
