package io.sequencezoo.core.dynamics;

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
 * A whole matrix-state scan as one operation: a task per row and head walks the chunks on heap
 * tiles, forwards keeping the state at chunk starts, backwards recomputing within chunks.
 *
 * @param <A> the array type
 */
final class MatrixStateScan<A> {
  private static final int CHUNK = MatrixStateSolver.CHUNK;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixStateShape shape;
  private final Solver solver;
  private final double scale;
  private final double eps;
  private final int[] lengths;
  private final int chunks;

  /** q, k, v, g, S, z; the last three may be null. */
  private final Variable[] inputs;

  private final INDArray outputs;
  private final INDArray state;
  private final INDArray normaliser;
  private INDArray starts;
  private INDArray denominators;

  MatrixStateScan(
      Precision<A> precision,
      MatrixStateShape shape,
      Solver solver,
      double scale,
      double eps,
      int[] lengths,
      Variable[] inputs,
      Tape tape) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.solver = solver;
    this.scale = scale;
    this.eps = eps;
    this.lengths = lengths;
    this.inputs = inputs;
    this.chunks = Math.max(1, (shape.steps() + CHUNK - 1) / CHUNK);
    DataType type = precision.type();
    int batch = shape.batch();
    int heads = shape.heads();
    this.outputs = tape.allocate(type, batch, shape.steps(), heads, shape.values());
    this.state = tape.allocate(type, batch, heads, shape.keys(), shape.values());
    this.normaliser = shape.normalised() ? tape.allocate(type, batch, heads, shape.keys()) : null;
  }

  /** Outputs, final S and, if normalised, final z. */
  Variable[] run(Tape tape) {
    int tasks = shape.batch() * shape.heads();
    if (tape.needsPullback(inputs)) {
      starts = tape.allocate(precision.type(), tasks, chunks, shape.stateLength());
      if (shape.normalised()) {
        denominators = tape.allocate(precision.type(), shape.batch(), shape.steps(), shape.heads());
      }
    }
    Parallel.run(tasks, this::forward);
    INDArray[] values =
        shape.normalised()
            ? new INDArray[] {outputs, state, normaliser}
            : new INDArray[] {outputs, state};
    return tape.record(values, this::pullback, inputs);
  }

  private int length(int row) {
    return lengths == null ? shape.steps() : lengths[row];
  }

  private MatrixStateSolver<A> solver(boolean backward, Scratch<A> scratch) {
    return solver == Solver.SEQUENTIAL
        ? new SequentialMatrixState<>(precision, shape, backward, scratch)
        : new ChunkedMatrixState<>(precision, shape, backward, scratch);
  }

  private Slab<A> slab(int input) {
    return slab(inputs[input] == null ? null : inputs[input].value());
  }

  private Slab<A> slab(INDArray array) {
    return array == null ? null : precision.slab(array);
  }

  private void forward(int task) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    int length = length(row);
    try (Scratch<A> scratch = precision.scratch()) {
      MatrixStateSolver<A> steps = solver(false, scratch);
      MatrixStateTile<A> tile = new MatrixStateTile<>(precision, shape, scale, scratch);
      A s = scratch.take(shape.stateLength());
      loadState(slab(4), slab(5), task, s);
      Slab<A> q = slab(0);
      Slab<A> k = slab(1);
      Slab<A> v = slab(2);
      Slab<A> g = slab(3);
      Slab<A> o = slab(outputs);
      Slab<A> kept = slab(starts);
      Slab<A> dens = slab(denominators);
      for (int t = 0; t < length; t += CHUNK) {
        int n = Math.min(CHUNK, length - t);
        if (kept != null) {
          int size = shape.stateLength();
          kept.store(((long) task * chunks + t / CHUNK) * size, s, 0, size);
        }
        tile.load(q, k, v, g, row, head, t, n);
        steps.forward(tile, n, s);
        if (shape.normalised()) {
          normalise(tile, dens, row, head, t, n);
        }
        tile.storeValues(o, tile.o, row, head, t, n);
      }
      kernels.fill(tile.o, 0, CHUNK * shape.columns(), 0);
      for (int t = length; t < shape.steps(); t += CHUNK) {
        tile.storeValues(o, tile.o, row, head, t, Math.min(CHUNK, shape.steps() - t));
      }
      storeState(slab(state), slab(normaliser), task, s);
    }
  }

  /** {@code o = numerator / (denominator + eps)}; keeps the sum below the line for backward. */
  private void normalise(MatrixStateTile<A> tile, Slab<A> dens, int row, int head, int t, int n) {
    for (int i = 0; i < n; i++) {
      int at = i * shape.columns();
      int last = at + shape.values();
      double below = kernels.get(tile.o, last) + eps;
      kernels.set(tile.o, last, below);
      if (dens != null) {
        dens.store(shape.at(row, t + i, head, 1), tile.o, last, 1);
      }
      kernels.affine(1 / below, tile.o, at, 0, tile.o, at, shape.values());
    }
  }

  private void pullback(Cotangents cotangents) {
    Cotangents.Sink[] sinks = new Cotangents.Sink[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      sinks[i] = cotangents.needs(i) ? cotangents.sink(i) : null;
    }
    INDArray outputGradient = cotangents.output(0);
    INDArray stateGradient = cotangents.output(1);
    INDArray normaliserGradient = shape.normalised() ? cotangents.output(2) : null;
    Parallel.run(
        shape.batch() * shape.heads(),
        task -> backward(task, sinks, outputGradient, stateGradient, normaliserGradient));
  }

  private void backward(
      int task,
      Cotangents.Sink[] sinks,
      INDArray outputGradient,
      INDArray stateGradient,
      INDArray normaliserGradient) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    int length = length(row);
    try (Scratch<A> scratch = precision.scratch()) {
      MatrixStateSolver<A> steps = solver(true, scratch);
      MatrixStateTile<A> tile = new MatrixStateTile<>(precision, shape, scale, scratch);
      MatrixStateTile<A> gradient = new MatrixStateTile<>(precision, shape, scale, scratch);
      MatrixStateSinks<A> to = new MatrixStateSinks<>(precision, shape, scale, sinks, scratch);
      A s = scratch.take(shape.stateLength());
      A ds = scratch.take(shape.stateLength());
      loadState(slab(stateGradient), slab(normaliserGradient), task, ds);
      Slab<A> q = slab(0);
      Slab<A> k = slab(1);
      Slab<A> v = slab(2);
      Slab<A> g = slab(3);
      Slab<A> o = slab(outputs);
      Slab<A> go = slab(outputGradient);
      Slab<A> kept = slab(starts);
      Slab<A> dens = slab(denominators);
      int size = shape.stateLength();
      for (int chunk = (length + CHUNK - 1) / CHUNK - 1; chunk >= 0; chunk--) {
        int t = chunk * CHUNK;
        int n = Math.min(CHUNK, length - t);
        kept.load(((long) task * chunks + chunk) * size, s, 0, size);
        tile.load(q, k, v, g, row, head, t, n);
        loadOutputGradient(tile, gradient, o, go, dens, row, head, t, n);
        steps.backward(tile, gradient, n, s, ds);
        to.store(gradient, row, head, t, n);
      }
      to.storeZeros(gradient, row, head, length);
      to.storeState(ds, task);
    }
  }

  private void loadOutputGradient(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      Slab<A> o,
      Slab<A> go,
      Slab<A> dens,
      int row,
      int head,
      int t,
      int n) {
    if (go == null) {
      kernels.fill(gradient.o, 0, n * shape.columns(), 0);
      return;
    }
    gradient.loadValues(go, gradient.o, row, head, t, n);
    if (!shape.normalised()) {
      return;
    }
    tile.loadValues(o, tile.o, row, head, t, n);
    for (int i = 0; i < n; i++) {
      int at = i * shape.columns();
      int last = at + shape.values();
      dens.load(shape.at(row, t + i, head, 1), tile.o, last, 1);
      double share = 1 / kernels.get(tile.o, last);
      double along = kernels.dot(tile.o, at, gradient.o, at, shape.values());
      kernels.affine(share, gradient.o, at, 0, gradient.o, at, shape.values());
      kernels.set(gradient.o, last, -share * along);
    }
  }

  /** A state tile from {@code S} and {@code z}; zeros for what is null. */
  private void loadState(Slab<A> from, Slab<A> z, int task, A s) {
    int columns = shape.columns();
    int values = shape.values();
    kernels.fill(s, 0, shape.stateLength(), 0);
    for (int d = 0; d < shape.keys(); d++) {
      long at = (long) task * shape.keys() + d;
      if (from != null) {
        from.load(at * values, s, d * columns, values);
      }
      if (z != null) {
        z.load(at, s, d * columns + values, 1);
      }
    }
  }

  private void storeState(Slab<A> to, Slab<A> z, int task, A s) {
    for (int d = 0; d < shape.keys(); d++) {
      long at = (long) task * shape.keys() + d;
      to.store(at * shape.values(), s, d * shape.columns(), shape.values());
      if (z != null) {
        z.store(at, s, d * shape.columns() + shape.values(), 1);
      }
    }
  }
}
