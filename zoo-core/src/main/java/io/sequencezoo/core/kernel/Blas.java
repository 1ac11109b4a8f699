package io.sequencezoo.core.kernel;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.blas_get_num_threads;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_daxpy;
import static org.bytedeco.openblas.global.openblas.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas.cblas_dgemv;
import static org.bytedeco.openblas.global.openblas.cblas_saxpy;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas.cblas_sgemv;

import java.lang.ref.Reference;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;
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

  /**
   * Products of fewer tiles than tasks whose sums are twice as long are cut along these sums: a
   * small tile runs a tenth slower than one of {@link #TILE} squared, whatever the length.
   */
  private static final int LEAST_DEPTH = 512;

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
    product(transposeA, transposeB, m, n, k, alpha, a, ao, lda, b, bo, ldb, beta, c, co, ldc).run();
  }

  /** The same to be run, again and again, whenever its operands hold other numbers. */
  public static <A> Runnable product(
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
      return () -> {};
    }
    boolean deep = transposeA && !transposeB && k >= 2 * LEAST_DEPTH && m <= TILE * TILE / n;
    int parts = deep ? Math.min(LEAST_TASKS, k / LEAST_DEPTH) : 1;
    int rows = deep ? m : Math.min(m, TILE);
    int columns = deep ? n : Math.min(n, TILE);
    while (parts * pieces(m, rows) * pieces(n, columns) < LEAST_TASKS
        && Math.max(rows, columns) >= 2 * THINNEST) {
      if (rows >= columns) {
        rows = (rows + 1) / 2;
      } else {
        columns = (columns + 1) / 2;
      }
    }
    int depth = pieces(k, parts);
    Slab<A> sums = parts == 1 ? c : OPERANDS.get().sums(c, (parts - 1) * m * n);
    Product<A> product =
        new Product<>(
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
            ldc,
            rows,
            columns,
            depth,
            parts,
            sums);
    return new Again<>(product, Parallel.repeated(product.tasks(), product));
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

  private static int pieces(int size, int piece) {
    return (size + piece - 1) / piece;
  }

  /** A product that is run as often as it is wanted, by one caller at a time. */
  private record Again<A>(Product<A> product, Runnable tasks) implements Runnable {
    @Override
    public void run() {
      load();
      if (product.isShared()) {
        Replay.run(tasks);
      } else {
        Parallel.run(false, product.tasks(), product);
      }
      product.join();
    }
  }

  /**
   * A product cut into tasks: tiles of C, and of each the parts of its sums. The first part goes to
   * C, the others to sums of their own, which are added in order.
   */
  private record Product<A>(
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
      int ldc,
      int rows,
      int columns,
      int depth,
      int parts,
      Slab<A> sums)
      implements IntConsumer {
    boolean isShared() {
      return (long) m * n * k >= WORTH_SHARING;
    }

    int tasks() {
      return parts * pieces(m, rows) * pieces(n, columns);
    }

    /** Adds the other parts of the sums to the first. */
    void join() {
      if (parts > 1) {
        Parallel.run(isShared(), pieces(m, THINNEST), task -> add(task * THINNEST, parts));
      }
    }

    @Override
    public void accept(int task) {
      int across = pieces(n, columns);
      int tiles = pieces(m, rows) * across;
      int part = task / tiles;
      int i = task % tiles / across * rows;
      int j = task % across * columns;
      long l = (long) part * depth;
      int high = Math.min(rows, m - i);
      int wide = Math.min(columns, n - j);
      int deep = (int) Math.min(depth, k - l);
      long from = ao + (transposeA ? l * lda + i : (long) i * lda + l);
      long by = bo + (transposeB ? (long) j * ldb + l : l * ldb + j);
      if (part == 0) {
        call(high, wide, deep, from, by, beta, c, co + (long) i * ldc + j, ldc);
      } else {
        long to = (long) (part - 1) * m * n + (long) i * n + j;
        call(high, wide, deep, from, by, 0, sums, to, n);
      }
    }

    /** As {@link #call} for a C of one row. */
    private void row(int wide, int deep, long from, long by, double scale, Slab<A> into, long to) {
      int trans = transposeB ? CblasNoTrans : CblasTrans;
      int rowsOfB = transposeB ? wide : deep;
      int columnsOfB = transposeB ? deep : wide;
      int apart = transposeA ? lda : 1;
      Operands operands = OPERANDS.get();
      try {
        if (c.isFloat()) {
          cblas_sgemv(
              CblasRowMajor,
              trans,
              rowsOfB,
              columnsOfB,
              (float) alpha,
              operands.b32.at(b, by),
              ldb,
              operands.a32.at(a, from),
              apart,
              (float) scale,
              operands.c32.at(into, to),
              1);
        } else {
          cblas_dgemv(
              CblasRowMajor,
              trans,
              rowsOfB,
              columnsOfB,
              alpha,
              operands.b64.at(b, by),
              ldb,
              operands.a64.at(a, from),
              apart,
              scale,
              operands.c64.at(into, to),
              1);
        }
      } finally {
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
        Reference.reachabilityFence(into);
      }
    }

    private void call(
        int high,
        int wide,
        int deep,
        long from,
        long by,
        double scale,
        Slab<A> into,
        long to,
        int ld) {
      if (m == 1) {
        // A product packs what it multiplies, which for one row costs more than to multiply it.
        row(wide, deep, from, by, scale, into, to);
        return;
      }
      int ta = transposeA ? CblasTrans : CblasNoTrans;
      int tb = transposeB ? CblasTrans : CblasNoTrans;
      Operands operands = OPERANDS.get();
      try {
        if (c.isFloat()) {
          cblas_sgemm(
              CblasRowMajor,
              ta,
              tb,
              high,
              wide,
              deep,
              (float) alpha,
              operands.a32.at(a, from),
              lda,
              operands.b32.at(b, by),
              ldb,
              (float) scale,
              operands.c32.at(into, to),
              ld);
        } else {
          cblas_dgemm(
              CblasRowMajor,
              ta,
              tb,
              high,
              wide,
              deep,
              alpha,
              operands.a64.at(a, from),
              lda,
              operands.b64.at(b, by),
              ldb,
              scale,
              operands.c64.at(into, to),
              ld);
        }
      } finally {
        // The operands of BLAS are addresses, which keep no array alive.
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
        Reference.reachabilityFence(into);
      }
    }

    /** Adds all parts of a few rows from {@code first} on to those of C. */
    void add(int first, int parts) {
      try {
        for (int i = first; i < Math.min(m, first + THINNEST); i++) {
          for (int part = 1; part < parts; part++) {
            add((long) (part - 1) * m * n + (long) i * n, co + (long) i * ldc);
          }
        }
      } finally {
        Reference.reachabilityFence(c);
        Reference.reachabilityFence(sums);
      }
    }

    private void add(long from, long to) {
      Operands operands = OPERANDS.get();
      if (c.isFloat()) {
        cblas_saxpy(n, 1, operands.a32.at(sums, from), 1, operands.c32.at(c, to), 1);
      } else {
        cblas_daxpy(n, 1, operands.a64.at(sums, from), 1, operands.c64.at(c, to), 1);
      }
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
    private @Nullable Slab<?> sums;

    /** Room for so many numbers of the type of {@code like}, kept between calls. */
    @SuppressWarnings("unchecked")
    <A> Slab<A> sums(Slab<A> like, int n) {
      if (sums == null || sums.length() < n || sums.isFloat() != like.isFloat()) {
        Precision<?> precision = like.isFloat() ? Precision.FLOAT : Precision.DOUBLE;
        sums = precision.window(Nd4j.createBufferDetached(new int[] {n}, precision.type()));
      }
      return (Slab<A>) sums;
    }
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
