package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A first-order recurrence of vectors under one factor per step, as one operation:
 *
 * <pre>{@code
 * y_t = a_t y_{t-1} + x_t                             plain
 * y_t = shrink(a_t y_{t-1} + x_t, τ_t)                with thresholds
 * shrink(x, τ) = sign(x) max(|x| - τ, 0)
 * }</pre>
 *
 * <p>The pullback runs the adjoint {@code r_t = (g_t + a_{t+1} r_{t+1}) [y_t ≠ 0]} backwards.
 *
 * @param <A> the array type
 */
final class LinearScan<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final int rows;
  private final int steps;
  private final int size;

  private LinearScan(Precision<A> precision, int rows, int steps, int size) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.rows = rows;
    this.steps = steps;
    this.size = size;
  }

  /**
   * The products of factors, {@code L_ts = a_t ... a_{s+1}} for s up to t, else 0: the recurrence
   * on the columns of the identity.
   *
   * @param a {@code [B, H, C, 1]}
   * @return {@code [B, H, C, C]}
   */
  static Variable products(Tape tape, Variable a) {
    int steps = a.size(2);
    long[] shape = {a.size(0), a.size(1), steps, steps};
    Precision<?> precision = Precision.of(a.type());
    return run(tape, precision, shape, steps, a, null, null, null);
  }

  /**
   * Runs it.
   *
   * @param a {@code [B, H, C, 1]}
   * @param x {@code [B, H, C, ...]}
   * @param initial {@code y_{-1} [B, H, ...]}, or null for zero
   * @param thresholds {@code τ [B, H, C, 1]}, or null
   * @return y, shaped as x
   */
  static Variable run(Tape tape, Variable a, Variable x, Variable initial, Variable thresholds) {
    int rows = x.size(0) * x.size(1);
    int steps = x.size(2);
    long scalars = (long) rows * steps;
    checkArgument(
        a.length() == scalars && (thresholds == null || thresholds.length() == scalars),
        "scan: needs a factor for each of %s steps, got %s",
        scalars,
        a.length());
    int size = (int) (x.length() / Math.max(1, scalars));
    checkArgument(
        initial == null || initial.length() == (long) rows * size,
        "scan: initial must have %s numbers, got %s",
        (long) rows * size,
        initial == null ? 0 : initial.length());
    return run(tape, Precision.of(x.type()), x.shape(), size, a, x, initial, thresholds);
  }

  private static <A> Variable run(
      Tape tape,
      Precision<A> precision,
      long[] shape,
      int size,
      Variable a,
      Variable x,
      Variable initial,
      Variable thresholds) {
    LinearScan<A> scan =
        new LinearScan<>(precision, (int) (shape[0] * shape[1]), (int) shape[2], size);
    INDArray y = tape.allocate(precision.type(), shape);
    scan.forward(a, x, initial, thresholds, y);
    return tape.record(
        y,
        cotangents -> scan.pullback(cotangents, a, initial, thresholds, y),
        a,
        x,
        initial,
        thresholds);
  }

  private Slab<A> slab(Variable variable) {
    return variable == null ? null : precision.slab(variable.operand());
  }

  private void forward(
      Variable a, Variable x, Variable initial, Variable thresholds, INDArray out) {
    Slab<A> as = slab(a);
    Slab<A> xs = slab(x);
    Slab<A> start = slab(initial);
    Slab<A> taus = slab(thresholds);
    Slab<A> ys = precision.slab(out);
    Parallel.run(
        rows,
        row -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A factors = scalars(scratch, as, row);
            A limits = taus == null ? null : scalars(scratch, taus, row);
            A y = scratch.take(size);
            A next = scratch.take(size);
            before(start, row, y);
            for (int t = 0; t < steps; t++) {
              if (xs != null) {
                xs.load(at(row, t), next, 0, size);
              } else {
                kernels.fill(next, 0, size, 0);
                kernels.set(next, t, 1);
              }
              if (t > 0 || start != null) {
                kernels.axpy(kernels.get(factors, t), y, 0, next, 0, size);
              }
              if (limits != null) {
                shrink(next, kernels.get(limits, t));
              }
              ys.store(at(row, t), next, 0, size);
              A last = y;
              y = next;
              next = last;
            }
          }
        });
  }

  private long at(int row, int t) {
    return ((long) row * steps + t) * size;
  }

  private A scalars(Scratch<A> scratch, Slab<A> slab, int row) {
    A values = scratch.take(steps);
    slab.load((long) row * steps, values, 0, steps);
    return values;
  }

  private void before(Slab<A> start, int row, A y) {
    if (start == null) {
      kernels.fill(y, 0, size, 0);
    } else {
      start.load((long) row * size, y, 0, size);
    }
  }

  private void shrink(A x, double tau) {
    for (int i = 0; i < size; i++) {
      double value = kernels.get(x, i);
      double rest = Math.abs(value) - tau;
      // NaN stays: nothing broken may look whole again.
      kernels.set(x, i, rest <= 0 ? 0 : Math.copySign(rest, value));
    }
  }

  private void pullback(
      Cotangents cotangents, Variable a, Variable initial, Variable thresholds, INDArray out) {
    INDArray ga = zeros(cotangents, 0);
    INDArray gx = zeros(cotangents, 1);
    INDArray gStart = initial == null ? null : zeros(cotangents, 2);
    INDArray gTau = thresholds == null ? null : zeros(cotangents, 3);
    Slab<A> toA = slab(ga);
    Slab<A> toX = slab(gx);
    Slab<A> toStart = slab(gStart);
    Slab<A> toTau = slab(gTau);
    Slab<A> as = slab(a);
    Slab<A> start = slab(initial);
    Slab<A> ys = precision.slab(out);
    Slab<A> gs = precision.slab(cotangents.output(0));
    Parallel.run(
        rows,
        row -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A factors = scalars(scratch, as, row);
            A own = scratch.zeros(steps);
            A limits = scratch.zeros(steps);
            A r = scratch.zeros(size);
            A y = scratch.take(size);
            A g = scratch.take(size);
            for (int t = steps - 1; t >= 0; t--) {
              gs.load(at(row, t), g, 0, size);
              kernels.add(r, 0, g, 0, r, 0, size);
              if (thresholds != null) {
                ys.load(at(row, t), y, 0, size);
                kernels.set(limits, t, throughShrink(y, r));
              }
              if (toX != null) {
                toX.store(at(row, t), r, 0, size);
              }
              if (t > 0) {
                ys.load(at(row, t - 1), y, 0, size);
              } else {
                before(start, row, y);
              }
              kernels.set(own, t, kernels.dot(r, 0, y, 0, size));
              kernels.affine(kernels.get(factors, t), r, 0, 0, r, 0, size);
            }
            store(toA, row, steps, own);
            store(toTau, row, steps, limits);
            store(toStart, row, size, r);
          }
        });
    add(cotangents, 0, ga);
    add(cotangents, 1, gx);
    add(cotangents, 2, gStart);
    add(cotangents, 3, gTau);
  }

  /** Masks the adjoint where the output is 0; what the threshold gets. */
  private double throughShrink(A y, A r) {
    double threshold = 0;
    for (int i = 0; i < size; i++) {
      double value = kernels.get(y, i);
      if (value == 0) {
        kernels.set(r, i, 0);
      } else {
        threshold -= Math.signum(value) * kernels.get(r, i);
      }
    }
    return threshold;
  }

  private Slab<A> slab(INDArray array) {
    return array == null ? null : precision.slab(array);
  }

  private static INDArray zeros(Cotangents cotangents, int i) {
    return cotangents.needs(i)
        ? cotangents.tape().zeros(typeOf(cotangents), cotangents.shape(i))
        : null;
  }

  private static DataType typeOf(Cotangents cotangents) {
    return cotangents.output(0).dataType();
  }

  private static void add(Cotangents cotangents, int i, INDArray gradient) {
    if (gradient != null) {
      cotangents.add(i, gradient);
    }
  }

  private void store(Slab<A> to, int row, int n, A values) {
    if (to != null) {
      to.store((long) row * n, values, 0, n);
    }
  }
}
