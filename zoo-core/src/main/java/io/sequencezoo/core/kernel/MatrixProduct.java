package io.sequencezoo.core.kernel;

/**
 * The shape of a product of two matrices in row-major slabs, and the product itself: of small ones
 * on heap tiles, which saves the call's overhead, of others by BLAS. op(A) is m x k, op(B) k x n.
 *
 * @param transposeA whether A is stored k x m
 * @param transposeB whether B is stored n x k
 */
public record MatrixProduct(boolean transposeA, boolean transposeB, int m, int n, int k) {
  /** Largest m k + k n + m n of a product on heap tiles: 64 KiB in float. */
  private static final long SMALL = 1 << 14;

  /** Whether it runs on heap tiles. */
  public boolean isSmall() {
    return numbers() <= SMALL;
  }

  /**
   * {@code C = op(A) op(B) + beta C}, each matrix from a position of its slab on.
   *
   * @param beta 0, then C is not read, or 1
   */
  public <A> void run(
      Precision<A> p, Slab<A> a, long ao, Slab<A> b, long bo, int beta, Slab<A> c, long co) {
    if (isSmall()) {
      run(p, 1, a, ao, b, bo, beta, c, co);
      return;
    }
    int lda = transposeA ? m : k;
    int ldb = transposeB ? k : n;
    Blas.gemm(transposeA, transposeB, m, n, k, 1, a, ao, lda, b, bo, ldb, beta, c, co, n);
  }

  /** How many small products one after the other fit the heap tiles together. */
  public int perTile() {
    return (int) Math.max(1, SMALL / Math.max(1, numbers()));
  }

  private long numbers() {
    return (long) m * k + (long) k * n + (long) m * n;
  }

  /** The same for a number of small products whose matrices lie one after the other. */
  public <A> void run(
      Precision<A> p,
      int count,
      Slab<A> a,
      long ao,
      Slab<A> b,
      long bo,
      int beta,
      Slab<A> c,
      long co) {
    int sizeA = m * k;
    int sizeB = k * n;
    int sizeC = m * n;
    int lda = transposeA ? m : k;
    int ldb = transposeB ? k : n;
    try (Scratch<A> scratch = p.scratch()) {
      A left = scratch.take(count * sizeA);
      A right = scratch.take(count * sizeB);
      A result = scratch.take(count * sizeC);
      a.load(ao, left, 0, count * sizeA);
      b.load(bo, right, 0, count * sizeB);
      if (beta != 0) {
        c.load(co, result, 0, count * sizeC);
      }
      for (int i = 0; i < count; i++) {
        p.kernels()
            .gemm(
                transposeA,
                transposeB,
                m,
                n,
                k,
                1,
                left,
                i * sizeA,
                lda,
                right,
                i * sizeB,
                ldb,
                beta,
                result,
                i * sizeC,
                n);
      }
      c.store(co, result, 0, count * sizeC);
    }
  }
}
