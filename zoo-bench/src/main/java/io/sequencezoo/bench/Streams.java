package io.sequencezoo.bench;

import io.sequencezoo.core.kernel.Parallel;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What memory gives when nothing else is done. */
final class Streams {
  private Streams() {}

  /** Copies a large array, each thread a stretch of it. */
  static void copy(INDArray from, INDArray to) {
    int pieces = Parallel.threads();
    long n = from.length() / pieces;
    Parallel.run(pieces, piece -> Pointer.memcpy(at(to, piece * n), at(from, piece * n), 4 * n));
  }

  private static Pointer at(INDArray array, long element) {
    return new FloatPointer(array.data().addressPointer()).position(element);
  }
}
