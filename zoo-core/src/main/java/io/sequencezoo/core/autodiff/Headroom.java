package io.sequencezoo.core.autodiff;

import com.google.common.math.LongMath;
import io.sequencezoo.core.kernel.Memory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;

/**
 * Asks for memory before a tape takes more than its workspace has: logits of a large batch, and the
 * activations of a first step.
 */
final class Headroom {
  /** Bytes after which it asks: often enough, and so rarely that asking costs nothing. */
  private static final long LARGE = 16L << 20;

  /** What ND4J makes a workspace larger by than the first step it held. */
  static final double OVERALLOCATION = 0.1;

  private long unasked;

  /** Bytes of a first step, which becomes a workspace when it ends. */
  private long first;

  /**
   * Counts an array that is about to be allocated.
   *
   * @param workspace where it will live; null for none
   * @throws IllegalArgumentException where memory doesn't hold it
   */
  void take(@Nullable MemoryWorkspace workspace, DataType type, long[] shape) {
    long bytes = type.width();
    for (long size : shape) {
      bytes = LongMath.saturatedMultiply(bytes, size);
    }
    if (workspace != null && bytes <= workspace.getCurrentSize() - workspace.getPrimaryOffset()) {
      return;
    }
    unasked = LongMath.saturatedAdd(unasked, bytes);
    if (workspace != null && workspace.getCurrentSize() == 0) {
      first = LongMath.saturatedAdd(first, bytes);
    }
    if (unasked >= LARGE) {
      long later = (long) (OVERALLOCATION * first);
      Memory.checkFits(
          "tape: an array of shape " + Arrays.toString(shape),
          LongMath.saturatedAdd(unasked, later),
          1);
      unasked = 0;
    }
  }
}
