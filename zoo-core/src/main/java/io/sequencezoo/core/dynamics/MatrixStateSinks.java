package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;

/**
 * Where one head's gradients go: written, or added to what is there.
 *
 * @param <A> the array type
 */
final class MatrixStateSinks<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixStateShape shape;
  private final double scale;
  private final Cotangents.Sink[] sinks;
  private final A present;
  private final A sums;

  /** Sinks of q, k, v, g, S and z; null for those that want no gradient. */
  MatrixStateSinks(
      Precision<A> precision,
      MatrixStateShape shape,
      double scale,
      Cotangents.Sink[] sinks,
      Scratch<A> scratch) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.scale = scale;
    this.sinks = sinks;
    this.present = scratch.take(Math.max(shape.keys(), shape.values()));
    this.sums = scratch.take(MatrixStateSolver.CHUNK);
  }

  /** Stores the gradients of n positions from t. */
  void store(MatrixStateTile<A> gradient, int row, int head, int t, int n) {
    int keys = shape.keys();
    kernels.affine(scale, gradient.q, 0, 0, gradient.q, 0, n * keys);
    put(0, gradient.q, keys, keys, row, head, t, n);
    put(1, gradient.k, keys, keys, row, head, t, n);
    put(2, gradient.v, shape.values(), shape.columns(), row, head, t, n);
    if (shape.decay() == MatrixStateShape.Decay.CHANNEL) {
      put(3, gradient.decay, keys, keys, row, head, t, n);
    } else if (shape.decay() == MatrixStateShape.Decay.HEAD && sinks[3] != null) {
      for (int i = 0; i < n; i++) {
        kernels.set(sums, i, kernels.sum(gradient.decay, i * keys, keys));
      }
      put(3, sums, 1, 1, row, head, t, n);
    }
  }

  /** Stores zeros at the padded positions from t. */
  void storeZeros(MatrixStateTile<A> gradient, int row, int head, int from) {
    if (from == shape.steps()) {
      return;
    }
    int n = MatrixStateSolver.CHUNK;
    kernels.fill(gradient.q, 0, n * shape.keys(), 0);
    kernels.fill(gradient.k, 0, n * shape.keys(), 0);
    kernels.fill(gradient.v, 0, n * shape.columns(), 0);
    if (gradient.decay != null) {
      kernels.fill(gradient.decay, 0, n * shape.keys(), 0);
    }
    for (int t = from; t < shape.steps(); t += n) {
      store(gradient, row, head, t, Math.min(n, shape.steps() - t));
    }
  }

  /** Stores the gradient of the initial state. */
  void storeState(A gradient, int task) {
    int values = shape.values();
    for (int d = 0; d < shape.keys(); d++) {
      long at = (long) task * shape.keys() + d;
      if (sinks[4] != null) {
        put(
            sinks[4],
            precision.slab(sinks[4].array()),
            at * values,
            gradient,
            d * shape.columns(),
            values);
      }
      if (sinks[5] != null) {
        int last = d * shape.columns() + values;
        put(sinks[5], precision.slab(sinks[5].array()), at, gradient, last, 1);
      }
    }
  }

  private void put(int input, A from, int size, int rowStride, int row, int head, int t, int n) {
    Cotangents.Sink sink = sinks[input];
    if (sink == null) {
      return;
    }
    Slab<A> to = precision.slab(sink.array());
    long at = shape.at(row, t, head, size);
    long stride = (long) shape.heads() * size;
    if (sink.beta() == 0 && size == rowStride) {
      to.storeRows(at, stride, from, 0, n, size);
      return;
    }
    for (int i = 0; i < n; i++) {
      put(sink, to, at + i * stride, from, i * rowStride, size);
    }
  }

  private void put(Cotangents.Sink sink, Slab<A> to, long at, A from, int offset, int n) {
    if (sink.beta() != 0) {
      to.load(at, present, 0, n);
      kernels.add(present, 0, from, offset, from, offset, n);
    }
    to.store(at, from, offset, n);
  }
}
