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
  public static Variable linear(Tape tape, Variable x, Variable w, Variable bias) {
    int in = Tiles.columns("linear", x);
    checkArgument(
        w.value().rank() == 2 && w.size(0) == in,
        "linear: weight must have shape [%s, out] for input %s, got %s",
        in,
        Arrays.toString(x.shape()),
        Arrays.toString(w.shape()));
    checkArgument(
        bias == null || bias.value().length() == w.size(1),
        "linear: bias must have %s elements, got %s",
        w.size(1),
        bias == null ? 0 : bias.value().length());
    Tiles.checkSameType("linear", x, w, bias);
    return typed(tape, Precision.of(x.value()), x, w, bias);
  }

  private static <A> Variable typed(
      Tape tape, Precision<A> precision, Variable x, Variable w, Variable bias) {
    int in = w.size(0);
    int out = w.size(1);
    int rows = Math.toIntExact(Tiles.rows(x, in));
    long[] shape = x.shape().clone();
    shape[shape.length - 1] = out;
    INDArray y = tape.allocate(x.type(), shape);
    Slab<A> to = precision.slab(y);
    if (bias != null) {
      repeat(precision, precision.slab(bias.value()), to, rows, out);
    }
    Blas.gemm(
        false,
        false,
        rows,
        out,
        in,
        1,
        precision.slab(x.value()),
        0,
        in,
        precision.slab(w.value()),
        0,
        out,
        bias != null ? 1 : 0,
        to,
        0,
        out);
    return tape.record(y, cotangents -> pullback(precision, cotangents, x, w), x, w, bias);
  }

  private static <A> void pullback(
      Precision<A> precision, Cotangents cotangents, Variable x, Variable w) {
    int in = w.size(0);
    int out = w.size(1);
    int rows = Math.toIntExact(Tiles.rows(x, in));
    Slab<A> gy = precision.slab(cotangents.output(0));
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    if (gx != null) {
      Slab<A> weights = precision.slab(w.value());
      Blas.gemm(
          false, true, rows, in, out, 1, gy, 0, out, weights, 0, out, gx.beta(), gx.slab(), 0, in);
    }
    Tiles.Target<A> gw = Tiles.target(precision, cotangents, 1);
    if (gw != null) {
      Slab<A> from = precision.slab(x.value());
      Blas.gemm(
          true, false, in, out, rows, 1, from, 0, in, gy, 0, out, gw.beta(), gw.slab(), 0, out);
    }
    Tiles.Target<A> gb = Tiles.target(precision, cotangents, 2);
    if (gb != null) {
      sumRows(precision, gy, rows, out, gb);
    }
  }

  private static <A> void repeat(
      Precision<A> precision, Slab<A> row, Slab<A> to, int rows, int columns) {
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

  private static <A> void sumRows(
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
