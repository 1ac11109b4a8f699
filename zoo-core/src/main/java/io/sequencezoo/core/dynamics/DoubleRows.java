package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rows of arrays as doubles, for steps that calculate in double whatever the precision. */
public final class DoubleRows {
  private DoubleRows() {}

  /** Row i of rows of n numbers, widened. */
  public static <A> double[] load(Precision<A> precision, INDArray from, int i, int n) {
    double[] row = new double[n];
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      precision.slab(from).load((long) i * n, tile, 0, n);
      precision.kernels().widen(tile, 0, row, 0, n);
    }
    return row;
  }

  /** Widens n numbers of a window into {@code into}. */
  public static <A> void load(
      Precision<A> precision, Slab<A> from, long at, double[] into, int offset, int n) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      from.load(at, tile, 0, n);
      precision.kernels().widen(tile, 0, into, offset, n);
    }
  }

  /** Rounds n numbers of {@code row} into a window. */
  public static <A> void store(
      Precision<A> precision, double[] row, int offset, Slab<A> to, long at, int n) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      precision.kernels().round(row, offset, tile, 0, n);
      to.store(at, tile, 0, n);
    }
  }

  /** Stores a row as row i of its size, rounded. */
  public static <A> void store(Precision<A> precision, double[] row, INDArray to, int i) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(row.length);
      precision.kernels().round(row, 0, tile, 0, row.length);
      precision.slab(to).store((long) i * row.length, tile, 0, row.length);
    }
  }
}
