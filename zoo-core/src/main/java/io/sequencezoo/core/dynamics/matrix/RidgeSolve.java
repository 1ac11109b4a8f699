package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.function.BiFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Conjugate gradients for {@code (H_t + diag(λ)) x_t = b_t} at every token and head at once, from
 * zero. Products with {@code H_t} are those of a whole sequence, so that no matrix of a token is
 * ever formed; a token that is solved stays as it is.
 *
 * @param <A> the heap array type
 */
final class RidgeSolve<A> {
  /** Relative residuals that rounding leaves anyway. */
  private static final double DOUBLE_TOLERANCE = 1e-14;

  private static final double FLOAT_TOLERANCE = 1e-7;

  /** Rows of a task. */
  private static final int GRAIN = 64;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final BiFunction<Tape, INDArray, INDArray> product;
  private final Slab<A> ridge;
  private final boolean perToken;
  private final int[] lengths;
  private final int limit;
  private final double tolerance;
  private RidgeReport report;

  /**
   * @param product from {@code p [B, T, H, K]} to {@code H_t p_t}, on a tape of its own
   * @param ridge λ, {@code [H, K]}, or {@code [B, T, H]} for one number per token and head
   * @param lengths valid positions of each row; others have solution zero
   * @param limit the most iterations
   */
  RidgeSolve(
      Precision<A> precision,
      BiFunction<Tape, INDArray, INDArray> product,
      INDArray ridge,
      int[] lengths,
      int limit) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.product = product;
    this.ridge = precision.slab(ridge);
    this.perToken = ridge.rank() > 2;
    this.lengths = lengths;
    this.limit = limit;
    this.tolerance = precision == Precision.DOUBLE ? DOUBLE_TOLERANCE : FLOAT_TOLERANCE;
  }

  /** How the last one went. */
  RidgeReport report() {
    return report;
  }

  /** {@code x [B, T, H, K]}, on the tape's memory. */
  INDArray run(Tape tape, INDArray b) {
    INDArray x = tape.zeros(precision.type(), b.shape());
    INDArray residuals = tape.zeros(precision.type(), b.shape());
    INDArray directions = tape.zeros(precision.type(), b.shape());
    Iteration iteration = new Iteration(b, x, residuals, directions);
    int iterations = 0;
    while (iterations < limit && iteration.anyActive()) {
      try (Tape inner = Tape.inference()) {
        Slab<A> image = precision.slab(product.apply(inner, directions));
        iteration.advance(image);
      }
      iterations++;
    }
    report = new RidgeReport(iterations, iteration.largest());
    return x;
  }

  /** The vectors of all tokens and heads, a row each. */
  private final class Iteration {
    private final int rows;
    private final int heads;
    private final int keys;
    private final Slab<A> x;
    private final Slab<A> r;
    private final Slab<A> p;
    private final double[] start;
    private final double[] square;

    Iteration(INDArray b, INDArray x, INDArray r, INDArray p) {
      int steps = (int) b.size(1);
      this.heads = (int) b.size(2);
      this.keys = (int) b.size(3);
      this.rows = (int) b.size(0) * steps * heads;
      this.x = precision.slab(x);
      this.r = precision.slab(r);
      this.p = precision.slab(p);
      this.start = new double[rows];
      this.square = new double[rows];
      Slab<A> from = precision.slab(b);
      Parallel.ranges(
          rows,
          GRAIN,
          (first, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A row = scratch.take(keys);
              for (int i = (int) first; i < end; i++) {
                int token = i / heads;
                if (token % steps < lengths[token / steps]) {
                  from.load((long) i * keys, row, 0, keys);
                  this.r.store((long) i * keys, row, 0, keys);
                  this.p.store((long) i * keys, row, 0, keys);
                  start[i] = kernels.dot(row, 0, row, 0, keys);
                  square[i] = start[i];
                }
              }
            }
          });
    }

    /** Whether a row isn't solved, NaN included. */
    private boolean isActive(int i) {
      return !(square[i] <= tolerance * tolerance * start[i]);
    }

    boolean anyActive() {
      for (int i = 0; i < rows; i++) {
        if (isActive(i)) {
          return true;
        }
      }
      return false;
    }

    double largest() {
      double largest = 0;
      for (int i = 0; i < rows; i++) {
        double share = start[i] == 0 ? 0 : square[i] / start[i];
        largest = Math.max(largest, share);
      }
      return Math.sqrt(largest);
    }

    void advance(Slab<A> image) {
      Parallel.ranges(
          rows,
          GRAIN,
          (first, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A lambda = scratch.take(perToken ? 1 : heads * keys);
              A direction = scratch.take(keys);
              A moved = scratch.take(keys);
              A row = scratch.take(keys);
              if (!perToken) {
                ridge.load(0, lambda, 0, heads * keys);
              }
              for (int i = (int) first; i < end; i++) {
                if (isActive(i)) {
                  long at = (long) i * keys;
                  p.load(at, direction, 0, keys);
                  image.load(at, moved, 0, keys);
                  if (perToken) {
                    ridge.load(i, lambda, 0, 1);
                    kernels.axpy(kernels.get(lambda, 0), direction, 0, moved, 0, keys);
                  } else {
                    kernels.multiplyAdd(lambda, i % heads * keys, direction, 0, moved, 0, keys);
                  }
                  double step = square[i] / kernels.dot(direction, 0, moved, 0, keys);
                  x.load(at, row, 0, keys);
                  kernels.axpy(step, direction, 0, row, 0, keys);
                  x.store(at, row, 0, keys);
                  r.load(at, row, 0, keys);
                  kernels.axpy(-step, moved, 0, row, 0, keys);
                  r.store(at, row, 0, keys);
                  double next = kernels.dot(row, 0, row, 0, keys);
                  kernels.axpy(next / square[i], direction, 0, row, 0, keys);
                  p.store(at, row, 0, keys);
                  square[i] = next;
                }
              }
            }
          });
    }
  }

  /** The same for one matrix {@code [K, K]} in double, product by product; writes x. */
  static void solve(double[] h, double[] ridge, double[] b, int keys, int limit, double[] x) {
    try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
      double[] r = scratch.take(keys);
      double[] p = scratch.take(keys);
      double[] moved = scratch.take(keys);
      System.arraycopy(b, 0, r, 0, keys);
      System.arraycopy(b, 0, p, 0, keys);
      Arrays.fill(x, 0, keys, 0);
      double start = dot(b, 0, b, keys);
      double square = start;
      for (int i = 0; i < limit && !(square <= DOUBLE_TOLERANCE * DOUBLE_TOLERANCE * start); i++) {
        for (int row = 0; row < keys; row++) {
          moved[row] = dot(h, row * keys, p, keys) + ridge[row] * p[row];
        }
        double step = square / dot(p, 0, moved, keys);
        for (int d = 0; d < keys; d++) {
          x[d] += step * p[d];
          r[d] -= step * moved[d];
        }
        double next = dot(r, 0, r, keys);
        for (int d = 0; d < keys; d++) {
          p[d] = r[d] + next / square * p[d];
        }
        square = next;
      }
    }
  }

  private static double dot(double[] x, int at, double[] y, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[at + i] * y[i];
    }
    return sum;
  }
}
