package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;

/**
 * One chunk of one head on the heap: {@code q} (scaled), {@code k} and {@code decay = e^g} are
 * {@code [rows, K]}; {@code v} and {@code o} are {@code [rows, columns]}.
 *
 * @param <A> the array type
 */
final class MatrixStateTile<A> {
  private final MatrixStateShape shape;
  private final Kernels<A> kernels;
  private final double scale;
  private final A lone;

  final A q;
  final A k;
  final A v;
  final A decay;
  final A o;

  MatrixStateTile(
      Precision<A> precision, MatrixStateShape shape, double scale, Scratch<A> scratch) {
    this.shape = shape;
    this.kernels = precision.kernels();
    this.scale = scale;
    int rows = MatrixStateSolver.CHUNK;
    this.lone = scratch.take(rows);
    this.q = scratch.take(rows * shape.keys());
    this.k = scratch.take(rows * shape.keys());
    this.v = scratch.take(rows * shape.columns());
    this.o = scratch.take(rows * shape.columns());
    this.decay =
        shape.decay() == MatrixStateShape.Decay.NONE ? null : scratch.take(rows * shape.keys());
  }

  /** Loads n positions from t of a head. */
  void load(Slab<A> qs, Slab<A> ks, Slab<A> vs, Slab<A> gs, int row, int head, int t, int n) {
    int keys = shape.keys();
    long at = shape.at(row, t, head, keys);
    long stride = (long) shape.heads() * keys;
    qs.loadRows(at, stride, q, 0, n, keys);
    kernels.affine(scale, q, 0, 0, q, 0, n * keys);
    ks.loadRows(at, stride, k, 0, n, keys);
    loadValues(vs, v, row, head, t, n);
    if (shape.normalised()) {
      for (int i = 0; i < n; i++) {
        kernels.set(v, i * shape.columns() + shape.values(), 1);
      }
    }
    if (shape.decay() == MatrixStateShape.Decay.CHANNEL) {
      gs.loadRows(at, stride, decay, 0, n, keys);
      kernels.map(Unary.EXP, decay, 0, decay, 0, n * keys);
    } else if (shape.decay() == MatrixStateShape.Decay.HEAD) {
      gs.loadRows(shape.at(row, t, head, 1), shape.heads(), lone, 0, n, 1);
      kernels.map(Unary.EXP, lone, 0, lone, 0, n);
      for (int i = 0; i < n; i++) {
        kernels.fill(decay, i * keys, keys, kernels.get(lone, i));
      }
    }
  }

  /** Loads the V values of n positions into rows of {@code columns}. */
  void loadValues(Slab<A> from, A into, int row, int head, int t, int n) {
    int values = shape.values();
    long at = shape.at(row, t, head, values);
    long stride = (long) shape.heads() * values;
    if (!shape.normalised()) {
      from.loadRows(at, stride, into, 0, n, values);
      return;
    }
    for (int i = 0; i < n; i++) {
      from.load(at + i * stride, into, i * shape.columns(), values);
    }
  }

  /** Stores the V values of n positions from rows of {@code columns}. */
  void storeValues(Slab<A> to, A from, int row, int head, int t, int n) {
    int values = shape.values();
    long at = shape.at(row, t, head, values);
    long stride = (long) shape.heads() * values;
    if (!shape.normalised()) {
      to.storeRows(at, stride, from, 0, n, values);
      return;
    }
    for (int i = 0; i < n; i++) {
      to.store(at + i * stride, from, i * shape.columns(), values);
    }
  }
}
