package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How whole arrays are cut into tasks for the pool and tiles for the heap, by shape alone. */
final class Tiles {
  /** Elements of a task: enough to outweigh the hand-over to another thread. */
  private static final int TASK = 1 << 14;

  /** Elements of a tile: a few of them fit a level-1 or level-2 cache. */
  private static final int TILE = 1 << 12;

  private Tiles() {}

  /** Rows of a task; at least one. */
  static int taskRows(int columns) {
    return Math.max(1, TASK / Math.max(1, columns));
  }

  /** Rows of a tile; at least one. */
  static int tileRows(int columns) {
    return Math.max(1, TILE / Math.max(1, columns));
  }

  /** The number of rows of an array whose last axis has this many columns. */
  static long rows(Variable x, int columns) {
    return columns == 0 ? 0 : x.length() / columns;
  }

  /** The size of the last axis. */
  static int columns(String subject, Variable x) {
    checkArgument(x.rank() >= 1, "%s: input must have at least one axis", subject);
    return x.size(-1);
  }

  /** A sink's data together with whether to add or to overwrite; null where nobody wants it. */
  static <A> @Nullable Target<A> target(Precision<A> precision, Cotangents cotangents, int input) {
    if (!cotangents.needs(input)) {
      return null;
    }
    return wanted(precision, cotangents, input);
  }

  /** As {@link #target} of an input that wants its gradient, as an operation's only one does. */
  static <A> Target<A> wanted(Precision<A> precision, Cotangents cotangents, int input) {
    Cotangents.Sink sink = cotangents.sink(input);
    return new Target<>(precision.slab(sink.array()), sink.beta());
  }

  /** The cotangent of an output; null where the loss doesn't depend on it. */
  static <A> @Nullable Slab<A> cotangent(
      Precision<A> precision, Cotangents cotangents, int output) {
    INDArray gradient = cotangents.output(output);
    return gradient == null ? null : precision.slab(gradient);
  }

  /**
   * Where a gradient goes.
   *
   * @param slab its data
   * @param beta 0 to overwrite, 1 to add
   */
  record Target<A>(Slab<A> slab, int beta) {
    /** Overwrites or adds n elements from position {@code at}; spare is destroyed. */
    void put(Kernels<A> kernels, long at, A tile, int offset, A spare, int n) {
      if (beta == 1) {
        slab.load(at, spare, 0, n);
        kernels.add(spare, 0, tile, offset, spare, 0, n);
        slab.store(at, spare, 0, n);
      } else {
        slab.store(at, tile, offset, n);
      }
    }
  }

  static void checkSameType(String subject, Variable x, @Nullable Variable... others) {
    for (@Nullable Variable other : others) {
      checkArgument(
          other == null || other.type() == x.type(),
          "%s: all inputs must have one data type, got %s and %s",
          subject,
          x.type(),
          other == null ? null : other.type());
    }
  }
}
