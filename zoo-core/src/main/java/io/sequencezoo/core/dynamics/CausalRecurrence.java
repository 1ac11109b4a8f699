package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;

/**
 * A recurrence whose outputs follow from the past alone, so that it also goes token by token and
 * has a linear time-varying form.
 */
public abstract class CausalRecurrence extends Recurrence {
  /**
   * Advances by one token.
   *
   * @param coefficients variables {@code [B, 1, ...]}
   */
  protected abstract Advance advanceToken(
      Tape tape, Map<String, Variable> coefficients, State state);

  /**
   * Advances by one token in time and memory independent of the tokens before it (attention: linear
   * in them). Independent of the solvers' code; not differentiable.
   *
   * @param coefficients variables {@code [B, 1, ...]}
   */
  public final Evolution step(Tape tape, Map<String, Variable> coefficients, State state) {
    int[] one = lengths(coefficients, null);
    int steps = coefficients.get(drive()).size(1);
    checkArgument(steps == 1, "%s: step takes T=1, got T=%s", name(), steps);
    Lengths.checkRows(name(), state, one.length);
    return evolution(advanceToken(tape, coefficients, state), state, one);
  }

  /**
   * The linear time-varying form of one row and head along the given coefficients: exact for linear
   * recurrences and attention, the Jacobian along the trajectory for nonlinear ones.
   */
  public abstract LinearSystem linearize(
      Map<String, Variable> coefficients, State initial, int row, int head);
}
