package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.List;
import java.util.Map;

/**
 * How attention drives the memory that it has read from: a function of what attention puts out and
 * of fixed coefficients, which treats tokens alone.
 */
public interface MemoryFeedback {
  /** The names of the fixed coefficients. */
  List<String> weights();

  /**
   * The coefficients of the memory.
   *
   * @param y {@code [B, C, D]}
   * @param weights by name
   * @return q, k {@code [B, C, H, K]}, v {@code [B, C, H, V]}, and the rule's numbers {@code [B, C,
   *     H]}, under the names that {@link OptimiserMemoryRecurrence} has for them
   */
  Map<String, Variable> drive(Tape tape, Variable y, Map<String, Variable> weights);
}
