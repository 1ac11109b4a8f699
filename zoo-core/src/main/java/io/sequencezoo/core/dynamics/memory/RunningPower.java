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
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The power sums of a matrix that moves by outer products, without a matrix for every step, as one
 * operation:
 *
 * <pre>{@code
 * A_t = a_t A_{t-1} + x_t d_tᵀ
 * p_t = Σ_ij |A_t[i, j]|^q
 * }</pre>
 *
 * <p>The pullback runs {@code R_t = a_{t+1} R_{t+1} + g_t q sign(A_t) |A_t|^{q-1}} backwards:
 * {@code R_t·A_{t-1}} for a, {@code R_t d_t} for x, {@code R_tᵀ x_t} for d. Rows of A don't see
 * each other, so one row at a time goes all the way: memory for C rows, not C matrices. q = 4 is
 * products alone.
 *
 * @param <A> the array type
 */
final class RunningPower<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Variable factors;
  private final Variable left;
  private final Variable right;
  private final Variable initial;
  private final double q;
  private final int matrices;
  private final int steps;
  private final int in;
  private final int out;

  private RunningPower(
      Precision<A> precision,
      Variable factors,
      Variable left,
      Variable right,
      Variable initial,
      double q) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.factors = factors;
    this.left = left;
    this.right = right;
    this.initial = initial;
    this.q = q;
    this.matrices = left.size(0) * left.size(1);
    this.steps = left.size(2);
    this.in = left.size(3);
    this.out = right.size(3);
    checkArgument(
        factors.value().length() == (long) matrices * steps
            && initial.value().length() == (long) matrices * in * out,
        "power: needs %s factors and %s initial numbers, got %s and %s",
        (long) matrices * steps,
        (long) matrices * in * out,
        factors.value().length(),
        initial.value().length());
  }

  /**
   * Runs it.
   *
   * @param a {@code [B, H, C, 1]}
   * @param x {@code [B, H, C, I]}
   * @param d {@code [B, H, C, O]}
   * @param initial {@code A_{-1} [B, H, I, O]}
   * @param q at least 2
   * @return p, {@code [B, H, C, 1]}
   */
  static Variable run(Tape tape, Variable a, Variable x, Variable d, Variable initial, double q) {
    return new RunningPower<>(Precision.of(x.value()), a, x, d, initial, q).run(tape);
  }

  private Variable run(Tape tape) {
    INDArray powers = tape.allocate(precision.type(), left.size(0), left.size(1), steps, 1);
    forward(precision.slab(powers));
    return tape.record(powers, this::pullback, factors, left, right, initial);
  }

  private Slab<A> slab(Variable variable) {
    return precision.slab(variable.value());
  }

  /** The coefficients of a matrix on the heap. */
  private final class Coefficients {
    private final A a;
    private final A x;
    private final A d;

    Coefficients(Scratch<A> scratch, Slab<A> as, Slab<A> xs, Slab<A> ds, int matrix) {
      this.a = load(scratch, as, matrix, steps);
      this.x = load(scratch, xs, matrix, steps * in);
      this.d = load(scratch, ds, matrix, steps * out);
    }

    private A load(Scratch<A> scratch, Slab<A> slab, int matrix, int n) {
      A values = scratch.take(n);
      slab.load((long) matrix * n, values, 0, n);
      return values;
    }

    /** Row i of the next A, from one place to another, which may be the same. */
    void advance(int t, int i, A from, int at, A to, int next) {
      kernels.affine(kernels.get(a, t), from, at, 0, to, next, out);
      kernels.axpy(kernels.get(x, t * in + i), d, t * out, to, next, out);
    }
  }

  private void forward(Slab<A> to) {
    Slab<A> as = slab(factors);
    Slab<A> xs = slab(left);
    Slab<A> ds = slab(right);
    Slab<A> start = slab(initial);
    Parallel.run(
        matrices,
        matrix -> {
          try (Scratch<A> scratch = precision.scratch()) {
            Coefficients given = new Coefficients(scratch, as, xs, ds, matrix);
            A sums = scratch.zeros(steps);
            A row = scratch.take(out);
            A spare = scratch.take(out);
            for (int i = 0; i < in; i++) {
              start.load(((long) matrix * in + i) * out, row, 0, out);
              for (int t = 0; t < steps; t++) {
                given.advance(t, i, row, 0, row, 0);
                kernels.set(sums, t, kernels.get(sums, t) + power(row, spare));
              }
            }
            to.store((long) matrix * steps, sums, 0, steps);
          }
        });
  }

  private double power(A row, A spare) {
    if (q == 4) {
      kernels.multiply(row, 0, row, 0, spare, 0, out);
      return kernels.dot(spare, 0, spare, 0, out);
    }
    double sum = 0;
    for (int j = 0; j < out; j++) {
      sum += Math.pow(Math.abs(kernels.get(row, j)), q);
    }
    return sum;
  }

  /** {@code sign(y) |y|^{q-1}}. */
  private void slope(A rows, int at, A slope) {
    if (q == 4) {
      kernels.multiply(rows, at, rows, at, slope, 0, out);
      kernels.multiply(slope, 0, rows, at, slope, 0, out);
      return;
    }
    for (int j = 0; j < out; j++) {
      double y = kernels.get(rows, at + j);
      kernels.set(slope, j, y * Math.pow(Math.abs(y), q - 2));
    }
  }

  private void pullback(Cotangents cotangents) {
    Slab<A> as = slab(factors);
    Slab<A> xs = slab(left);
    Slab<A> ds = slab(right);
    Slab<A> start = slab(initial);
    Slab<A> gs = precision.slab(cotangents.output(0));
    INDArray[] gradients = new INDArray[4];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = cotangents.tape().allocate(precision.type(), cotangents.shape(i));
    }
    Slab<A> toA = precision.slab(gradients[0]);
    Slab<A> toX = precision.slab(gradients[1]);
    Slab<A> toD = precision.slab(gradients[2]);
    Slab<A> toStart = precision.slab(gradients[3]);
    Parallel.run(
        matrices,
        matrix -> {
          try (Scratch<A> scratch = precision.scratch()) {
            Coefficients given = new Coefficients(scratch, as, xs, ds, matrix);
            A g = given.load(scratch, gs, matrix, steps);
            A ga = scratch.zeros(steps);
            A gx = scratch.take(steps * in);
            A gd = scratch.zeros(steps * out);
            A path = scratch.take((steps + 1) * out);
            A r = scratch.take(out);
            A slope = scratch.take(out);
            for (int i = 0; i < in; i++) {
              start.load(((long) matrix * in + i) * out, path, 0, out);
              for (int t = 0; t < steps; t++) {
                given.advance(t, i, path, t * out, path, (t + 1) * out);
              }
              kernels.fill(r, 0, out, 0);
              for (int t = steps - 1; t >= 0; t--) {
                slope(path, (t + 1) * out, slope);
                kernels.axpy(q * kernels.get(g, t), slope, 0, r, 0, out);
                double along = kernels.dot(r, 0, path, t * out, out);
                kernels.set(ga, t, kernels.get(ga, t) + along);
                kernels.set(gx, t * in + i, kernels.dot(r, 0, given.d, t * out, out));
                kernels.axpy(kernels.get(given.x, t * in + i), r, 0, gd, t * out, out);
                kernels.affine(kernels.get(given.a, t), r, 0, 0, r, 0, out);
              }
              toStart.store(((long) matrix * in + i) * out, r, 0, out);
            }
            toA.store((long) matrix * steps, ga, 0, steps);
            toX.store((long) matrix * steps * in, gx, 0, steps * in);
            toD.store((long) matrix * steps * out, gd, 0, steps * out);
          }
        });
    for (int i = 0; i < gradients.length; i++) {
      cotangents.add(i, gradients[i]);
    }
  }
}
