package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A whole matrix-state scan as one operation: a task per row and head walks the chunks on heap
 * tiles, forwards keeping the state at chunk starts, backwards recomputing within chunks.
 *
 * @param <A> the array type
 */
final class MatrixStateScan<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixStateShape shape;
  private final Solver solver;
  private final double scale;
  private final double eps;
  private final int[] lengths;
  private final int chunkTokens;
  private final int chunks;

  private final Map<String, Variable> coefficients;
  private final Variable initial;
  private final Variable initialNormaliser;
  private final Coefficient[] given;

  /** The coefficients as given, then S and z; null for those that there aren't. */
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
      Map<String, Variable> coefficients,
      State initial,
      Tape tape) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.solver = solver;
    this.scale = scale;
    this.eps = eps;
    this.lengths = lengths;
    this.coefficients = coefficients;
    this.initial = initial == null ? null : initial.get(MatrixStateRecurrence.STATE);
    this.initialNormaliser =
        initial == null || !shape.normalised()
            ? null
            : initial.get(MatrixStateRecurrence.NORMALISER);
    this.given = Coefficient.given(shape);
    this.inputs = new Variable[given.length + 2];
    for (int i = 0; i < given.length; i++) {
      inputs[i] = coefficients.get(given[i].key());
    }
    inputs[given.length] = this.initial;
    inputs[given.length + 1] = initialNormaliser;
    this.chunkTokens = ChunkSize.tokens(shape.writes());
    this.chunks = ChunkSize.count(shape.steps(), chunkTokens);
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

  private Slab<A> slab(INDArray array) {
    return array == null ? null : precision.slab(array);
  }

  private Slab<A> slab(Variable variable) {
    return variable == null ? null : slab(variable.value());
  }

  private void forward(int task) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    int length = lengths[row];
    try (Scratch<A> scratch = precision.scratch()) {
      MatrixStateSolver<A> steps = MatrixStateSolvers.of(solver, precision, shape, false, scratch);
      MatrixStateTile<A> tile = new MatrixStateTile<>(precision, shape, scale, scratch);
      Map<Coefficient, HeadRows<A>> sources = HeadRows.of(precision, shape, coefficients);
      HeadRows<A> o = HeadRows.ofOutputs(precision, shape, outputs);
      HeadRows<A> dens = HeadRows.ofScalars(precision, shape, denominators);
      Slab<A> kept = slab(starts);
      A s = scratch.take(shape.stateLength());
      loadState(slab(initial), slab(initialNormaliser), task, s);
      for (int t = 0; t < length; t += chunkTokens) {
        int n = Math.min(chunkTokens, length - t);
        if (kept != null) {
          int size = shape.stateLength();
          kept.store(((long) task * chunks + t / chunkTokens) * size, s, 0, size);
        }
        tile.load(sources, row, head, t, n);
        steps.forward(tile, n * shape.writes(), s);
        if (shape.normalised()) {
          normalise(tile, dens, row, head, t, n);
        }
        tile.storeOutputs(o, row, head, t, n);
      }
      kernels.fill(tile.o, 0, ChunkSize.ROWS * shape.columns(), 0);
      for (int t = length; t < shape.steps(); t += chunkTokens) {
        tile.storeOutputs(o, row, head, t, Math.min(chunkTokens, shape.steps() - t));
      }
      storeState(slab(state), slab(normaliser), task, s);
    }
  }

  /** {@code o = numerator / (denominator + eps)}; keeps the sum below the line for backward. */
  private void normalise(
      MatrixStateTile<A> tile, HeadRows<A> dens, int row, int head, int t, int n) {
    for (int i = 0; i < n; i++) {
      int at = i * shape.columns();
      int last = at + shape.values();
      double below = kernels.get(tile.o, last) + eps;
      kernels.set(tile.o, last, below);
      kernels.affine(1 / below, tile.o, at, 0, tile.o, at, shape.values());
    }
    if (dens != null) {
      dens.store(tile.o, shape.values(), shape.columns(), row, head, t, n);
    }
  }

  private void pullback(Cotangents cotangents) {
    int slices = shape.slices();
    List<MatrixStateSinks.Targets> targets = targets(cotangents, slices);
    Gradients gradients =
        new Gradients(
            cotangents.output(0),
            cotangents.output(1),
            shape.normalised() ? cotangents.output(2) : null);
    Parallel.run(
        shape.batch() * shape.groups() * slices, task -> backward(task, targets, gradients));
    for (int i = 0; i < given.length; i++) {
      for (int slice = 0; slice < slices && isSummed(i); slice++) {
        Cotangents.Sink sum = targets.get(slice).coefficients().get(given[i]);
        if (sum != null) {
          cotangents.add(i, sum.array());
        }
      }
    }
  }

  /** The gradients of outputs and of the final state; null for none. */
  private record Gradients(INDArray outputs, INDArray state, INDArray normaliser) {}

  /** Where each slice of heads adds its gradients: where all do, or to sums of its own. */
  private List<MatrixStateSinks.Targets> targets(Cotangents cotangents, int slices) {
    Cotangents.Sink toState = common(cotangents, given.length);
    Cotangents.Sink toNormaliser = common(cotangents, given.length + 1);
    List<MatrixStateSinks.Targets> targets = new ArrayList<>();
    for (int slice = 0; slice < slices; slice++) {
      targets.add(
          new MatrixStateSinks.Targets(new EnumMap<>(Coefficient.class), toState, toNormaliser));
    }
    for (int i = 0; i < given.length; i++) {
      if (cotangents.needs(i)) {
        Cotangents.Sink common = isSummed(i) ? null : cotangents.sink(i);
        for (MatrixStateSinks.Targets target : targets) {
          target.coefficients().put(given[i], common != null ? common : sum(cotangents, i));
        }
      }
    }
    return targets;
  }

  private static Cotangents.Sink common(Cotangents cotangents, int input) {
    return cotangents.needs(input) ? cotangents.sink(input) : null;
  }

  private Cotangents.Sink sum(Cotangents cotangents, int input) {
    return new Cotangents.Sink(cotangents.tape().zeros(precision.type(), inputs[input].shape()), 1);
  }

  /** Whether several slices of heads add to the same vectors of a coefficient. */
  private boolean isSummed(int i) {
    return shape.slices() > 1
        && HeadRows.of(precision, shape, given[i], inputs[i].value()).isShared();
  }

  private void backward(int part, List<MatrixStateSinks.Targets> targets, Gradients of) {
    int slices = targets.size();
    int group = part / slices;
    int slice = part % slices;
    try (Scratch<A> scratch = precision.scratch()) {
      MatrixStateSolver<A> steps = MatrixStateSolvers.of(solver, precision, shape, true, scratch);
      MatrixStateTile<A> tile = new MatrixStateTile<>(precision, shape, scale, scratch);
      MatrixStateTile<A> gradient = new MatrixStateTile<>(precision, shape, scale, scratch);
      MatrixStateSinks<A> to =
          new MatrixStateSinks<>(precision, shape, targets.get(slice), scratch);
      A s = scratch.take(shape.stateLength());
      A ds = scratch.take(shape.stateLength());
      Map<Coefficient, HeadRows<A>> sources = HeadRows.of(precision, shape, coefficients);
      HeadRows<A> o = HeadRows.ofOutputs(precision, shape, outputs);
      HeadRows<A> go = HeadRows.ofOutputs(precision, shape, of.outputs());
      HeadRows<A> dens = HeadRows.ofScalars(precision, shape, denominators);
      Slab<A> kept = slab(starts);
      int size = shape.stateLength();
      int first = group * shape.headsPerGroup();
      int from = first + slice * shape.headsPerGroup() / slices;
      int end = first + (slice + 1) * shape.headsPerGroup() / slices;
      for (int task = from; task < end; task++) {
        int row = task / shape.heads();
        int head = task % shape.heads();
        int length = lengths[row];
        loadState(slab(of.state()), slab(of.normaliser()), task, ds);
        for (int chunk = (length + chunkTokens - 1) / chunkTokens - 1; chunk >= 0; chunk--) {
          int t = chunk * chunkTokens;
          int n = Math.min(chunkTokens, length - t);
          kept.load(((long) task * chunks + chunk) * size, s, 0, size);
          tile.load(sources, row, head, t, n);
          loadOutputGradient(tile, gradient, o, go, dens, row, head, t, n);
          steps.backward(tile, gradient, n * shape.writes(), s, ds);
          gradient.store(to, row, head, t, n);
        }
        gradient.storeZeros(to, row, head, length);
        to.storeState(ds, task);
      }
    }
  }

  private void loadOutputGradient(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      HeadRows<A> o,
      HeadRows<A> go,
      HeadRows<A> dens,
      int row,
      int head,
      int t,
      int n) {
    if (go == null) {
      kernels.fill(gradient.o, 0, n * shape.columns(), 0);
      return;
    }
    gradient.loadOutputs(go, row, head, t, n);
    if (!shape.normalised()) {
      return;
    }
    tile.loadOutputs(o, row, head, t, n);
    dens.load(tile.o, shape.values(), shape.columns(), row, head, t, n);
    for (int i = 0; i < n; i++) {
      int at = i * shape.columns();
      int last = at + shape.values();
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
