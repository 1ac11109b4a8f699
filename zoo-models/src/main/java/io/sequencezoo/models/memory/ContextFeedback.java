package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.memory.MemoryFeedback;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.matrix.HeadSizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Queries, keys and values of a memory, {@code silu(y W)}, the first two of length 1, and the
 * numbers per head that it asks for, from what attention puts out.
 */
record ContextFeedback(HeadSizes sizes, List<TokenRate> rates) implements MemoryFeedback {
  private static final String PREFIX = "memory_";

  private static final List<String> PROJECTED =
      List.of(
          OptimiserMemoryRecurrence.QUERY,
          OptimiserMemoryRecurrence.KEY,
          OptimiserMemoryRecurrence.VALUE);

  void declare(Declaration declaration, Initialiser initialiser) {
    for (String name : PROJECTED) {
      declaration.weight(PREFIX + name, initialiser, sizes.width(), sizes.width());
    }
    rates.forEach(rate -> rate.declare(declaration, initialiser));
  }

  @Override
  public List<String> weights() {
    List<String> names = new ArrayList<>();
    PROJECTED.forEach(name -> names.add(PREFIX + name));
    for (TokenRate rate : rates) {
      names.addAll(List.of(rate.projection().name(), rate.bias()));
    }
    return names;
  }

  @Override
  public Map<String, Variable> drive(Tape tape, Variable y, Map<String, Variable> weights) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : PROJECTED) {
      Variable projected = Dense.linear(tape, y, Recurrence.required(weights, PREFIX + name), null);
      Variable active = Activations.apply(tape, Unary.SILU, projected);
      Variable heads =
          Primitives.reshape(tape, active, y.size(0), y.size(1), sizes.heads(), sizes.keys());
      coefficients.put(
          name,
          name.equals(OptimiserMemoryRecurrence.VALUE)
              ? heads
              : Norms.l2Norm(tape, heads, MemoryMixer.KEY_EPS));
    }
    for (TokenRate rate : rates) {
      String name = rate.projection().name();
      Variable logits =
          Dense.linear(tape, y, Recurrence.required(weights, name), weights.get(rate.bias()));
      coefficients.put(name, rate.of(tape, logits));
    }
    return coefficients;
  }

  /** Multiply-adds per token. */
  long multiplyAddsPerToken() {
    long numbers = rates.stream().mapToLong(rate -> rate.projection().multiplyAddsPerToken()).sum();
    return (long) PROJECTED.size() * sizes.width() * sizes.width() + numbers;
  }
}
