package io.sequencezoo.core.kernel;

/**
 * The arrays of a precision: their elements, copies and conversions.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface ArrayKernels<A> {

  /** A name for logs and results, such as {@code vector-512} or {@code scalar}. */
  String name();

  /** A new array of n zeros. */
  A allocate(int n);

  /** The number of elements of an array. */
  int length(A a);

  /** Reads one element, widened. */
  double get(A a, int i);

  /** Writes one element, rounded. */
  void set(A a, int i, double value);

  /** Copies n elements. */
  default void copy(A x, int xo, A y, int yo, int n) {
    System.arraycopy(x, xo, y, yo, n);
  }

  /** {@code y_i = value}. */
  void fill(A y, int yo, int n, double value);

  /** {@code y_i = x_i}, rounded to this precision. */
  void round(double[] x, int xo, A y, int yo, int n);

  /** {@code y_i = x_i}, widened. */
  void widen(A x, int xo, double[] y, int yo, int n);

  /**
   * {@code Y = Xᵀ}: X has rows of {@code columns} elements {@code ldx} apart, Y has rows {@code
   * ldy} apart. X and Y are different arrays.
   */
  void transpose(int rows, int columns, A x, int xo, int ldx, A y, int yo, int ldy);
}
