package io.sequencezoo.core.kernel;

/**
 * Reductions; see {@link Kernels}. The order of summation is fixed for a provider and a length.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface ReductionKernels<A> {

  /** {@code Σ x_i}. */
  double sum(A x, int xo, int n);

  /** {@code Σ x_i y_i}. */
  double dot(A x, int xo, A y, int yo, int n);

  /** {@code max x_i}, NaN if any is NaN, -infinity for n = 0. */
  double max(A x, int xo, int n);

  /** {@code max |x_i|}, NaN if any is NaN, 0 for n = 0. */
  double maxAbs(A x, int xo, int n);

  /** {@code y_i = e^{x_i - shift}}; returns {@code Σ y_i}. */
  double expShift(A x, int xo, double shift, A y, int yo, int n);

  /**
   * As {@link #expShift}, but exactly 0 where {@code x_i - shift < low}: weights too small to
   * count, whose products would be subnormal, which processors multiply a hundred times slower.
   */
  double expAbove(A x, int xo, double shift, double low, A y, int yo, int n);
}
