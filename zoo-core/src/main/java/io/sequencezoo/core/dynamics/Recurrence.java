package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A driven dynamical system {@code h_t = F(h_{t-1}; c_t)}, {@code y_t = G(h_t; c_t)}: how the state
 * evolves and what is read from it, without parameters of its own. The coefficients {@code c} drive
 * it; each is a variable {@code [B, T, ...]} under the recurrence's name for it.
 *
 * <p>Solvers, lengths and states are checked and tokens counted here; what extends it has the
 * mathematics. One whose outputs follow from the past alone is a {@link CausalRecurrence}.
 */
public abstract class Recurrence {
  private final String name;
  private final Family family;
  private final String drive;
  private final Set<Solver> solvers;

  /**
   * A recurrence.
   *
   * @param name a stable name
   * @param family what kind of state it has
   * @param drive the coefficient {@code [B, T, ...]} whose batch and time are everybody's
   * @param solvers those that apply, fastest default first; AUTO is always accepted and not listed
   */
  protected Recurrence(String name, Family family, String drive, Solver... solvers) {
    this.name = name;
    this.family = family;
    this.drive = drive;
    this.solvers = ImmutableSet.copyOf(solvers);
  }

  /** Another form of this one, of the same name, family, drive and solvers. */
  protected Recurrence(Recurrence other) {
    this(other.name, other.family, other.drive, other.solvers.toArray(new Solver[0]));
  }

  /** A stable name. */
  public final String name() {
    return name;
  }

  /** What kind of state this is. */
  public final Family family() {
    return family;
  }

  /** The solvers that apply, fastest default first; AUTO is always accepted and not listed. */
  public final Set<Solver> solvers() {
    return solvers;
  }

  /**
   * The variable of this name that a recurrence or a read-out can't do without; what it can is
   * asked of the map itself.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static Variable required(Map<String, Variable> drive, String name) {
    Variable variable = drive.get(name);
    checkArgument(
        variable != null, "drive: must have %s, got %s; add %s", name, drive.keySet(), name);
    return variable;
  }

  /** The coefficient {@code [B, T, ...]} whose batch and time are everybody's. */
  protected final Variable drive(Map<String, Variable> coefficients) {
    return required(coefficients, drive);
  }

  /**
   * The parts of the state that these coefficients drive, once they are checked against one
   * another.
   */
  protected abstract List<StatePart> parts(Map<String, Variable> coefficients);

  /**
   * The state before the first token of a batch: zeros.
   *
   * @param coefficients what will drive it, for the sizes of heads, keys and values
   */
  public final State initialState(Map<String, Variable> coefficients, DataType type) {
    int batch = checked(coefficients, null, null).length;
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts(coefficients).forEach(part -> parts.put(part.name(), part.zeros(type)));
    return new State(parts, new int[batch]);
  }

  /** The given state, or where there is none the initial one, of the type of what drives it. */
  protected final State start(Map<String, Variable> coefficients, @Nullable State initial) {
    return initial != null ? initial : initialState(coefficients, drive(coefficients).type());
  }

  /**
   * Advances over a whole sequence.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param coefficients checked by {@link #parts}
   * @param initial the state to start from, checked; null for {@link #initialState}
   * @param lengths valid positions of every row
   */
  protected abstract Advance advance(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      @Nullable State initial,
      int[] lengths);

  /**
   * Advances over a whole sequence, differentiably in coefficients and initial state.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param coefficients variables {@code [B, T, ...]}
   * @param initial the state to start from; null for {@link #initialState}
   * @param lengths valid positions per row, or null for all
   */
  public final Evolution evolve(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      @Nullable State initial,
      int @Nullable [] lengths) {
    checkSolver(solver);
    int[] valid = checked(coefficients, initial, lengths);
    return evolution(advance(tape, solver, coefficients, initial, valid), initial, valid);
  }

  /** Refuses solvers that don't apply. */
  protected final void checkSolver(Solver solver) {
    checkArgument(
        solver == Solver.AUTO || solvers.contains(solver),
        "%s: solver must be AUTO or one of %s, got %s",
        name,
        solvers,
        solver);
  }

  /** What a stretch gave, its tokens counted: for solvers that give more than evolve does. */
  protected final Evolution evolution(Advance advance, @Nullable State initial, int[] lengths) {
    int[] consumed = Lengths.consumed(initial, lengths);
    return new Evolution(advance.outputs(), new State(advance.parts(), consumed));
  }

  /** The valid positions of every row, once coefficients and state, where given, are checked. */
  protected final int[] checked(
      Map<String, Variable> coefficients, @Nullable State initial, int @Nullable [] lengths) {
    Variable driving = coefficients.get(drive);
    checkArgument(
        driving != null && driving.rank() >= 2,
        "%s: needs coefficient %s [B, T, ...], got %s; add %s",
        name,
        drive,
        coefficients.keySet(),
        drive);
    int[] valid = Lengths.of(name, lengths, driving.size(0), driving.size(1));
    Lengths.checkRows(name, initial, valid.length);
    List<StatePart> parts = parts(coefficients);
    if (initial != null) {
      StatePart.check(name, parts, initial);
    }
    return valid;
  }

  /**
   * What a stretch of tokens gives.
   *
   * @param outputs {@code y [B, T, ...]}
   * @param parts of the state after the last valid token of each row
   */
  public record Advance(Variable outputs, Map<String, Variable> parts) {}

  /**
   * Outputs and final state.
   *
   * @param outputs {@code y [B, T, ...]}
   * @param state after the last valid token of each row
   */
  public record Evolution(Variable outputs, State state) {}
}
