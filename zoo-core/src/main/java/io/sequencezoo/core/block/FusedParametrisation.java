package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;

/**
 * A parametrisation that also goes from input to output as a whole, in fewer passes over memory,
 * with the values of {@link #drive}, the recurrence and {@link #readOut} one after the other. A
 * {@link SequenceMixer} takes this way where nobody looks at what lies between.
 */
public interface FusedParametrisation extends Parametrisation {
  /**
   * Maps {@code x [B, T, D]} to {@code y [B, T, D]} and the state after the last valid token of
   * each row, own parts included.
   *
   * @param solver of the recurrence
   * @param x zero at padded positions
   * @param state the state so far: own parts, the recurrence's unless it has yet to start, and
   *     tokens consumed
   */
  Evolution forward(Context context, Solver solver, Variable x, State state);
}
