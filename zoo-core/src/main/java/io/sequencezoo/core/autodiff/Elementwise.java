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

  /** {@code target += x}. */
  static void addInPlace(INDArray target, INDArray x) {
    addInPlace(Precision.of(target), target, x);
  }

  private static <A> void addInPlace(Precision<A> precision, INDArray target, INDArray x) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> to = precision.slab(target);
    Slab<A> from = precision.slab(x);
    Parallel.ranges(
        to.length(),
        GRAIN,
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A a = scratch.take(TILE);
            A b = scratch.take(TILE);
            for (long at = start; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              to.load(at, a, 0, n);
              from.load(at, b, 0, n);
              kernels.add(a, 0, b, 0, a, 0, n);
              to.store(at, a, 0, n);
            }
          }
        });
  }
}
