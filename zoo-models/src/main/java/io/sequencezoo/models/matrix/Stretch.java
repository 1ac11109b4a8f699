package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * One stretch of a sequence on its way to the recurrence.
 *
 * @param x the input {@code [B, T, D]}
 * @param state before the stretch
 * @param coefficients of the recurrence, as far as they are known
 * @param own takes the layer's own parts of the next state
 * @param extras takes what the layer's read-out needs besides
 */
record Stretch(
    Context context,
    Variable x,
    State state,
    Map<String, Variable> coefficients,
    Map<String, Variable> own,
    Map<String, Variable> extras) {

  Tape tape() {
    return context.tape();
  }

  Variable get(String name) {
    return Recurrence.required(coefficients, name);
  }

  void put(String name, Variable coefficient) {
    coefficients.put(name, coefficient);
  }

  /** Replaces a coefficient by a function of it. */
  void map(String name, UnaryOperator<Variable> f) {
    put(name, f.apply(get(name)));
  }
}
