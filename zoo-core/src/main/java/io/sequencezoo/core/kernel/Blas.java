package io.sequencezoo.core.kernel;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.blas_get_num_threads;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas.cblas_dgemv;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas.cblas_sgemv;

import java.lang.ref.Reference;
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

  /** Below this many multiply-adds, handing tiles to other threads costs more than it saves. */
  private static final long WORTH_SHARING = 1 << 18;

  /** A thread's pointers to the operands of a product. */
  private static final ThreadLocal<Operands> OPERANDS = ThreadLocal.withInitial(Operands::new);

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
    int height = rows;
    int width = columns;
    int across = tasks(n, width);
    boolean shared = (long) m * n * k >= WORTH_SHARING;
    Parallel.run(
        shared,
        tasks(m, height) * across,
        task -> {
          int i = task / across * height;
          int j = task % across * width;
          call(
              transposeA,
              transposeB,
              Math.min(height, m - i),
              Math.min(width, n - j),
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

  /**
   * {@code y = alpha op(A) x + beta y}, A row-major m x n, on this thread alone: for tasks of their
   * own.
   */
  public static <A> void gemv(
      boolean transpose,
      int m,
      int n,
      double alpha,
      Slab<A> a,
      long ao,
      int lda,
      Slab<A> x,
      long xo,
      double beta,
      Slab<A> y,
      long yo) {
    load();
    int trans = transpose ? CblasTrans : CblasNoTrans;
    Operands operands = OPERANDS.get();
    try {
      if (y.isFloat()) {
        cblas_sgemv(
            CblasRowMajor,
            trans,
            m,
            n,
            (float) alpha,
            operands.a32.at(a, ao),
            lda,
            operands.b32.at(x, xo),
            1,
            (float) beta,
            operands.c32.at(y, yo),
            1);
      } else {
        cblas_dgemv(
            CblasRowMajor,
            trans,
            m,
            n,
            alpha,
            operands.a64.at(a, ao),
            lda,
            operands.b64.at(x, xo),
            1,
            beta,
            operands.c64.at(y, yo),
            1);
      }
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(x);
      Reference.reachabilityFence(y);
    }
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
    Operands operands = OPERANDS.get();
    try {
      if (c.isFloat()) {
        cblas_sgemm(
            CblasRowMajor,
            ta,
            tb,
            m,
            n,
            k,
            (float) alpha,
            operands.a32.at(a, ao),
            lda,
            operands.b32.at(b, bo),
            ldb,
            (float) beta,
            operands.c32.at(c, co),
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
            operands.a64.at(a, ao),
            lda,
            operands.b64.at(b, bo),
            ldb,
            beta,
            operands.c64.at(c, co),
            ldc);
      }
    } finally {
      // The operands of BLAS are addresses, which keep no array alive.
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(c);
    }
  }

  /** Pointers that are set for each product, since a new one costs as much as a small product. */
  private static final class Operands {
    private final Floats a32 = new Floats();
    private final Floats b32 = new Floats();
    private final Floats c32 = new Floats();
    private final Doubles a64 = new Doubles();
    private final Doubles b64 = new Doubles();
    private final Doubles c64 = new Doubles();
  }

  private static final class Floats extends FloatPointer {
    Floats at(Slab<?> slab, long element) {
      address = slab.address(element);
      return this;
    }
  }

  private static final class Doubles extends DoublePointer {
    Doubles at(Slab<?> slab, long element) {
      address = slab.address(element);
      return this;
    }
  }
}
