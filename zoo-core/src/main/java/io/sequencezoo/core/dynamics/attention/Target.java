package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a gradient goes: overwritten or added to, row by row.
 *
 * @param <A> the heap array type
 */
final class Target<A> {
  private final Precision<A> precision;
  private final Slab<A> slab;
  private final boolean adds;

  private Target(Precision<A> precision, Cotangents.Sink sink) {
    this.precision = precision;
    this.slab = precision.slab(sink.array());
    this.adds = sink.beta() == 1;
  }

  /** An array that is overwritten. */
  Target(Precision<A> precision, INDArray array) {
    this.precision = precision;
    this.slab = precision.slab(array);
    this.adds = false;
  }

  /** The target of input i, or null where no gradient is wanted. */
  static <A> Target<A> of(Precision<A> precision, Cotangents cotangents, int i) {
    if (!cotangents.needs(i)) {
      return null;
    }
    Cotangents.Sink sink = cotangents.sink(i);
    return sink.array().isEmpty() ? null : new Target<>(precision, sink);
  }

  /** Stores or adds packed rows to rows {@code stride} apart. */
  void rows(long at, long stride, A from, int offset, int rows, int columns) {
    if (rows <= 0) {
      return;
    }
    if (!adds) {
      slab.storeRows(at, stride, from, offset, rows, columns);
      return;
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A sum = scratch.take(rows * columns);
      slab.loadRows(at, stride, sum, 0, rows, columns);
      precision.kernels().add(sum, 0, from, offset, sum, 0, rows * columns);
      slab.storeRows(at, stride, sum, 0, rows, columns);
    }
  }

  /** Leaves nothing in rows that no output depends on. */
  void none(long at, long stride, int rows, int columns) {
    if (adds || rows <= 0) {
      return;
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A zeros = scratch.zeros(columns);
      for (int r = 0; r < rows; r++) {
        slab.store(at + r * stride, zeros, 0, columns);
      }
    }
  }

  /**
   * Sends the gradient of one run of keys (or of whatever else is held) to those held and the new
   * ones; where one isn't wanted its target is null.
   *
   * @param gradient of row b's keys, held and new, packed
   * @param stride from a token to the next
   * @param offset of the features within a token
   * @param size features
   */
  static <A> void scatter(
      Span span,
      A gradient,
      Target<A> held,
      Target<A> fresh,
      int b,
      long stride,
      int offset,
      int size) {
    int cached = span.cached()[b];
    int length = span.lengths()[b];
    int steps = span.shape().steps();
    if (held != null) {
      long at = (long) b * span.capacity() * stride + offset;
      held.rows(at, stride, gradient, 0, cached, size);
      held.none(at + cached * stride, stride, span.capacity() - cached, size);
    }
    if (fresh != null) {
      long at = (long) b * steps * stride + offset;
      fresh.rows(at, stride, gradient, cached * size, length, size);
      fresh.none(at + length * stride, stride, steps - length, size);
    }
  }
}
