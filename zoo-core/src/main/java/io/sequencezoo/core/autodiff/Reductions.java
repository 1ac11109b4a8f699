package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.function.BiConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Primitives that combine elements along axes; {@link Primitives} documents them. */
final class Reductions {
  private Reductions() {}

  static Variable sum(Tape tape, Variable x) {
    return sum(tape, Precision.of(x.type()), x, new Axis(1, x.length(), 1), new long[0]);
  }

  static Variable sum(Tape tape, Variable x, int axis, boolean keep) {
    Axis view = Axis.of("sum", x.shape(), axis);
    return sum(tape, Precision.of(x.type()), x, view, Axis.without(x.shape(), axis, keep));
  }

  private static <A> Variable sum(
      Tape tape, Precision<A> p, Variable x, Axis view, long[] resultShape) {
    INDArray value = tape.allocate(x.type(), resultShape);
    new Sums<>(tape, p)
        .overMiddle(Source.of(p, x.operand()), view.outer(), view.size(), view.inner(), value, 0);
    return tape.record(
        value,
        c -> {
          long[] kept = {view.outer(), 1, view.inner()};
          long[] full = {view.outer(), view.size(), view.inner()};
          Source<A> spread = Source.of(p, c.output().reshape('c', kept), full);
          Arithmetic.contribute(c, p, 0, x.shape(), spread);
        },
        x);
  }

  static Variable max(Tape tape, Variable x, int axis, boolean keep) {
    Axis view = Axis.of("max", x.shape(), axis);
    return max(tape, Precision.of(x.type()), x, view, Axis.without(x.shape(), axis, keep));
  }

  private static <A> Variable max(
      Tape tape, Precision<A> p, Variable x, Axis view, long[] resultShape) {
    Kernels<A> kernels = p.kernels();
    INDArray value = tape.allocate(x.type(), resultShape);
    Slab<A> from = p.slab(x.operand());
    Slab<A> to = p.slab(value);
    int inner = (int) view.inner();
    int[] where = new int[(int) (view.outer() * inner)];
    Parallel.run(
        (int) view.outer(),
        i -> {
          try (Scratch<A> scratch = p.scratch()) {
            A best = scratch.take(inner);
            A row = scratch.take(inner);
            from.load(i * view.size() * inner, best, 0, inner);
            for (int r = 1; r < view.size(); r++) {
              from.load((i * view.size() + r) * inner, row, 0, inner);
              for (int j = 0; j < inner; j++) {
                double candidate = kernels.get(row, j);
                double highest = kernels.get(best, j);
                // NaN wins once and stays, as in NumPy.
                if (candidate > highest || (Double.isNaN(candidate) && !Double.isNaN(highest))) {
                  kernels.set(best, j, candidate);
                  where[i * inner + j] = r;
                }
              }
            }
            to.store((long) i * inner, best, 0, inner);
          }
        });
    return tape.record(value, c -> pullBackMax(c, p, view, where), x);
  }

  private static <A> void pullBackMax(Cotangents c, Precision<A> p, Axis view, int[] where) {
    Kernels<A> kernels = p.kernels();
    Cotangents.Sink sink = c.sink(0);
    if (sink.beta() == 0) {
      Elementwise.fill(sink.array(), 0);
    }
    Slab<A> gy = p.slab(c.output());
    Slab<A> gx = p.slab(sink.array());
    int inner = (int) view.inner();
    try (Scratch<A> scratch = p.scratch()) {
      A one = scratch.take(1);
      A before = scratch.take(1);
      for (int k = 0; k < where.length; k++) {
        long at = (k / inner * view.size() + where[k]) * inner + k % inner;
        gy.load(k, one, 0, 1);
        gx.load(at, before, 0, 1);
        kernels.add(before, 0, one, 0, one, 0, 1);
        gx.store(at, one, 0, 1);
      }
    }
  }

  static Variable softmax(Tape tape, Variable x) {
    return softmax(tape, Precision.of(x.type()), x);
  }

