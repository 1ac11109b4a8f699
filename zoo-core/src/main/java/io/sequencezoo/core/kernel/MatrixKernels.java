package io.sequencezoo.core.kernel;

/**
 * Products and solutions of small matrices; see {@link Kernels}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface MatrixKernels<A> extends ElementwiseKernels<A> {

  /**
   * {@code C = alpha op(A) op(B) + beta C} for matrices that fit a cache: op(A) is m x k, op(B) is
   * k x n, C is m x n. With beta = 0, C is not read.
   */
  void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      A a,
      int ao,
      int lda,
      A b,
      int bo,
      int ldb,
      double beta,
      A c,
      int co,
      int ldc);

  /** The length of the array that {@link #packB} fills for a k x n matrix. */
  default int packedLength(int n, int k) {
    return Math.multiplyExact(n, k);
  }

  /**
   * Copies op(B), k x n, once into the layout that {@link #gemmPacked} reads fastest; for a matrix
   * that many small products share, such as the recurrent weight of a cell.
   */
  default void packB(boolean transposeB, int n, int k, A b, int bo, int ldb, A packed) {
    for (int p = 0; p < k; p++) {
      if (transposeB) {
        for (int j = 0; j < n; j++) {
          set(packed, p * n + j, get(b, bo + j * ldb + p));
        }
      } else {
        copy(b, bo + p * ldb, packed, p * n, n);
      }
    }
  }

  /** {@code C = A B + beta C}, beta 0 or 1, with A m x k and B from {@link #packB}. */
  default void gemmPacked(
      int m, int n, int k, A a, int ao, int lda, A packed, double beta, A c, int co, int ldc) {
    gemm(false, false, m, n, k, 1, a, ao, lda, packed, 0, n, beta, c, co, ldc);
  }

  /**
   * {@code X = (I + L)^{-1} X}, or {@code (I + L)^{-T} X}, for the strictly lower triangular L, n x
   * n, whose diagonal and upper part are not read; X is n x m. For matrices of a few rows.
   */
  default void solveUnitLower(
      boolean transpose, int n, int m, A l, int lo, int ldl, A x, int xo, int ldx) {
    for (int p = 1; p < n; p++) {
      int i = transpose ? n - 1 - p : p;
      for (int q = 0; q < p; q++) {
        int j = transpose ? n - 1 - q : q;
        double factor = get(l, transpose ? lo + j * ldl + i : lo + i * ldl + j);
        axpy(-factor, x, xo + j * ldx, x, xo + i * ldx, m);
      }
    }
  }
}
