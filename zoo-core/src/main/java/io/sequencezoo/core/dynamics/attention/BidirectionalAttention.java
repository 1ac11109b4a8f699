package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/** {@link AttentionRecurrence} over whole sequences whose positions see those on both sides. */
final class BidirectionalAttention extends Recurrence {
  private final AttentionRecurrence attention;

  BidirectionalAttention(AttentionRecurrence attention) {
    this.attention = attention;
  }

  @Override
  public String name() {
    return attention.name();
  }

  @Override
  public Family family() {
    return attention.family();
  }

  @Override
  protected String drive() {
    return attention.drive();
  }

  @Override
  public Set<Solver> solvers() {
    return attention.solvers();
  }

  @Override
  public State initialState(Map<String, Variable> coefficients, DataType type) {
    return attention.initialState(coefficients, type);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    return attention.advance(tape, solver, coefficients, initial, lengths);
  }
}
