package io.sequencezoo.core.dynamics.memory;

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
 * A layer norm without gain, and its pullback as an operation that can be differentiated itself,
 * each one pass over the rows:
 *
 * <pre>{@code
 * hat = (z - mean(z)) r        r = 1/√(var(z) + eps)
 * y   = r P(g)                 P(g) = g - mean(g) - hat mean(g hat)
 * }</pre>
 *
 * <p>P is its own transpose. Pullbacks, with cotangents of hat, r and y:
 *
 * <pre>{@code
 * gz   = r P(ghat) - gr r² hat / V
 * gg   = r P(gy)     ghat = -r (gy mean(g hat) + g mean(gy hat))     gr = gy·y / r
 * }</pre>
 *
 * @param <A> the array type
 */
final class RowNorm<A> {
  /** Numbers that a task handles. */
  private static final int GRAIN = 1 << 14;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final int size;
  private final long rows;

  private RowNorm(Precision<A> precision, Variable x) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.size = x.size(-1);
    this.rows = x.operand().length() / Math.max(1, size);
  }

  /**
   * The norm.
   *
   * @param z {@code [..., V]}
   * @return hat {@code [..., V]} and r {@code [..., 1]}
   */
  static Variable[] normalise(Tape tape, Variable z, double eps) {
    return new RowNorm<>(Precision.of(z.operand()), z).forward(tape, z, eps);
  }

  /**
   * What the norm pulls g back to.
   *
   * @param g {@code [..., V]}
   * @param hat of the norm
   * @param inverse r of the norm
   */
  static Variable pullback(Tape tape, Variable g, Variable hat, Variable inverse) {
    return new RowNorm<>(Precision.of(g.operand()), g).back(tape, g, hat, inverse);
  }

  private interface RowBody<A> {
    /** Handles one row with three rows of scratch memory. */
    void accept(long row, A x, A y, A z);
  }

  private void eachRow(RowBody<A> body) {
    Parallel.ranges(
        rows,
        Math.max(1, GRAIN / Math.max(1, size)),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A x = scratch.take(size);
            A y = scratch.take(size);
            A z = scratch.take(size);
            for (long row = from; row < end; row++) {
              body.accept(row, x, y, z);
            }
          }
        });
  }

  private double number(Slab<A> slab, long row, A spare) {
    slab.load(row, spare, 0, 1);
    return kernels.get(spare, 0);
  }

  private void put(Slab<A> slab, long row, double value, A spare) {
    kernels.set(spare, 0, value);
    slab.store(row, spare, 0, 1);
  }

  /** {@code g = scale (g - mean(g) - hat mean(g hat))}; returns {@code mean(g hat)}. */
  private double project(double scale, A g, A hat) {
    double along = kernels.dot(g, 0, hat, 0, size) / size;
    double mean = kernels.sum(g, 0, size) / size;
    kernels.axpy(-along, hat, 0, g, 0, size);
    kernels.affine(scale, g, 0, -scale * mean, g, 0, size);
    return along;
  }

  private Variable[] forward(Tape tape, Variable z, double eps) {
    INDArray hat = tape.allocate(precision.type(), z.shape());
    long[] shape = z.shape().clone();
    shape[shape.length - 1] = 1;
    INDArray inverse = tape.allocate(precision.type(), shape);
    Slab<A> from = precision.slab(z.operand());
    Slab<A> hats = precision.slab(hat);
    Slab<A> inverses = precision.slab(inverse);
    eachRow(
        (row, x, spare, other) -> {
          from.load(row * size, x, 0, size);
          kernels.affine(1, x, 0, -kernels.sum(x, 0, size) / size, x, 0, size);
          double variance = kernels.dot(x, 0, x, 0, size) / size;
          double r = 1 / Math.sqrt(variance + eps);
          kernels.affine(r, x, 0, 0, x, 0, size);
          hats.store(row * size, x, 0, size);
          put(inverses, row, r, spare);
        });
    return tape.record(
        new INDArray[] {hat, inverse}, cotangents -> forwardPullback(cotangents, hat, inverse), z);
  }

  private void forwardPullback(Cotangents cotangents, INDArray hat, INDArray inverse) {
    INDArray gradient = cotangents.tape().allocate(precision.type(), cotangents.shape(0));
    Slab<A> to = precision.slab(gradient);
    Slab<A> hats = precision.slab(hat);
    Slab<A> inverses = precision.slab(inverse);
    Slab<A> gHats = precision.slab(cotangents.outputOrZeros(0));
    INDArray ofInverse = cotangents.output(1);
    Slab<A> gInverses = ofInverse == null ? null : precision.slab(ofInverse);
    eachRow(
        (row, g, x, spare) -> {
          double r = number(inverses, row, spare);
          hats.load(row * size, x, 0, size);
          gHats.load(row * size, g, 0, size);
          project(r, g, x);
          if (gInverses != null) {
            double gr = number(gInverses, row, spare);
            kernels.axpy(-gr * r * r / size, x, 0, g, 0, size);
          }
          to.store(row * size, g, 0, size);
        });
    cotangents.add(0, gradient);
  }

  private Variable back(Tape tape, Variable g, Variable hat, Variable inverse) {
    INDArray value = tape.allocate(precision.type(), g.shape());
    Slab<A> from = precision.slab(g.operand());
    Slab<A> hats = precision.slab(hat.operand());
    Slab<A> inverses = precision.slab(inverse.operand());
    Slab<A> to = precision.slab(value);
    eachRow(
        (row, y, x, spare) -> {
          from.load(row * size, y, 0, size);
          hats.load(row * size, x, 0, size);
          project(number(inverses, row, spare), y, x);
          to.store(row * size, y, 0, size);
        });
    return tape.record(
        value, cotangents -> backPullback(cotangents, g, hat, inverse, value), g, hat, inverse);
  }

  private void backPullback(
      Cotangents cotangents, Variable g, Variable hat, Variable inverse, INDArray value) {
    INDArray[] gradients = new INDArray[3];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = cotangents.tape().allocate(precision.type(), cotangents.shape(i));
    }
    Slab<A> toG = precision.slab(gradients[0]);
    Slab<A> toHat = precision.slab(gradients[1]);
    Slab<A> toInverse = precision.slab(gradients[2]);
    Slab<A> gYs = precision.slab(cotangents.output(0));
    Slab<A> gs = precision.slab(g.operand());
    Slab<A> hats = precision.slab(hat.operand());
    Slab<A> inverses = precision.slab(inverse.operand());
    Slab<A> ys = precision.slab(value);
    eachRow(
        (row, gy, x, other) -> {
          long at = row * size;
          double r = number(inverses, row, other);
          gYs.load(at, gy, 0, size);
          ys.load(at, other, 0, size);
          double gr = kernels.dot(gy, 0, other, 0, size) / r;
          put(toInverse, row, gr, other);
          gs.load(at, other, 0, size);
          hats.load(at, x, 0, size);
          double along = kernels.dot(other, 0, x, 0, size) / size;
          double across = kernels.dot(gy, 0, x, 0, size) / size;
          kernels.affine(-r * across, other, 0, 0, other, 0, size);
          kernels.axpy(-r * along, gy, 0, other, 0, size);
          toHat.store(at, other, 0, size);
          project(r, gy, x);
          toG.store(at, gy, 0, size);
        });
    for (int i = 0; i < gradients.length; i++) {
      cotangents.add(i, gradients[i]);
    }
  }
}
