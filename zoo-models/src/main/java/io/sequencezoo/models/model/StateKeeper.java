package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Carries a state from one tape to the next in memory of its own, which is written anew for every
 * token as long as shapes stay, so that generation allocates nothing that grows.
 */
final class StateKeeper {
  private State kept;

  /** The state of the tokens so far; valid until the next {@link #keep}. */
  State state() {
    return kept;
  }

  /** Takes over a state of a tape that is still open. */
  void keep(State next) {
    if (kept == null) {
      kept = next.detach();
      return;
    }
    kept = keep(kept, next);
  }

  /** Keeps these rows alone, in their order. */
  void keepRows(int[] rows) {
    kept = kept.rows(rows);
  }

  private static State keep(State old, State next) {
    if (!fits(old, next)) {
      return next.detach();
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    next.parts()
        .forEach(
            (name, part) -> {
              copy(part.operand(), old.get(name).operand());
              parts.put(name, old.get(name));
            });
    Map<String, State> children = new LinkedHashMap<>();
    next.children().forEach((path, child) -> children.put(path, keep(old.child(path), child)));
    return new State(parts, next.counts(), children);
  }

  private static void copy(INDArray from, INDArray to) {
    if (from.dataType() == DataType.FLOAT) {
      copy(Precision.FLOAT.slab(from), Precision.FLOAT.slab(to));
    } else if (from.dataType() == DataType.DOUBLE) {
      copy(Precision.DOUBLE.slab(from), Precision.DOUBLE.slab(to));
    } else {
      Replay.spoil();
      to.assign(from);
    }
  }

  private static <A> void copy(Slab<A> from, Slab<A> to) {
    Parallel.run(false, 1, task -> from.copyTo(to));
  }

  /** Whether every part goes with its tape and fits the memory kept for it. */
  private static boolean fits(State old, State next) {
    for (Map.Entry<String, Variable> part : next.parts().entrySet()) {
      Variable memory = old.parts().get(part.getKey());
      INDArray value = part.getValue().operand();
      if (memory == null
          || !part.getValue().isOfTape()
          || memory.type() != value.dataType()
          || !Arrays.equals(memory.shape(), value.shape())) {
        return false;
      }
    }
    return true;
  }
}
