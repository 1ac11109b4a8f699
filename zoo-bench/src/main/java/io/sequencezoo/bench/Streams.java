package io.sequencezoo.bench;

import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What memory gives when nothing else is done. */
final class Streams {
  private static final int PASSES = 20;

  private Streams() {}

  /** Copies a large array, each thread a stretch of it. */
  static void copy(INDArray from, INDArray to) {
    int pieces = Parallel.threads();
    long n = from.length() / pieces;
    Parallel.run(pieces, piece -> Pointer.memcpy(at(to, piece * n), at(from, piece * n), 4 * n));
  }

  /**
   * Bytes that a second reads from an array beyond every cache, on all threads: the best of a few
   * passes of matrix-vector products, which do little else.
   */
  static double readingBytesPerSecond() {
    int columns = 1024;
    int rows = 32 * 1024;
    Slab<float[]> matrix = Precision.FLOAT.slab(Nd4j.ones(DataType.FLOAT, rows, columns));
    Slab<float[]> x = Precision.FLOAT.slab(Nd4j.ones(DataType.FLOAT, columns));
    Slab<float[]> y = Precision.FLOAT.slab(Nd4j.ones(DataType.FLOAT, rows));
    int pieces = 4 * Parallel.threads();
    int piece = rows / pieces;
    double best = Double.POSITIVE_INFINITY;
    for (int pass = 0; pass < PASSES; pass++) {
      best =
          Math.min(
              best,
              Timing.seconds(
                  () ->
                      Parallel.run(
                          pieces,
                          i -> {
                            long at = (long) i * piece;
                            Blas.gemv(
                                false,
                                piece,
                                columns,
                                1,
                                matrix,
                                at * columns,
                                columns,
                                x,
                                0,
                                0,
                                y,
                                at);
                          })));
    }
    return (double) pieces * piece * columns * Float.BYTES / best;
  }

  private static Pointer at(INDArray array, long element) {
    return new FloatPointer(array.data().addressPointer()).position(element);
  }
}
