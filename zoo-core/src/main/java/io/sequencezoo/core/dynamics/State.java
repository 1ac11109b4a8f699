package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Replay;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * What a block remembers of the tokens that it has seen, as a tree: named variables, row b of the
 * batch first; how many tokens each row has consumed; and what parts of the block remember, by
 * their path under it. A sequence mixer's has no children, a model's has nothing but children.
 *
 * @param parts the named parts, such as {@code S [B, H, K, V]}
 * @param consumed tokens seen by each row
 * @param children the states of parts of the block, such as {@code layers.2}
 */
public record State(Map<String, Variable> parts, int[] consumed, Map<String, State> children) {
  /** Copies the maps; their order is kept. */
  public State {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    consumed = Replay.counting(consumed.clone());
    children = Collections.unmodifiableMap(new LinkedHashMap<>(children));
  }

  /** Tokens seen by each row. */
  @Override
  public int[] consumed() {
    Replay.spoil();
    return consumed;
  }

  /**
   * Tokens seen by each row, for whoever hands them on, or reads them in the tasks of {@link
   * io.sequencezoo.core.kernel.Parallel} alone: they grow while a step is repeated ({@link
   * Replay}).
   */
  public int[] counts() {
    return consumed;
  }

  /** The number of rows. */
  public int count() {
    return consumed.length;
  }

  /** The state of a block without parts that remember. */
  public State(Map<String, Variable> parts, int[] consumed) {
    this(parts, consumed, Map.of());
  }

  /** The state of a block that remembers what its parts do. */
  public static State of(Map<String, State> children, int[] consumed) {
    return new State(Map.of(), consumed, children);
  }

  /** The state of the part of the block at this path under it. */
  public State child(String path) {
    State child = children.get(path);
    checkArgument(child != null, "state: has no child %s; it has %s", path, children.keySet());
    return child;
  }

  /** The part of this name. */
  public Variable get(String name) {
    Variable part = parts.get(name);
    checkArgument(part != null, "state: has no part %s; it has %s", name, parts.keySet());
    return part;
  }

  /**
   * Survives the closing of the tape: parts that go with it are copied, others are shared, so that
   * a cache outside it isn't copied for every token. Gradients end here.
   */
  public State detach() {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      Tape tape = Tape.detached();
      Map<String, Variable> copies = new LinkedHashMap<>();
      parts.forEach(
          (name, part) ->
              copies.put(
                  name,
                  part.isOfTape()
                      ? tape.constant(part.value().dup('c'))
                      : tape.record(part.value(), cotangents -> {})));
      return new State(copies, consumed, each(State::detach));
    }
  }

  /** Copies of these rows, outside every workspace. Gradients end here. */
  public State rows(int[] rows) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      Tape tape = Tape.detached();
      Map<String, Variable> chosen = new LinkedHashMap<>();
      parts.forEach((name, part) -> chosen.put(name, tape.constant(rows(part.value(), rows))));
      Map<String, State> below = new LinkedHashMap<>();
      children.forEach((path, child) -> below.put(path, child.rows(rows)));
      return new State(chosen, Arrays.stream(rows).map(row -> consumed[row]).toArray(), below);
    }
  }

  private static INDArray rows(INDArray part, int[] rows) {
    long[] shape = part.shape().clone();
    shape[0] = rows.length;
    INDArray chosen = Nd4j.create(part.dataType(), shape);
    INDArray whole = chosen.isEmpty() ? part : part.dup('c');
    for (int b = 0; b < rows.length && !chosen.isEmpty(); b++) {
      chosen.get(NDArrayIndex.point(b)).assign(whole.get(NDArrayIndex.point(rows[b])));
    }
    return chosen;
  }

  /** The parts as leaves of a tape whose gradients are wanted. */
  public State asVariables(Tape tape) {
    Map<String, Variable> leaves = new LinkedHashMap<>();
    parts.forEach(
        (name, part) ->
            leaves.put(
                name,
                part.type().isFPType()
                    ? tape.variable(part.value())
                    : tape.constant(part.value())));
    return new State(leaves, consumed, each(child -> child.asVariables(tape)));
  }

  private Map<String, State> each(UnaryOperator<State> map) {
    Map<String, State> mapped = new LinkedHashMap<>();
    children.forEach((path, child) -> mapped.put(path, map.apply(child)));
    return mapped;
  }

  /** The number of bytes that one row takes, without the token counts. */
  public long bytesPerRow() {
    long bytes = children.values().stream().mapToLong(State::bytesPerRow).sum();
    for (Variable part : parts.values()) {
      INDArray value = part.value();
      bytes += value.length() / Math.max(1, value.size(0)) * value.dataType().width();
    }
    return bytes;
  }
}
