package io.sequencezoo.core.kernel;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.blas_get_num_threads;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Matrix products on off-heap data by OpenBLAS, called directly. Large products are cut into tiles
 * by their shape and shared by the {@link Parallel} pool; OpenBLAS itself stays on one thread.
 */
public final class Blas {
  /**
   * The largest tile of C that one task computes. Larger tiles pack less and run faster; this one
   * leaves tasks enough for the products of usual models.
   */
  private static final int TILE = 512;

  /** Tiles are halved until there are so many, or until they would be too thin to be worth it. */
  private static final int LEAST_TASKS = 4;

  private static final int THINNEST = 32;

  static {
    // ND4J sets the number of threads when it creates its own BLAS; it must have done so before.
    Nd4j.factory().blas();
    blas_set_num_threads(1);
  }

  private Blas() {}

  /** Loads OpenBLAS and holds it to one thread, whatever else in the process has set. */
  static void load() {
    if (blas_get_num_threads() != 1) {
      blas_set_num_threads(1);
    }
  }

  /**
   * {@code C = alpha op(A) op(B) + beta C}, row-major, op(A) m x k, op(B) k x n. Positions count
   * elements from the first of each slab.
   */
  public static <A> void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      Slab<A> a,
      long ao,
      int lda,
      Slab<A> b,
      long bo,
      int ldb,
      double beta,
      Slab<A> c,
      long co,
      int ldc) {
    if (m == 0 || n == 0) {
      return;
    }
    load();
    int rows = Math.min(m, TILE);
    int columns = Math.min(n, TILE);
    while (tasks(m, rows) * tasks(n, columns) < LEAST_TASKS
        && Math.max(rows, columns) >= 2 * THINNEST) {
      if (rows >= columns) {
        rows = (rows + 1) / 2;
      } else {
        columns = (columns + 1) / 2;
      }
    }
    run(
        rows,
        columns,
        transposeA,
        transposeB,
        m,
        n,
        k,
        alpha,
        a,
        ao,
        lda,
        b,
        bo,
        ldb,
        beta,
        c,
        co,
        ldc);
  }

  /**
   * The best rate, in 10^9 operations per second, of the product of two float matrices of 1024 rows
   * and columns on all threads, tried for so many seconds.
   */
  public static double gigaflops(double seconds) {
    int n = 1024;
    Slab<float[]> a = Precision.FLOAT.slab(Nd4j.ones(DataType.FLOAT, n, n));
    Slab<float[]> c = Precision.FLOAT.slab(Nd4j.create(DataType.FLOAT, n, n));
    long end = System.nanoTime() + (long) (seconds * 1e9);
    double best = 0;
    for (long start = System.nanoTime(); start < end; ) {
      gemm(false, false, n, n, n, 1, a, 0, n, a, 0, n, 0, c, 0, n);
      long now = System.nanoTime();
      best = Math.max(best, 2.0 * n * n * n / (now - start));
      start = now;
    }
    return best;
  }

  private static int tasks(int size, int tile) {
    return (size + tile - 1) / tile;
  }

  private static <A> void run(
      int rows,
      int columns,
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      Slab<A> a,
      long ao,
      int lda,
      Slab<A> b,
      long bo,
      int ldb,
      double beta,
      Slab<A> c,
      long co,
      int ldc) {
    int across = tasks(n, columns);
    Parallel.run(
        tasks(m, rows) * across,
        task -> {
          int i = task / across * rows;
          int j = task % across * columns;
          call(
              transposeA,
              transposeB,
              Math.min(rows, m - i),
              Math.min(columns, n - j),
              k,
              alpha,
              a,
              ao + (transposeA ? i : (long) i * lda),
              lda,
              b,
              bo + (transposeB ? (long) j * ldb : j),
              ldb,
              beta,
              c,
              co + (long) i * ldc + j,
              ldc);
        });
  }

  private static void call(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      Slab<?> a,
      long ao,
      int lda,
      Slab<?> b,
      long bo,
      int ldb,
      double beta,
      Slab<?> c,
      long co,
      int ldc) {
    int ta = transposeA ? CblasTrans : CblasNoTrans;
    int tb = transposeB ? CblasTrans : CblasNoTrans;
    if (c.pointer() instanceof FloatPointer) {
      cblas_sgemm(
          CblasRowMajor,
          ta,
          tb,
          m,
          n,
          k,
          (float) alpha,
          at32(a, ao),
          lda,
          at32(b, bo),
          ldb,
          (float) beta,
          at32(c, co),
          ldc);
    } else {
      cblas_dgemm(
          CblasRowMajor,
          ta,
          tb,
          m,
          n,
          k,
          alpha,
          at64(a, ao),
          lda,
          at64(b, bo),
          ldb,
          beta,
          at64(c, co),
          ldc);
    }
  }

  private static FloatPointer at32(Slab<?> slab, long offset) {
    return new FloatPointer((FloatPointer) slab.pointer())
        .position(slab.pointer().position() + offset);
  }

  private static DoublePointer at64(Slab<?> slab, long offset) {
    return new DoublePointer((DoublePointer) slab.pointer())
        .position(slab.pointer().position() + offset);
  }
}
