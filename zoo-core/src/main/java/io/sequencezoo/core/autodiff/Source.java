package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The elements of a row-major tensor, loaded or computed tile by tile on whichever thread asks, so
 * that an expression such as {@code gy x} is summed over an axis without being stored.
 *
 * @param <A> the array type
 */
@FunctionalInterface
interface Source<A> {
  /** Writes elements {@code at} to {@code at + n - 1} to the start of the tile. */
  void load(long at, A tile, int n);

  /** A kernel over two tiles; z may be x. */
  @FunctionalInterface
  interface Binary<A> {
    /** {@code z_i = f(x_i, y_i)}. */
    void apply(A x, A y, A z, int n);
  }

  /** The elements of an array. */
  static <A> Source<A> of(Precision<A> precision, INDArray array) {
    Slab<A> slab = precision.slab(array);
    return (at, tile, n) -> slab.load(at, tile, 0, n);
  }

  /** The elements of an array as NumPy broadcasts it to a shape. */
  static <A> Source<A> of(Precision<A> precision, INDArray array, long[] shape) {
    if (Arrays.equals(array.shape(), shape)) {
      return of(precision, array);
    }
    Broadcast broadcast = Broadcast.of(array.shape(), shape);
    Slab<A> slab = precision.slab(array);
    return (at, tile, n) -> broadcast.load(precision.kernels(), slab, at, tile, n);
  }

  /** {@code f(x, y)}, element by element. */
  static <A> Source<A> combine(
      Precision<A> precision, Source<A> x, Source<A> y, Binary<A> function) {
    return (at, tile, n) -> {
      x.load(at, tile, n);
      try (Scratch<A> scratch = precision.scratch()) {
        A other = scratch.take(n);
        y.load(at, other, n);
        function.apply(tile, other, tile, n);
      }
    };
  }

  /** {@code x y}, element by element. */
  static <A> Source<A> product(Precision<A> precision, Source<A> x, Source<A> y) {
    return combine(
        precision, x, y, (a, b, out, n) -> precision.kernels().multiply(a, 0, b, 0, out, 0, n));
  }

  /** {@code alpha x}. */
  static <A> Source<A> scaled(Precision<A> precision, double alpha, Source<A> x) {
    return (at, tile, n) -> {
      x.load(at, tile, n);
      precision.kernels().affine(alpha, tile, 0, 0, tile, 0, n);
    };
  }
}
