package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A part of a recurrence's state.
 *
 * @param name what the state calls it
 * @param axes a letter for every axis, the rows of the batch first
 * @param sizes of the axes; {@link #SLOTS} at the second for tokens held: none at first, later as
 *     many in every part
 */
public record StatePart(String name, String axes, long... sizes) {
  /** The size of an axis that grows with the tokens. */
  public static final int SLOTS = -1;

  /** The part before the first token. */
  Variable zeros(DataType type) {
    if (!grows()) {
      return Tape.detached().constant(Nd4j.zeros(type, sizes));
    }
    // ND4J can't make an empty array in a workspace.
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Tape.detached().constant(Nd4j.createUninitialized(type, withSlots(0), 'c'));
    }
  }

  /** Checks that a state has these parts. */
  static void check(String subject, List<StatePart> parts, State state) {
    long slots = SLOTS;
    for (StatePart part : parts) {
      INDArray value = state.get(part.name).operand();
      Shapes.check(subject + " state " + part.name, value, part.axes, part.withSlots(slots));
      slots = part.grows() ? value.size(1) : slots;
    }
  }

  private boolean grows() {
    return sizes.length > 1 && sizes[1] == SLOTS;
  }

  private long[] withSlots(long slots) {
    return Arrays.stream(sizes).map(size -> size == SLOTS ? slots : size).toArray();
  }
}
