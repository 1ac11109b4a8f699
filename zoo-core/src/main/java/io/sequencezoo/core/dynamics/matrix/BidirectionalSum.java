package io.sequencezoo.core.dynamics.matrix;

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
 * One application of {@link BidirectionalMatrixState}: a task per row and head. The normaliser is
 * one more column of values, all ones. With {@code P} the gradient of the products {@code Sᵀ q}:
 *
 * <pre>{@code
 * dS = Σ_t q_t P_tᵀ        dq_t = S P_t        dk_t = dS v_t        dv_t = dSᵀ k_t
 * }</pre>
 *
 * @param <A> the array type
 */
final class BidirectionalSum<A> {
  private static final int CHUNK = ChunkSize.ROWS;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final BidirectionalMatrixState.Sizes shape;
  private final double scale;
  private final double eps;
  private final int[] lengths;
  private final Variable q;
  private final Variable k;
  private final Variable v;
  private final int keys;
  private final int values;
  private final int columns;
  private INDArray outputs;
  private INDArray sums;
  private INDArray denominators;

  BidirectionalSum(
      Precision<A> precision,
      BidirectionalMatrixState.Sizes shape,
      double scale,
      double eps,
      int[] lengths,
      Variable q,
      Variable k,
      Variable v) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.scale = scale;
    this.eps = eps;
    this.lengths = lengths;
    this.q = q;
    this.k = k;
    this.v = v;
    this.keys = shape.keys();
    this.values = shape.values();
    this.columns = shape.columns();
  }

  Variable record(Tape tape) {
    int tasks = shape.batch() * shape.heads();
    outputs = tape.allocate(v.type(), shape.batch(), shape.steps(), shape.heads(), values);
    if (tape.needsPullback(q, k, v)) {
      sums = tape.allocate(v.type(), tasks, shape.stateLength());
      denominators =
          shape.normalised()
              ? tape.allocate(v.type(), shape.batch(), shape.steps(), shape.heads())
              : null;
    }
    Parallel.run(tasks, this::forward);
    return tape.record(outputs, this::pullback, q, k, v);
  }

  private void forward(int task) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    try (Scratch<A> scratch = precision.scratch()) {
      A narrow = scratch.take(CHUNK * keys);
      A wide = scratch.take(CHUNK * columns);
      A s = scratch.zeros(shape.stateLength());
      for (int t = 0; t < lengths[row]; t += CHUNK) {
        int n = Math.min(CHUNK, lengths[row] - t);
        load(slab(k), narrow, keys, keys, row, head, t, n);
        loadValues(wide, row, head, t, n);
        kernels.gemm(
            true, false, keys, columns, n, 1, narrow, 0, keys, wide, 0, columns, 1, s, 0, columns);
      }
      if (sums != null) {
        precision.slab(sums).store((long) task * shape.stateLength(), s, 0, shape.stateLength());
      }
      Slab<A> os = precision.slab(outputs);
      for (int t = 0; t < shape.steps(); t += CHUNK) {
        int n = Math.max(0, Math.min(CHUNK, lengths[row] - t));
        kernels.fill(wide, 0, CHUNK * columns, 0);
        if (n > 0) {
          load(slab(q), narrow, keys, keys, row, head, t, n);
          kernels.gemm(
              false, false, n, columns, keys, scale, narrow, 0, keys, s, 0, columns, 0, wide, 0,
              columns);
          normalise(wide, row, head, t, n);
        }
        store(os, wide, values, columns, row, head, t, Math.min(CHUNK, shape.steps() - t));
      }
    }
  }

  private void normalise(A wide, int row, int head, int t, int n) {
    for (int i = 0; shape.normalised() && i < n; i++) {
      int at = i * columns;
      double below = kernels.get(wide, at + values) + eps;
      kernels.set(wide, at + values, below);
      if (denominators != null) {
        precision.slab(denominators).store(shape.at(row, t + i, head, 1), wide, at + values, 1);
      }
      kernels.affine(1 / below, wide, at, 0, wide, at, values);
    }
  }

  private void pullback(Cotangents cotangents) {
    Sink<A> gq = sink(cotangents, 0);
    Sink<A> gk = sink(cotangents, 1);
    Sink<A> gv = sink(cotangents, 2);
    Slab<A> go = precision.slab(cotangents.output(0));
    Parallel.run(shape.batch() * shape.heads(), task -> backward(task, go, gq, gk, gv));
  }

  private void backward(int task, Slab<A> go, Sink<A> gq, Sink<A> gk, Sink<A> gv) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    int size = shape.stateLength();
    try (Scratch<A> scratch = precision.scratch()) {
      A narrow = scratch.take(CHUNK * keys);
      A gNarrow = scratch.take(CHUNK * keys);
      A wide = scratch.take(CHUNK * columns);
      A gWide = scratch.take(CHUNK * columns);
      A s = scratch.take(size);
      A ds = scratch.zeros(size);
      precision.slab(sums).load((long) task * size, s, 0, size);
      for (int t = 0; t < shape.steps(); t += CHUNK) {
        int n = Math.max(0, Math.min(CHUNK, lengths[row] - t));
        kernels.fill(gNarrow, 0, CHUNK * keys, 0);
        if (n > 0) {
          load(slab(q), narrow, keys, keys, row, head, t, n);
          productGradients(go, wide, gWide, row, head, t, n);
          kernels.gemm(
              true, false, keys, columns, n, scale, narrow, 0, keys, gWide, 0, columns, 1, ds, 0,
              columns);
          kernels.gemm(
              false, true, n, keys, columns, scale, gWide, 0, columns, s, 0, columns, 0, gNarrow, 0,
              keys);
        }
        put(gq, gNarrow, keys, keys, narrow, row, head, t);
      }
      for (int t = 0; t < shape.steps(); t += CHUNK) {
        int n = Math.max(0, Math.min(CHUNK, lengths[row] - t));
        kernels.fill(gNarrow, 0, CHUNK * keys, 0);
        kernels.fill(gWide, 0, CHUNK * columns, 0);
        if (n > 0) {
          load(slab(k), narrow, keys, keys, row, head, t, n);
          loadValues(wide, row, head, t, n);
          kernels.gemm(
              false, false, n, columns, keys, 1, narrow, 0, keys, ds, 0, columns, 0, gWide, 0,
              columns);
          kernels.gemm(
              false, true, n, keys, columns, 1, wide, 0, columns, ds, 0, columns, 0, gNarrow, 0,
              keys);
        }
        put(gk, gNarrow, keys, keys, narrow, row, head, t);
        put(gv, gWide, values, columns, wide, row, head, t);
      }
    }
  }

  /** The gradients of numerators and, last, of the sum below the line. */
  private void productGradients(Slab<A> go, A wide, A gWide, int row, int head, int t, int n) {
    load(go, gWide, values, columns, row, head, t, n);
    if (!shape.normalised()) {
      return;
    }
    load(precision.slab(outputs), wide, values, columns, row, head, t, n);
    for (int i = 0; i < n; i++) {
      int at = i * columns;
      precision.slab(denominators).load(shape.at(row, t + i, head, 1), wide, at + values, 1);
      double share = 1 / kernels.get(wide, at + values);
      double along = kernels.dot(wide, at, gWide, at, values);
      kernels.affine(share, gWide, at, 0, gWide, at, values);
      kernels.set(gWide, at + values, -share * along);
    }
  }

  private Slab<A> slab(Variable variable) {
    return precision.slab(variable.value());
  }

  private void loadValues(A wide, int row, int head, int t, int n) {
    load(slab(v), wide, values, columns, row, head, t, n);
    for (int i = 0; shape.normalised() && i < n; i++) {
      kernels.set(wide, i * columns + values, 1);
    }
  }

  private void load(
      Slab<A> from, A into, int size, int rowStride, int row, int head, int t, int n) {
    long at = shape.at(row, t, head, size);
    long stride = (long) shape.heads() * size;
    if (size == rowStride) {
      from.loadRows(at, stride, into, 0, n, size);
      return;
    }
    for (int i = 0; i < n; i++) {
      from.load(at + i * stride, into, i * rowStride, size);
    }
  }

  private void store(Slab<A> to, A from, int size, int rowStride, int row, int head, int t, int n) {
    long at = shape.at(row, t, head, size);
    long stride = (long) shape.heads() * size;
    for (int i = 0; i < n; i++) {
      to.store(at + i * stride, from, i * rowStride, size);
    }
  }

  /** Writes or adds the gradients of a chunk; spare is destroyed. */
  private void put(
      Sink<A> sink, A from, int size, int rowStride, A spare, int row, int head, int t) {
    if (sink == null) {
      return;
    }
    int n = Math.min(CHUNK, shape.steps() - t);
    if (sink.beta() != 0) {
      load(sink.slab(), spare, size, rowStride, row, head, t, n);
      for (int i = 0; i < n; i++) {
        int at = i * rowStride;
        kernels.add(spare, at, from, at, from, at, size);
      }
    }
    store(sink.slab(), from, size, rowStride, row, head, t, n);
  }

  private Sink<A> sink(Cotangents cotangents, int input) {
    if (!cotangents.needs(input)) {
      return null;
    }
    Cotangents.Sink sink = cotangents.sink(input);
    return new Sink<>(precision.slab(sink.array()), sink.beta());
  }

  private record Sink<A>(Slab<A> slab, int beta) {}
}
