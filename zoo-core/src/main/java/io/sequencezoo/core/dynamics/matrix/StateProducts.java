package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;

/**
 * Products of a state tile {@code [K, columns]} with vectors, row by row.
 *
 * @param <A> the array type
 */
record StateProducts<A>(Kernels<A> kernels, int keys, int columns) {
  /** {@code y = Sᵀ x}. */
  void recall(A s, int so, A x, int xo, A y, int yo) {
    kernels.fill(y, yo, columns, 0);
    for (int d = 0; d < keys; d++) {
      kernels.axpy(kernels.get(x, xo + d), s, so + d * columns, y, yo, columns);
    }
  }

  /** {@code x = S y}. */
  void probe(A s, int so, A y, int yo, A x, int xo) {
    for (int d = 0; d < keys; d++) {
      kernels.set(x, xo + d, kernels.dot(s, so + d * columns, y, yo, columns));
    }
  }

  /** {@code S += x yᵀ}. */
  void write(A x, int xo, A y, int yo, A s, int so) {
    for (int d = 0; d < keys; d++) {
      kernels.axpy(kernels.get(x, xo + d), y, yo, s, so + d * columns, columns);
    }
  }

  /** {@code S = S diag(a)}. */
  void fade(A a, int ao, A s, int so) {
    for (int d = 0; d < keys; d++) {
      int row = so + d * columns;
      kernels.multiply(s, row, a, ao, s, row, columns);
    }
  }

  /** {@code S = diag(a) S}. */
  void forget(A a, int ao, A s, int so) {
    for (int d = 0; d < keys; d++) {
      int row = so + d * columns;
      kernels.affine(kernels.get(a, ao + d), s, row, 0, s, row, columns);
    }
  }
}