  private static <A> Variable softmax(Tape tape, Precision<A> p, Variable x) {
    Kernels<A> kernels = p.kernels();
    int n = Axis.last("softmax", x);
    return byRows(
        tape,
        p,
        n,
        x,
        (tile, spare) -> {
          double sum = kernels.expShift(tile, 0, kernels.max(tile, 0, n), tile, 0, n);
          kernels.affine(1 / sum, tile, 0, 0, tile, 0, n);
        },
        (y, gy) -> {
          // gx = y (gy - y·gy)
          double dot = kernels.dot(y, 0, gy, 0, n);
          kernels.affine(1, gy, 0, -dot, gy, 0, n);
          kernels.multiply(gy, 0, y, 0, gy, 0, n);
        });
  }

  static Variable logSoftmax(Tape tape, Variable x) {
    return logSoftmax(tape, Precision.of(x.type()), x);
  }

  private static <A> Variable logSoftmax(Tape tape, Precision<A> p, Variable x) {
    Kernels<A> kernels = p.kernels();
    int n = Axis.last("logSoftmax", x);
    return byRows(
        tape,
        p,
        n,
        x,
        (tile, powers) -> {
          double max = kernels.max(tile, 0, n);
          double sum = kernels.expShift(tile, 0, max, powers, 0, n);
          kernels.affine(1, tile, 0, -(max + Math.log(sum)), tile, 0, n);
        },
        (y, gy) -> {
          // gx = gy - e^y Σ gy
          double total = kernels.sum(gy, 0, n);
          kernels.expShift(y, 0, 0, y, 0, n);
          kernels.axpy(-total, y, 0, gy, 0, n);
        });
  }

  /** Rows of n that don't meet: {@code f} in place, and the pullback of its values. */
  private static <A> Variable byRows(
      Tape tape, Precision<A> p, int n, Variable x, BiConsumer<A, A> f, BiConsumer<A, A> pullback) {
    INDArray value = tape.allocate(x.type(), x.shape());
    Slab<A> from = p.slab(x.operand());
    Slab<A> to = p.slab(value);
    rows(
        p,
        from.length() / n,
        n,
        (row, tiles) -> {
          A tile = tiles.take(n);
          from.load(row * n, tile, 0, n);
          f.accept(tile, tiles.take(n));
          to.store(row * n, tile, 0, n);
        });
    return tape.record(value, c -> rowPullback(c, p, n, value, pullback), x);
  }

  static Variable logSumExp(Tape tape, Variable x, boolean keep) {
    return logSumExp(tape, Precision.of(x.type()), x, keep);
  }

  private static <A> Variable logSumExp(Tape tape, Precision<A> p, Variable x, boolean keep) {
    Kernels<A> kernels = p.kernels();
    int n = Axis.last("logSumExp", x);
    INDArray value = tape.allocate(x.type(), Axis.without(x.shape(), -1, keep));
    Slab<A> from = p.slab(x.operand());
    Slab<A> to = p.slab(value);
    rows(
        p,
        to.length(),
        n,
        (row, tiles) -> {
          A tile = tiles.take(n);
          from.load(row * n, tile, 0, n);
          double max = kernels.max(tile, 0, n);
          // A row of -infinity sums to -infinity, one with +infinity to +infinity, not to NaN.
          double shift = Double.isInfinite(max) ? 0 : max;
          double sum = kernels.expShift(tile, 0, shift, tile, 0, n);
          kernels.set(tile, 0, shift + Math.log(sum));
          to.store(row, tile, 0, 1);
        });
    return tape.record(value, c -> pullBackLogSumExp(c, p, n, x, value), x);
  }

