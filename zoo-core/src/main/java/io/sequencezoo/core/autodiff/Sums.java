package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Sums of a tensor over some of its axes. The order of summation depends on the shape alone: it is
 * cut into pieces by shape, the pieces are summed in parallel, and their sums are added in order.
 *
 * @param <A> the array type
 */
final class Sums<A> {
  /** Most pieces that one sum is cut into. */
  private static final int PIECES = 32;

  private final Tape tape;
  private final Precision<A> precision;
  private final Kernels<A> kernels;

  Sums(Tape tape, Precision<A> precision) {
    this.tape = tape;
    this.precision = precision;
    this.kernels = precision.kernels();
  }

  /**
   * {@code target = Σ source + beta target} over the axes along which the target's shape is
   * broadcast to the source's.
   */
  void intoBroadcast(Source<A> source, long[] shape, Cotangents.Sink sink) {
    Broadcast axes = Broadcast.of(sink.array().shape(), shape);
    int repeated = 0;
    long rest = 1;
    for (int axis = 0; axis < axes.rank(); axis++) {
      repeated += axes.isRepeated(axis) ? 1 : 0;
      rest *= axes.size(axis);
    }
    if (repeated == 0) {
      Elementwise.write(precision, source, sink.array(), sink.beta());
      return;
    }
    long inner = 1;
    Source<A> current = source;
    for (int axis = axes.rank() - 1; axis >= 0; axis--) {
      long size = axes.size(axis);
      rest /= size;
      if (!axes.isRepeated(axis)) {
        inner *= size;
        continue;
      }
      boolean last = --repeated == 0;
      INDArray sum = last ? sink.array() : tape.allocate(precision.type(), rest * inner);
      overMiddle(current, rest, size, inner, sum, last ? sink.beta() : 0);
      if (last) {
        return;
      }
      current = Source.of(precision, sum);
    }
  }

  /**
   * {@code target[i, j] = Σ_r source[i, r, j] + beta target[i, j]} for a source [outer, r, inner].
   */
  void overMiddle(Source<A> source, long outer, long r, long inner, INDArray target, int beta) {
    if (inner == 1) {
      overLast(source, outer, r, target, beta);
      return;
    }
    long grainRows = (Elementwise.GRAIN + inner - 1) / inner;
    // Pieces of one row would leave as many rows as before to be summed, for ever.
    long pieceRows = Math.max(Math.max(2, grainRows), (r + PIECES - 1) / PIECES);
    int pieces = (int) Math.max(1, (r + pieceRows - 1) / pieceRows);
    INDArray partial =
        pieces == 1 ? target : tape.allocate(precision.type(), outer * pieces * inner);
    int partialBeta = pieces == 1 ? beta : 0;
    Slab<A> slab = precision.slab(partial);
    int width = (int) Math.min(inner, Elementwise.TILE);
    int blocks = (int) ((inner + width - 1) / width);
    Parallel.run(
        (int) (outer * pieces * blocks),
        task -> {
          long block = task % blocks;
          long piece = task / blocks % pieces;
          long i = task / blocks / pieces;
          long from = piece * pieceRows;
          long to = Math.min(r, from + pieceRows);
          long column = block * width;
          int columns = (int) Math.min(width, inner - column);
          try (Scratch<A> scratch = precision.scratch()) {
            A sum = scratch.zeros(columns);
            sumRows(source, (i * r + from) * inner + column, to - from, inner, sum, columns);
            long at = (i * pieces + piece) * inner + column;
            put(scratch, slab, at, sum, columns, partialBeta);
          }
        });
    if (pieces > 1) {
      overMiddle(Source.of(precision, partial), outer, pieces, inner, target, beta);
    }
  }

  private void sumRows(Source<A> source, long at, long rows, long stride, A sum, int columns) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(Elementwise.TILE);
      // Whole rows lie side by side, so several are loaded at once.
      int together = columns == stride ? Math.max(1, Elementwise.TILE / columns) : 1;
      for (long row = 0; row < rows; row += together) {
        int n = (int) Math.min(together, rows - row);
        source.load(at + row * stride, tile, n * columns);
        for (int i = 0; i < n; i++) {
          kernels.add(sum, 0, tile, i * columns, sum, 0, columns);
        }
      }
    }
  }

  private void overLast(Source<A> source, long outer, long r, INDArray target, int beta) {
    Slab<A> slab = precision.slab(target);
    if (r > Elementwise.GRAIN && outer < PIECES) {
      long pieceSize = Math.max(Elementwise.GRAIN, (r + PIECES - 1) / PIECES);
      int pieces = (int) ((r + pieceSize - 1) / pieceSize);
      INDArray partial = tape.allocate(precision.type(), outer * pieces);
      Slab<A> partials = precision.slab(partial);
      Parallel.run(
          (int) (outer * pieces),
          task -> {
            long from = task % pieces * pieceSize;
            long n = Math.min(pieceSize, r - from);
            try (Scratch<A> scratch = precision.scratch()) {
              A sum = scratch.take(1);
              kernels.set(sum, 0, sumRun(source, task / pieces * r + from, n));
              partials.store(task, sum, 0, 1);
            }
          });
      overLast(Source.of(precision, partial), outer, pieces, target, beta);
      return;
    }
    int grain = (int) Math.max(1, Math.min(Elementwise.TILE, Elementwise.GRAIN / Math.max(1, r)));
    Parallel.ranges(
        outer,
        grain,
        (start, end) -> {
          int n = (int) (end - start);
          try (Scratch<A> scratch = precision.scratch()) {
            A sums = scratch.take(n);
            for (int i = 0; i < n; i++) {
              kernels.set(sums, i, sumRun(source, (start + i) * r, r));
            }
            put(scratch, slab, start, sums, n, beta);
          }
        });
  }

  private double sumRun(Source<A> source, long at, long n) {
    double sum = 0;
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(Elementwise.TILE);
      for (long done = 0; done < n; done += Elementwise.TILE) {
        int some = (int) Math.min(Elementwise.TILE, n - done);
        source.load(at + done, tile, some);
        sum += kernels.sum(tile, 0, some);
      }
    }
    return sum;
  }

  private void put(Scratch<A> scratch, Slab<A> slab, long at, A values, int n, int beta) {
    if (beta != 0) {
      A before = scratch.take(n);
      slab.load(at, before, 0, n);
      kernels.add(before, 0, values, 0, values, 0, n);
    }
    slab.store(at, values, 0, n);
  }
}
