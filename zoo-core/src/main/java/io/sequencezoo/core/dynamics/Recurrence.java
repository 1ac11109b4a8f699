package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A driven dynamical system {@code h_t = F(h_{t-1}; c_t)}, {@code y_t = G(h_t; c_t)}: how the state
 * evolves and what is read from it, without parameters of its own. The coefficients {@code c} drive
 * it; each is a variable {@code [B, T, ...]} under the recurrence's name for it.
 */
public interface Recurrence {
  /** A stable name. */
  String name();

  /** What kind of state this is. */
  Family family();

  /** The solvers that apply, fastest default first; AUTO is always accepted and not listed. */
  Set<Solver> solvers();

  /**
   * The state before the first token of a batch.
   *
   * @param coefficients what will drive it, for the sizes of heads, keys and values
   */
  State initialState(Map<String, Variable> coefficients, DataType type);

  /**
   * Advances over a whole sequence, differentiably in coefficients and initial state.
   *
   * @param solver one of {@link #solvers()} or AUTO
   * @param coefficients variables {@code [B, T, ...]}
   * @param initial the state to start from; null for {@link #initialState}
   * @param lengths valid positions per row, or null for all
   */
  Evolution evolve(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths);

  /**
   * Advances by one token in time and memory independent of the tokens before it (attention: linear
   * in them). Independent of the solvers' code; not differentiable.
   *
   * @param coefficients variables {@code [B, 1, ...]}
   */
  Evolution step(Tape tape, Map<String, Variable> coefficients, State state);

  /**
   * The linear time-varying form of one row and head along the given coefficients: exact for linear
   * recurrences and attention, the Jacobian along the trajectory for nonlinear ones.
   */
  LinearSystem linearize(Map<String, Variable> coefficients, State initial, int row, int head);

  /**
   * Outputs and final state.
   *
   * @param outputs {@code y [B, T, ...]}
   * @param state after the last valid token of each row
   */
  record Evolution(Variable outputs, State state) {}
}
