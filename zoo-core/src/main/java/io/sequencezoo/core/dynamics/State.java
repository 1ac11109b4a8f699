package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a sequence mixer remembers of the tokens that it has seen: named variables, row b of the
 * batch first, and how many tokens each row has consumed.
 *
 * @param parts the named parts, such as {@code S [B, H, K, V]}
 * @param consumed tokens seen by each row
 */
public record State(Map<String, Variable> parts, int[] consumed) {
  /** Copies the map; the order of parts is kept. */
  public State {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    consumed = consumed.clone();
  }

  /** The part of this name. */
  public Variable get(String name) {
    Variable part = parts.get(name);
    checkArgument(part != null, "state: has no part %s; it has %s", name, parts.keySet());
    return part;
  }

  /**
   * Survives the closing of the tape: parts in its workspace are copied out, others are shared, so
   * that a cache outside it isn't copied for every token. Gradients end here.
   */
  public State detach() {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      Tape tape = Tape.detached();
      Map<String, Variable> copies = new LinkedHashMap<>();
      parts.forEach(
          (name, part) ->
              copies.put(
                  name,
                  part.value().isAttached()
                      ? tape.constant(part.value().dup('c'))
                      : tape.record(part.value(), cotangents -> {})));
      return new State(copies, consumed);
    }
  }

  /** Copies of these rows, outside every workspace. Gradients end here. */
  public State rows(int[] rows) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      Tape tape = Tape.detached();
      Map<String, Variable> chosen = new LinkedHashMap<>();
      parts.forEach((name, part) -> chosen.put(name, tape.constant(rows(part.value(), rows))));
      return new State(chosen, Arrays.stream(rows).map(row -> consumed[row]).toArray());
    }
  }

  private static INDArray rows(INDArray part, int[] rows) {
    long[] shape = part.shape().clone();
    shape[0] = rows.length;
    INDArray chosen = Nd4j.create(part.dataType(), shape);
    INDArray whole = chosen.isEmpty() ? part : part.dup('c');
    for (int b = 0; b < rows.length && !chosen.isEmpty(); b++) {
      chosen.slice(b).assign(whole.slice(rows[b]));
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
                part.value().dataType().isFPType()
                    ? tape.variable(part.value())
                    : tape.constant(part.value())));
    return new State(leaves, consumed);
  }

  /** The number of bytes that one row takes, without the token count. */
  public long bytesPerRow() {
    long bytes = 0;
    for (Variable part : parts.values()) {
      INDArray value = part.value();
      bytes += value.length() / Math.max(1, value.size(0)) * value.dataType().width();
    }
    return bytes;
  }
}
