package io.sequencezoo.core.kernel;

/**
 * Element by element; see {@link Kernels}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface ElementwiseKernels<A> extends ArrayKernels<A> {

  /** {@code y_i = f(x_i)}. */
  void map(Unary f, A x, int xo, A y, int yo, int n);

  /** {@code gx_i = gy_i f'(x_i)}, where {@code y_i = f(x_i)} is given as well. */
  void mapPullback(Unary f, A x, int xo, A y, int yo, A gy, int gyo, A gx, int gxo, int n);

  /** {@code z_i = x_i + y_i}. */
  void add(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i - y_i}. */
  void subtract(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i y_i}. */
  void multiply(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i / y_i}. */
  void divide(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i += x_i y_i}. */
  void multiplyAdd(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code y_i = alpha x_i + beta}. */
  void affine(double alpha, A x, int xo, double beta, A y, int yo, int n);

  /** {@code y_i += alpha x_i}. */
  void axpy(double alpha, A x, int xo, A y, int yo, int n);
}
