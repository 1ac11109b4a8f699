package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.SelectiveSystem;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The selective scan over whole sequences as one tape operation: step sizes, skip and gate are
 * computed in the tiles that the scan passes over, forward and backward. Tasks are rows times tiles
 * of channels. What is kept for backward is the state at every chunk's start.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class SelectiveScan<A> {
  /** With N = 16, states kept take as much memory as one activation. */
  static final int CHUNK = 16;

  /** Inputs of the tape operation, in the order of their cotangents. */
  static final int U = 0;

  static final int DELTA = 1;
  static final int RATE = 2;
  static final int WRITE = 3;
  static final int READ = 4;
  static final int SKIP = 5;
  static final int GATE = 6;
  static final int BIAS = 7;
  static final int INITIAL = 8;

  private static final String[] NAMES = {
    SelectiveRecurrence.INPUT,
    SelectiveRecurrence.STEP,
    SelectiveRecurrence.RATE,
    SelectiveRecurrence.WRITE,
    SelectiveRecurrence.READ,
    SelectiveRecurrence.SKIP,
    SelectiveRecurrence.GATE,
    SelectiveRecurrence.BIAS
  };

  final Precision<A> precision;
  final Kernels<A> kernels;
  final SelectiveShape shape;
  final ScanGrid grid;
  final boolean softplus;
  final int[] lengths;
  final Variable[] inputs;
  private INDArray borders;

  private SelectiveScan(
      Precision<A> precision,
      SelectiveShape shape,
      boolean softplus,
      Variable[] inputs,
      int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.grid =
        ScanGrid.ofChannels(shape.batch(), shape.steps(), shape.channels()).withBlock(CHUNK);
    this.softplus = softplus;
    this.inputs = inputs;
    this.lengths = lengths;
  }

  /** Returns outputs {@code [B, T, D]} and the last state {@code [B, N, D]}. */
  static Variable[] scan(
      Tape tape,
      SelectiveShape shape,
      boolean softplus,
      Map<String, Variable> coefficients,
      Variable h0,
      int[] lengths) {
    Variable[] inputs = new Variable[NAMES.length + 1];
    for (int i = 0; i < NAMES.length; i++) {
      inputs[i] = coefficients.get(NAMES[i]);
    }
    inputs[INITIAL] = h0;
    return new SelectiveScan<>(Precision.of(inputs[U].type()), shape, softplus, inputs, lengths)
        .record(tape);
  }

  private Variable[] record(Tape tape) {
    INDArray y = tape.allocate(precision.type(), shape.batch(), shape.steps(), shape.channels());
    INDArray last =
        tape.allocate(precision.type(), shape.batch(), shape.states(), shape.channels());
    if (tape.needsPullback(inputs)) {
      long chunks = ((long) shape.steps() + CHUNK - 1) / CHUNK;
      borders =
          tape.allocate(precision.type(), shape.batch(), chunks, shape.states(), shape.channels());
    }
    Slab<A> ys = precision.slab(y);
    Slab<A> lasts = precision.slab(last);
    Slab<A> kept = borders == null ? null : precision.slab(borders);
    Sources sources = new Sources();
    Parallel.run(grid.tasks(), task -> forward(task, sources, ys, lasts, kept));
    return tape.record(new INDArray[] {y, last}, this::pullback, inputs);
  }

  private void pullback(Cotangents cotangents) {
    new SelectiveScanBackward<>(this, precision.slab(borders), cotangents).run();
  }

  private void forward(int task, Sources sources, Slab<A> ys, Slab<A> lasts, Slab<A> kept) {
    int row = grid.row(task);
    int w = grid.channels(task);
    try (Scratch<A> scratch = precision.scratch()) {
      Tile tile = new Tile(sources, task, scratch);
      A h = scratch.take(shape.states() * w);
      A y = scratch.take(CHUNK * w);
      sources.loadState(sources.slabs(INITIAL), task, row, h);
      for (int t = 0; t < lengths[row]; t += CHUNK) {
        int n = Math.min(CHUNK, lengths[row] - t);
        if (kept != null) {
          storeState(kept, task, border(row, t), h);
        }
        tile.load(t, n);
        kernels.selectiveScan(
            new SelectiveSystem<>(
                tile.dt, tile.x, tile.rate, tile.b, tile.c, h, n, shape.states(), w),
            y);
        tile.addSkip(y, n);
        if (tile.gate != null) {
          kernels.multiply(y, 0, tile.gate, 0, y, 0, n * w);
        }
        grid.store(ys, task, t, y, n);
      }
      storeState(lasts, task, row, h);
      clear(ys, task, y);
    }
  }

  /** Which of the states kept is the one before step t of a row. */
  int border(int row, int t) {
    return row * ((shape.steps() + CHUNK - 1) / CHUNK) + t / CHUNK;
  }

  /** Stores a tile of state number {@code index} of {@code [..., N, D]}. */
  void storeState(Slab<A> to, int task, int index, A h) {
    int w = grid.channels(task);
    long at = (long) index * shape.states() * shape.channels() + grid.firstChannel(task);
    to.storeRows(at, shape.channels(), h, 0, shape.states(), w);
  }

  /** Zeros at the padded positions of a task. */
  void clear(Slab<A> target, int task, A spare) {
    int length = lengths[grid.row(task)];
    if (length < shape.steps()) {
      kernels.fill(spare, 0, CHUNK * grid.channels(task), 0);
    }
    for (int t = length; t < shape.steps(); t += CHUNK) {
      grid.store(target, task, t, spare, Math.min(CHUNK, shape.steps() - t));
    }
  }

  /** The off-heap data of every input; null for those that are absent. */
  final class Sources {
    private final List<Slab<A>> slabs = new ArrayList<>();

    Sources() {
      for (Variable input : inputs) {
        slabs.add(input == null ? null : precision.slab(input.value()));
      }
    }

    Slab<A> slabs(int input) {
      return slabs.get(input);
    }

    /** A task's channels of a vector {@code [D]}; null where it is absent. */
    A vector(int input, int task, Scratch<A> scratch) {
      if (slabs(input) == null) {
        return null;
      }
      int w = grid.channels(task);
      A vector = scratch.take(w);
      slabs(input).load(grid.firstChannel(task), vector, 0, w);
      return vector;
    }

    /** A tile of state number {@code index} of {@code [..., N, D]}; zeros for null. */
    void loadState(Slab<A> from, int task, int index, A h) {
      int w = grid.channels(task);
      if (from == null) {
        kernels.fill(h, 0, shape.states() * w, 0);
        return;
      }
      long at = (long) index * shape.states() * shape.channels() + grid.firstChannel(task);
      from.loadRows(at, shape.channels(), h, 0, shape.states(), w);
    }
  }

  /** What drives up to {@link #CHUNK} steps of a task, on the heap. */
  final class Tile {
    final A rate;
    final A skip;
    final A u;

    /** {@code delta + bias}, which the softplus's pullback wants. */
    final A delta;

    /** Δ. */
    final A dt;

    /** {@code Δ u}. */
    final A x;

    final A b;
    final A c;
    final A z;

    /** {@code silu(z)}. */
    final A gate;

    private final A bias;
    private final Sources sources;
    private final int task;
    private final int w;

    Tile(Sources sources, int task, Scratch<A> scratch) {
      this.sources = sources;
      this.task = task;
      this.w = grid.channels(task);
      this.rate = scratch.take(shape.states() * w);
      sources.loadState(sources.slabs(RATE), task, 0, rate);
      this.skip = sources.vector(SKIP, task, scratch);
      this.bias = sources.vector(BIAS, task, scratch);
      this.u = scratch.take(CHUNK * w);
      this.delta = scratch.take(CHUNK * w);
      this.dt = softplus ? scratch.take(CHUNK * w) : delta;
      this.x = scratch.take(CHUNK * w);
      this.b = scratch.take(CHUNK * shape.states());
      this.c = scratch.take(CHUNK * shape.states());
      this.z = sources.slabs(GATE) == null ? null : scratch.take(CHUNK * w);
      this.gate = z == null ? null : scratch.take(CHUNK * w);
    }

    /** Loads n steps from t on. */
    void load(int t, int n) {
      grid.load(sources.slabs(U), task, t, u, n);
      grid.load(sources.slabs(DELTA), task, t, delta, n);
      for (int i = 0; bias != null && i < n; i++) {
        kernels.add(delta, i * w, bias, 0, delta, i * w, w);
      }
      if (softplus) {
        kernels.map(Unary.SOFTPLUS, delta, 0, dt, 0, n * w);
      }
      kernels.multiply(dt, 0, u, 0, x, 0, n * w);
      long at = ((long) grid.row(task) * shape.steps() + t) * shape.states();
      sources.slabs(WRITE).load(at, b, 0, n * shape.states());
      sources.slabs(READ).load(at, c, 0, n * shape.states());
      if (z != null) {
        grid.load(sources.slabs(GATE), task, t, z, n);
        kernels.map(Unary.SILU, z, 0, gate, 0, n * w);
      }
    }

    /** {@code y += D u}. */
    void addSkip(A y, int n) {
      for (int i = 0; skip != null && i < n; i++) {
        kernels.multiplyAdd(skip, 0, u, i * w, y, i * w, w);
      }
    }
  }
}
