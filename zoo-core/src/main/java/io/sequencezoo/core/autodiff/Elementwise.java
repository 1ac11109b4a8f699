package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Loops over whole arrays, tile by tile through the heap, shared by the thread pool. */
final class Elementwise {
  /** Elements that one task handles: large enough to outweigh hand-over, small enough to share. */
  static final int GRAIN = 1 << 15;

  /** Elements of a heap tile: three of them fit a 32 KiB level-1 cache in float. */
  static final int TILE = 2048;

  private Elementwise() {}

  /** {@code target = source + beta target}, beta 0 or 1; with 0 the target is not read. */
  static <A> void write(Precision<A> precision, Source<A> source, INDArray target, int beta) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> slab = precision.slab(target);
    Parallel.ranges(
        slab.length(),
        GRAIN,
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(TILE);
            // With 0 nothing is read before.
            A before = beta == 0 ? tile : scratch.take(TILE);
            for (long at = start; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              source.load(at, tile, n);
              if (beta != 0) {
                slab.load(at, before, 0, n);
                kernels.add(before, 0, tile, 0, tile, 0, n);
              }
              slab.store(at, tile, 0, n);
            }
          }
        });
  }

  /** {@code target += x}. */
  static void addInPlace(INDArray target, INDArray x) {
    addInPlace(Precision.of(target), target, x);
  }

  private static <A> void addInPlace(Precision<A> precision, INDArray target, INDArray x) {
    write(precision, Source.of(precision, x), target, 1);
  }

  /** {@code target = x + y}. */
  static void add(INDArray x, INDArray y, INDArray target) {
    add(Precision.of(target), x, y, target);
  }

  private static <A> void add(Precision<A> precision, INDArray x, INDArray y, INDArray target) {
    Kernels<A> kernels = precision.kernels();
    Source<A> sum =
        Source.combine(
            precision,
            Source.of(precision, x),
            Source.of(precision, y),
            (a, b, out, n) -> kernels.add(a, 0, b, 0, out, 0, n));
    write(precision, sum, target, 0);
  }

  /** {@code target = value}, everywhere. */
  static void fill(INDArray target, double value) {
    fill(Precision.of(target), target, value);
  }

  private static <A> void fill(Precision<A> precision, INDArray target, double value) {
    Kernels<A> kernels = precision.kernels();
    write(precision, (at, tile, n) -> kernels.fill(tile, 0, n, value), target, 0);
  }
}
