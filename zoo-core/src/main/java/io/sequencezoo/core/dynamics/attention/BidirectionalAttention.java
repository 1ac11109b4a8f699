package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import java.util.List;
import java.util.Map;

/** {@link AttentionRecurrence} over whole sequences whose positions see those on both sides. */
final class BidirectionalAttention extends Recurrence {
  private final AttentionRecurrence attention;

  BidirectionalAttention(AttentionRecurrence attention) {
    super(attention);
    this.attention = attention;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    return attention.parts(coefficients);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    return attention.advance(tape, solver, coefficients, initial, lengths);
  }
}
