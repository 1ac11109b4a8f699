package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;

/** A sequence operator under the name that conformance files give it. */
@FunctionalInterface
interface Operator {
  /**
   * Evaluates the operator.
   *
   * @param inputs every {@code input.*}, {@code parameter.*} and {@code state.initial.*} tensor by
   *     its full name
   * @return every {@code output.*} and {@code state.final.*} that the operator has
   */
  Map<String, Variable> evaluate(Tape tape, Case file, Inputs inputs);
}
