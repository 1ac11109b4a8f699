package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A driven dynamical system {@code h_t = F(h_{t-1}; c_t)}, {@code y_t = G(h_t; c_t)}: how the state
 * evolves and what is read from it, without parameters of its own. The coefficients {@code c} drive
 * it; each is a variable {@code [B, T, ...]} under the recurrence's name for it.
 *
 * <p>Solvers and lengths are checked and tokens counted here; what extends it has the mathematics.
 * One whose outputs follow from the past alone is a {@link CausalRecurrence}.
 */
public abstract class Recurrence {
  /** A stable name. */
  public abstract String name();

  /** What kind of state this is. */
  public abstract Family family();

  /** The solvers that apply, fastest default first; AUTO is always accepted and not listed. */
  public abstract Set<Solver> solvers();

  /**
   * The state before the first token of a batch.
   *
   * @param coefficients what will drive it, for the sizes of heads, keys and values
   */
  public abstract State initialState(Map<String, Variable> coefficients, DataType type);

  /** The name of the coefficient {@code [B, T, ...]} whose batch and time are everybody's. */
  protected abstract String drive();

  /**
   * Advances over a whole sequence.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param initial the state to start from, its rows counted; null for {@link #initialState}
   * @param lengths valid positions of every row
   */
  protected abstract Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths);

  /**
   * Advances over a whole sequence, differentiably in coefficients and initial state.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param coefficients variables {@code [B, T, ...]}
   * @param initial the state to start from; null for {@link #initialState}
   * @param lengths valid positions per row, or null for all
   */
  public final Evolution evolve(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    checkArgument(
        solver == Solver.AUTO || solvers().contains(solver),
        "%s: solver must be AUTO or one of %s, got %s",
        name(),
        solvers(),
        solver);
    int[] valid = lengths(coefficients, lengths);
    Lengths.checkRows(name(), initial, valid.length);
    return evolution(advance(tape, solver, coefficients, initial, valid), initial, valid);
  }

  /** What a stretch gave, its tokens counted: for solvers that give more than evolve does. */
  protected final Evolution evolution(Advance advance, State initial, int[] lengths) {
    int[] consumed = Lengths.consumed(initial, lengths);
    return new Evolution(advance.outputs(), new State(advance.parts(), consumed));
  }

  /** The valid positions of every row of what drives it. */
  protected final int[] lengths(Map<String, Variable> coefficients, int[] lengths) {
    Variable drive = coefficients.get(drive());
    checkArgument(
        drive != null && drive.rank() >= 2,
        "%s: needs coefficient %s [B, T, ...], got %s; add %s",
        name(),
        drive(),
        coefficients.keySet(),
        drive());
    return Lengths.of(name(), lengths, drive.size(0), drive.size(1));
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
