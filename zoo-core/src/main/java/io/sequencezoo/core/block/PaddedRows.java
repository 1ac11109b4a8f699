package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rows of {@code [B, T, D]} of which only the first positions count. */
final class PaddedRows {
  private PaddedRows() {}

  /**
   * The same with zeros in padded positions: products over time, such as the gradient {@code xᵀ dy}
   * of a projection, would meet a NaN there even where {@code dy} is 0.
   *
   * @param lengths valid positions per row; null where all are
   * @throws IllegalArgumentException if they don't fit x
   */
  static Variable cleared(Tape tape, Variable x, int @Nullable [] lengths) {
    if (lengths == null) {
      return x;
    }
    Lengths.of("padded rows", lengths, x.size(0), x.size(1));
    return isFull(lengths, x.size(1)) ? x : cleared(Precision.of(x.type()), tape, x, lengths);
  }

  private static boolean isFull(int[] lengths, int steps) {
    for (int length : lengths) {
      if (length < steps) {
        return false;
      }
    }
    return true;
  }

  private static <A> Variable cleared(
      Precision<A> precision, Tape tape, Variable x, int[] lengths) {
    INDArray out = tape.allocate(x.type(), x.shape());
    copy(precision, x.value(), out, lengths, 0);
    return tape.record(
        out,
        cotangents -> {
          if (cotangents.needs(0)) {
            Cotangents.Sink sink = cotangents.sink(0);
            copy(precision, cotangents.output(), sink.array(), lengths, sink.beta());
          }
        },
        x);
  }

  /** Writes or adds valid positions of one array to another. */
  private static <A> void copy(
      Precision<A> precision, INDArray from, INDArray to, int[] lengths, int beta) {
    int steps = (int) from.size(1);
    int width = (int) from.size(2);
    Slab<A> source = precision.slab(from);
    Slab<A> target = precision.slab(to);
    Parallel.ranges(
        lengths.length,
        1,
        (first, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(width);
            A sum = scratch.take(width);
            for (int b = (int) first; b < end; b++) {
              for (int t = 0; t < steps; t++) {
                long at = ((long) b * steps + t) * width;
                if (t < lengths[b]) {
                  source.load(at, tile, 0, width);
                } else {
                  precision.kernels().fill(tile, 0, width, 0);
                }
                if (beta == 1) {
                  target.load(at, sum, 0, width);
                  precision.kernels().add(sum, 0, tile, 0, tile, 0, width);
                }
                target.store(at, tile, 0, width);
              }
            }
          }
        });
  }
}