  private static <A> void pullBackLogSumExp(
      Cotangents c, Precision<A> p, int n, Variable x, INDArray value) {
    Kernels<A> kernels = p.kernels();
    Slab<A> totals = p.slab(value);
    Slab<A> gy = p.slab(c.output());
    Slab<A> from = p.slab(x.operand());
    Cotangents.Sink sink = c.sink(0);
    Slab<A> gx = p.slab(sink.array());
    rows(
        p,
        totals.length(),
        n,
        (row, tiles) -> {
          A tile = tiles.take(n);
          A before = tiles.take(n);
          totals.load(row, tile, 0, 1);
          double total = kernels.get(tile, 0);
          gy.load(row, tile, 0, 1);
          double gradient = kernels.get(tile, 0);
          from.load(row * n, tile, 0, n);
          kernels.expShift(tile, 0, total, tile, 0, n);
          kernels.affine(gradient, tile, 0, 0, tile, 0, n);
          if (sink.beta() != 0) {
            gx.load(row * n, before, 0, n);
            kernels.add(tile, 0, before, 0, tile, 0, n);
          }
          gx.store(row * n, tile, 0, n);
        });
  }

  static Variable cumulativeSum(Tape tape, Variable x, int axis, boolean reverse) {
    return cumulativeSum(
        tape, Precision.of(x.type()), x, Axis.of("cumulativeSum", x.shape(), axis), reverse);
  }

  private static <A> Variable cumulativeSum(
      Tape tape, Precision<A> p, Variable x, Axis view, boolean reverse) {
    INDArray value = tape.allocate(x.type(), x.shape());
    accumulate(p, x.operand(), view, reverse, value, 0);
    return tape.record(
        value,
        c -> {
          Cotangents.Sink sink = c.sink(0);
          accumulate(p, c.output(), view, !reverse, sink.array(), sink.beta());
        },
        x);
  }

  private static <A> void accumulate(
      Precision<A> p, INDArray source, Axis view, boolean reverse, INDArray target, int beta) {
    Kernels<A> kernels = p.kernels();
    Slab<A> from = p.slab(source);
    Slab<A> to = p.slab(target);
    int steps = (int) view.size();
    long stride = view.inner();
    int width = (int) Math.min(stride, Elementwise.TILE);
    int blocks = (int) ((stride + width - 1) / width);
    Parallel.run(
        (int) (view.outer() * blocks),
        task -> {
          long column = (long) task % blocks * width;
          int n = (int) Math.min(width, stride - column);
          long start = (long) (task / blocks) * steps * stride + column;
          try (Scratch<A> scratch = p.scratch()) {
            A total = scratch.zeros(n);
            A tile = scratch.take(n);
            for (int s = 0; s < steps; s++) {
              long at = start + (reverse ? steps - 1 - s : s) * stride;
              from.load(at, tile, 0, n);
              kernels.add(total, 0, tile, 0, total, 0, n);
              if (beta == 0) {
                to.store(at, total, 0, n);
              } else {
                to.load(at, tile, 0, n);
                kernels.add(total, 0, tile, 0, tile, 0, n);
                to.store(at, tile, 0, n);
              }
            }
          }
        });
  }

  /** A body over one row. */
  @FunctionalInterface
  private interface Row<A> {
    void accept(long row, Scratch<A> scratch);
  }

  private static <A> void rowPullback(
      Cotangents c, Precision<A> p, int n, INDArray value, BiConsumer<A, A> gradient) {
    Kernels<A> kernels = p.kernels();
    Slab<A> y = p.slab(value);
    Slab<A> gy = p.slab(c.output());
    Cotangents.Sink sink = c.sink(0);
    Slab<A> gx = p.slab(sink.array());
    rows(
        p,
        y.length() / n,
        n,
        (row, scratch) -> {
          A out = scratch.take(n);
          A tile = scratch.take(n);
          y.load(row * n, out, 0, n);
          gy.load(row * n, tile, 0, n);
          gradient.accept(out, tile);
          if (sink.beta() != 0) {
            gx.load(row * n, out, 0, n);
            kernels.add(tile, 0, out, 0, tile, 0, n);
          }
          gx.store(row * n, tile, 0, n);
        });
  }

  private static <A> void rows(Precision<A> p, long rows, int n, Row<A> body) {
    int grain = Math.max(1, Elementwise.GRAIN / Math.max(1, n));
    Parallel.ranges(
        rows,
        grain,
        (start, end) -> {
          for (long row = start; row < end; row++) {
            try (Scratch<A> scratch = p.scratch()) {
              body.accept(row, scratch);
            }
          }
        });
  }
}
