package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence whose outputs follow from the past alone, so that it also goes token by token and
 * has a linear time-varying form.
 */
public abstract class CausalRecurrence extends Recurrence {
  /** A causal recurrence: parameters as {@link Recurrence}'s. */
  protected CausalRecurrence(String name, Family family, String drive, Solver... solvers) {
    super(name, family, drive, solvers);
  }

  /**
   * Advances by one token.
   *
   * @param coefficients variables {@code [B, 1, ...]}, checked by {@link #parts}
   * @param state checked
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
    int[] one = checked(coefficients, state, null);
    int steps = drive(coefficients).size(1);
    checkArgument(steps == 1, "%s: step takes T=1, got T=%s", name(), steps);
    return evolution(advanceToken(tape, coefficients, state), state, one);
  }

  /**
   * The linear time-varying form of one row and head along the given coefficients: exact for linear
   * recurrences and attention, the Jacobian along the trajectory for nonlinear ones.
   *
   * @param initial the state to start from; null for {@link #initialState}
   */
  public final LinearSystem linearize(
      Map<String, Variable> coefficients, @Nullable State initial, int row, int head) {
    checked(coefficients, initial, null);
    int heads = heads(coefficients);
    checkArgument(
        head >= 0 && head < heads,
        "%s: head must be from 0 to %s, got %s",
        name(),
        heads - 1,
        head);
    return system(coefficients, initial, row, head);
  }

  /** The heads whose linear forms don't depend on one another. */
  protected int heads(Map<String, Variable> coefficients) {
    return 1;
  }

  /** What {@link #linearize} gives, its arguments checked. */
  protected abstract LinearSystem system(
      Map<String, Variable> coefficients, @Nullable State initial, int row, int head);
}
