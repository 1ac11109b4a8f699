package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Carries a state from one tape to the next in memory of its own, which is written anew for every
 * token as long as shapes stay, so that generation allocates nothing that grows.
 */
final class StateKeeper {
  private @Nullable State kept;

  /** The state of the tokens so far; valid until the next {@link #keep}. */
  State state() {
    checkState(kept != null, "state keeper: must keep a state first, got none");
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
    kept = state().rows(rows);
  }

  /** Has what a step that was repeated left grown meanwhile. */
  void grown(Replay replay) {
    kept = grown(replay, state());
  }

  private static State grown(Replay replay, State state) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    state.parts().forEach((name, part) -> parts.put(name, outside(replay.now(part.operand()))));
    Map<String, State> children = new LinkedHashMap<>();
    state.children().forEach((path, child) -> children.put(path, grown(replay, child)));
    return new State(parts, state.counts(), children);
  }

  /** Has the numbers of tokens so far grow with the repetitions of what this thread records. */
  void count() {
    count(state());
  }

  private static void count(State state) {
    Replay.counting(state.counts());
    state.children().values().forEach(StateKeeper::count);
  }

  private static State keep(State old, State next) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    next.parts().forEach((name, part) -> parts.put(name, keep(old.parts().get(name), part)));
    Map<String, State> children = new LinkedHashMap<>();
    next.children().forEach((path, child) -> children.put(path, keep(old.child(path), child)));
    return new State(parts, next.counts(), children);
  }

  /** In the memory kept for it; what lies outside its tape is shared, as caches are. */
  private static Variable keep(@Nullable Variable memory, Variable next) {
    if (!next.isOfTape()) {
      return outside(next.operand());
    }
    if (memory == null
        || memory.type() != next.type()
        || !Arrays.equals(memory.shape(), next.shape())) {
      try (MemoryWorkspace without = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        return outside(next.value().dup('c'));
      }
    }
    copy(next.operand(), memory.operand());
    return memory;
  }

  private static Variable outside(INDArray array) {
    return Tape.detached().record(array, cotangents -> {});
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
}
