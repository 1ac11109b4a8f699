package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Linear maps of the last axis. */
public final class Dense {
  private Dense() {}

  /**
   * {@code y = x W + b}; gradients {@code gx = gy Wᵀ}, {@code gW = xᵀ gy}, {@code gb = Σ gy}.
   *
   * @param x {@code [..., in]}
   * @param w {@code [in, out]}
   * @param bias {@code [out]}, or null
   */
  public static Variable linear(Tape tape, Variable x, Variable w, @Nullable Variable bias) {
    return linear(tape, x, w, bias, false);
  }

  /**
   * {@code y = x Wᵀ + b} with a weight stored {@code [out, in]}, such as a table of embeddings that
   * is also the map to logits.
   *
   * @param x {@code [..., in]}
   * @param w {@code [out, in]}
   * @param bias {@code [out]}, or null
   */
  public static Variable linearTransposed(
      Tape tape, Variable x, Variable w, @Nullable Variable bias) {
    return linear(tape, x, w, bias, true);
  }

  private static Variable linear(
      Tape tape, Variable x, Variable w, @Nullable Variable bias, boolean transposed) {
    int in = Tiles.columns("linear", x);
    checkArgument(
        w.rank() == 2 && w.size(transposed ? 1 : 0) == in,
        "linear: weight must have shape %s for input %s, got %s",
        transposed ? "[out, " + in + "]" : "[" + in + ", out]",
        Arrays.toString(x.shape()),
        Arrays.toString(w.shape()));
    int out = w.size(transposed ? 0 : 1);
    checkArgument(
        bias == null || bias.length() == out,
        "linear: bias must have %s elements, got %s",
        out,
        bias == null ? 0 : bias.length());
    Tiles.checkSameType("linear", x, w, bias);
    return new Product<>(Precision.of(x.type()), x, w, in, out, transposed).record(tape, bias);
  }

  /** One application. */
  private record Product<A>(
      Precision<A> precision, Variable x, Variable w, int in, int out, boolean transposed) {

    Variable record(Tape tape, @Nullable Variable bias) {
      int rows = rows();
      long[] shape = x.shape().clone();
      shape[shape.length - 1] = out;
      INDArray y = tape.allocate(x.type(), shape);
      Slab<A> to = precision.slab(y);
      if (bias != null) {
        repeat(precision, precision.slab(bias.operand()), to, rows, out);
      }
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> ws = precision.slab(w.operand());
      int beta = bias != null ? 1 : 0;
      Blas.gemm(false, transposed, rows, out, in, 1, xs, 0, in, ws, 0, ldw(), beta, to, 0, out);
      return tape.record(y, this::pullback, x, w, bias);
    }

    private int rows() {
      return Math.toIntExact(Tiles.rows(x, in));
    }

    /** The leading dimension of the weight. */
    private int ldw() {
      return transposed ? in : out;
    }

    private void pullback(Cotangents cotangents) {
      int rows = rows();
      Slab<A> gy = precision.slab(cotangents.output());
      Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
      if (gx != null) {
        Slab<A> ws = precision.slab(w.operand());
        Slab<A> to = gx.slab();
        Blas.gemm(
            false, !transposed, rows, in, out, 1, gy, 0, out, ws, 0, ldw(), gx.beta(), to, 0, in);
      }
      Tiles.Target<A> gw = Tiles.target(precision, cotangents, 1);
      if (gw != null) {
        weightGradient(gy, rows, gw);
      }
      Tiles.Target<A> gb = Tiles.target(precision, cotangents, 2);
      if (gb != null) {
        sumRows(precision, gy, rows, out, gb);
      }
    }

    private void weightGradient(Slab<A> gy, int rows, Tiles.Target<A> gw) {
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> to = gw.slab();
      int beta = gw.beta();
      if (transposed) {
        Blas.gemm(true, false, out, in, rows, 1, gy, 0, out, xs, 0, in, beta, to, 0, in);
      } else {
        Blas.gemm(true, false, in, out, rows, 1, xs, 0, in, gy, 0, out, beta, to, 0, out);
      }
    }
  }

  /** Copies one row to every row. */
  static <A> void repeat(Precision<A> precision, Slab<A> row, Slab<A> to, int rows, int columns) {
    int tileRows = Tiles.tileRows(columns);
    Parallel.ranges(
        rows,
        Tiles.taskRows(columns),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int most = (int) Math.min(tileRows, end - from);
            A tile = scratch.take(most * columns);
            for (int r = 0; r < most; r++) {
              row.load(0, tile, r * columns, columns);
            }
            for (long r = from; r < end; r += most) {
              to.store(r * columns, tile, 0, (int) Math.min(most, end - r) * columns);
            }
          }
        });
  }

  /** The sum of all rows. */
  static <A> void sumRows(
      Precision<A> precision, Slab<A> x, int rows, int columns, Tiles.Target<A> target) {
    Kernels<A> kernels = precision.kernels();
    int tileRows = Tiles.tileRows(columns);
    Partials.run(
        precision,
        rows,
        Tiles.taskRows(columns),
        columns,
        target,
        null,
        (from, end, sum, unused) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(tileRows * columns);
            for (long r = from; r < end; r += tileRows) {
              int n = (int) Math.min(tileRows, end - r);
              x.load(r * columns, tile, 0, n * columns);
              for (int i = 0; i < n; i++) {
                kernels.add(sum, 0, tile, i * columns, sum, 0, columns);
              }
            }
          }
        });
  }
}
