package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.EnumMap;
import java.util.Map;

/**
 * Where one head's gradients go: written, or added to what is there. The heads that share a vector
 * come here in order, the first of them first.
 *
 * @param <A> the array type
 */
final class MatrixStateSinks<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixStateShape shape;
  private final Targets targets;
  private final Map<Coefficient, HeadRows<A>> rows = new EnumMap<>(Coefficient.class);
  private final A present;

  /**
   * The arrays that take gradients; null or absent for what wants none.
   *
   * @param coefficients of each coefficient
   * @param state of the initial {@code S}
   * @param normaliser of the initial {@code z}
   */
  record Targets(
      Map<Coefficient, Cotangents.Sink> coefficients,
      Cotangents.Sink state,
      Cotangents.Sink normaliser) {}

  MatrixStateSinks(
      Precision<A> precision, MatrixStateShape shape, Targets targets, Scratch<A> scratch) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.targets = targets;
    this.present = scratch.take(Math.max(shape.keys(), shape.values()));
    targets
        .coefficients()
        .forEach((c, sink) -> rows.put(c, HeadRows.of(precision, shape, c, sink.array())));
  }

  /** Stores n vectors of a coefficient's gradient from places {@code stride} apart. */
  void put(Coefficient c, A from, int stride, int row, int head, int t, int n) {
    HeadRows<A> to = rows.get(c);
    if (to == null) {
      return;
    }
    if (targets.coefficients().get(c).beta() == 0 && to.isFirst(head)) {
      to.store(from, 0, stride, row, head, t, n);
    } else {
      to.add(kernels, present, from, stride, row, head, t, n);
    }
  }

  /** Stores the gradient of the initial state. */
  void storeState(A gradient, int task) {
    int values = shape.values();
    for (int d = 0; d < shape.keys(); d++) {
      long at = (long) task * shape.keys() + d;
      int row = d * shape.columns();
      putState(targets.state(), at * values, gradient, row, values);
      putState(targets.normaliser(), at, gradient, row + values, 1);
    }
  }

  private void putState(Cotangents.Sink sink, long at, A from, int offset, int n) {
    if (sink == null) {
      return;
    }
    Slab<A> to = precision.slab(sink.array());
    if (sink.beta() != 0) {
      to.load(at, present, 0, n);
      kernels.add(present, 0, from, offset, from, offset, n);
    }
    to.store(at, from, offset, n);
  }
}
