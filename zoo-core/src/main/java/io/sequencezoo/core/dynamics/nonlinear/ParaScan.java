package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.DiagonalCell;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link ParaGruCell} or {@link ParaLstmCell} over whole sequences, one step after the other, as
 * one operation of the tape: one call of a kernel runs many steps of a row's channels. The backward
 * pass evaluates the gates again from the states, which are all that is kept.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class ParaScan<A> {
  private static final int GATES = 3;

  /** Rows from which on rows alone give enough tasks. */
  private static final int MANY_ROWS = 8;

  /** Channels of a task otherwise: few enough that a layer gives work to several cores. */
  private static final int TILE = 128;

  /** Channels of a task at most: weights and states of a step stay in a level-1 cache. */
  private static final int WIDEST = 1024;

  /** Rows are padded to a multiple of it: the channels of the widest vector. */
  private static final int LANES = 16;

  /** Numbers of the drive that are loaded at a time: within a level-2 cache. */
  private static final int LOADED = 1 << 14;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Variable x;
  private final List<Variable> parameters;
  private final Variable initial;
  private final int[] lengths;
  private final int batch;
  private final int steps;
  private final int width;

  /** Numbers of the state per channel: h, or h and c. */
  private final int states;

  /** Vectors of weights over the channels, of all parameters together. */
  private final int weights;

  private final int tile;

  /** {@code h [B, T, N]}. */
  private INDArray hidden;

  /** {@code c [B, T, N]}; null for a GRU, and where no pullback will come. */
  private INDArray cells;

  private ParaScan(
      Precision<A> precision,
      Variable x,
      List<Variable> parameters,
      Variable initial,
      int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.x = x;
    this.parameters = parameters;
    this.initial = initial;
    this.lengths = lengths;
    this.batch = x.size(0);
    this.steps = x.size(1);
    this.width = x.size(2) / GATES;
    this.states = initial.size(1) / width;
    this.weights = parameters.stream().mapToInt(p -> p.size(0)).sum();
    this.tile =
        batch >= MANY_ROWS
            ? Math.min(width, WIDEST)
            : width >= 2 * TILE ? TILE : Math.min(width, WIDEST);
  }

  /** Fits {@link Cell.Sequential}; a state of N per row is a GRU's, one of 2 N an LSTM's. */
  static Variable[] scan(
      Tape tape, Variable x, List<Variable> parameters, Variable initial, int[] lengths) {
    return scan(tape, Precision.of(x.type()), x, parameters, initial, lengths);
  }

  private static <A> Variable[] scan(
      Tape tape,
      Precision<A> precision,
      Variable x,
      List<Variable> parameters,
      Variable initial,
      int[] lengths) {
    ParaScan<A> scan = new ParaScan<>(precision, x, parameters, initial, lengths);
    List<Variable> inputs = new ArrayList<>(List.of(x, initial));
    inputs.addAll(parameters);
    Variable[] all = inputs.toArray(new Variable[0]);
    return tape.record(scan.forward(tape, tape.needsPullback(all)), scan::backward, all);
  }

  private INDArray[] forward(Tape tape, boolean save) {
    hidden = tape.allocate(precision.type(), batch, steps, width);
    cells = save && states > 1 ? tape.allocate(precision.type(), batch, steps, width) : null;
    INDArray last = tape.allocate(precision.type(), batch, initial.size(1));
    run(tile -> tile.forward(precision.slab(last)));
    return new INDArray[] {hidden, last};
  }

  private void backward(Cotangents cotangents) {
    Tape tape = cotangents.tape();
    INDArray gx = tape.allocate(precision.type(), x.shape());
    INDArray gInitial = tape.allocate(precision.type(), initial.shape());
    Slab<A> gHidden = slab(cotangents.output(0));
    Slab<A> gLast = slab(cotangents.output(1));
    int size = weights * width;
    try (Scratch<A> scratch = precision.scratch()) {
      // A row's own sums, so that the order of summation doesn't depend on the threads.
      A partial = scratch.take(Math.multiplyExact(batch, size));
      run(
          tile ->
              tile.backward(gHidden, gLast, precision.slab(gx), precision.slab(gInitial), partial));
      A sum = scratch.zeros(size);
      for (int row = 0; row < batch; row++) {
        kernels.add(sum, 0, partial, row * size, sum, 0, size);
      }
      int at = 0;
      for (int i = 0; i < parameters.size(); i++) {
        INDArray gradient = tape.allocate(precision.type(), parameters.get(i).shape());
        int n = (int) gradient.length();
        precision.slab(gradient).store(0, sum, at, n);
        cotangents.add(2 + i, gradient);
        at += n;
      }
    }
    cotangents.add(0, gx);
    cotangents.add(1, gInitial);
  }

  private DiagonalCell kind() {
    return states > 1 ? DiagonalCell.LSTM : DiagonalCell.GRU;
  }

  private Slab<A> slab(INDArray array) {
    return array == null ? null : precision.slab(array);
  }

  @FunctionalInterface
  private interface Body<A> {
    void accept(ParaScan<A>.Tile tile);
  }

  private void run(Body<A> body) {
    int tiles = (width + tile - 1) / tile;
    Parallel.run(
        batch * tiles,
        task -> {
          try (Scratch<A> scratch = precision.scratch()) {
            body.accept(new Tile(scratch, task / tiles, task % tiles * tile));
          }
        });
  }

  /** Some channels of one row; numbers beyond them are zero and stay so. */
  private final class Tile {
    private final Scratch<A> scratch;
    private final int row;
    private final int from;
    private final int channels;

    /** Channels with padding. */
    private final int n;

    /** Steps that are loaded at a time. */
    private final int span;

    private final A a;
    private final A drive;
    private final A h;
    private final A c;

    Tile(Scratch<A> scratch, int row, int from) {
      this.scratch = scratch;
      this.row = row;
      this.from = from;
      this.channels = Math.min(tile, width - from);
      this.n = (channels + LANES - 1) / LANES * LANES;
      this.span = Math.max(1, Math.min(lengths[row], LOADED / (GATES * n)));
      this.a = take(weights);
      this.drive = take(GATES * span);
      this.h = take(span + 1);
      this.c = states > 1 ? take(span + 1) : h;
      int at = 0;
      for (Variable parameter : parameters) {
        load(precision.slab(parameter.value()), 0, parameter.size(0), a, at);
        at += parameter.size(0);
      }
    }

    private A take(int rows) {
      return n == channels ? scratch.take(rows * n) : scratch.zeros(rows * n);
    }

    /** Reads this tile's channels of rows of N numbers. */
    private void load(Slab<A> slab, long first, int rows, A into, int to) {
      if (n == width) {
        slab.load(first * width, into, to * n, rows * n);
        return;
      }
      for (int r = 0; r < rows; r++) {
        slab.load((first + r) * width + from, into, (to + r) * n, channels);
      }
    }

    /** Writes what {@link #load} reads. */
    private void store(Slab<A> slab, long first, int rows, A source, int at) {
      if (n == width) {
        slab.store(first * width, source, at * n, rows * n);
        return;
      }
      for (int r = 0; r < rows; r++) {
        slab.store((first + r) * width + from, source, (at + r) * n, channels);
      }
    }

    private long position(int t) {
      return (long) row * steps + t;
    }

    void forward(Slab<A> last) {
      Slab<A> input = precision.slab(x.value());
      Slab<A> output = precision.slab(hidden);
      Slab<A> keep = slab(cells);
      Slab<A> start = precision.slab(initial.value());
      long state = (long) row * states;
      load(start, state, 1, h, 0);
      if (states > 1) {
        load(start, state + 1, 1, c, 0);
      }
      for (int t = 0; t < lengths[row]; t += span) {
        int count = Math.min(span, lengths[row] - t);
        load(input, position(t) * GATES, count * GATES, drive, 0);
        kernels.diagonalScan(kind(), a, drive, h, c, count, n);
        store(output, position(t), count, h, 1);
        kernels.copy(h, count * n, h, 0, n);
        if (states > 1) {
          if (keep != null) {
            store(keep, position(t), count, c, 1);
          }
          kernels.copy(c, count * n, c, 0, n);
        }
      }
      store(last, state, 1, h, 0);
      if (states > 1) {
        store(last, state + 1, 1, c, 0);
      }
      clear(output, 1);
    }

    /** Sets padded positions to zero. */
    private void clear(Slab<A> target, int rows) {
      if (lengths[row] < steps) {
        A zeros = scratch.zeros(rows * n);
        for (int t = lengths[row]; t < steps; t++) {
          store(target, position(t) * rows, rows, zeros, 0);
        }
      }
    }

    void backward(Slab<A> gHidden, Slab<A> gLast, Slab<A> gx, Slab<A> gInitial, A partial) {
      Slab<A> input = precision.slab(x.value());
      A gy = gHidden == null ? scratch.zeros(span * n) : take(span);
      A gh = scratch.zeros(n);
      A gc = scratch.zeros(n);
      A ga = scratch.zeros(weights * n);
      long state = (long) row * states;
      if (gLast != null) {
        load(gLast, state, 1, gh, 0);
        if (states > 1) {
          load(gLast, state + 1, 1, gc, 0);
        }
      }
      int chunks = (lengths[row] + span - 1) / span;
      for (int chunk = chunks - 1; chunk >= 0; chunk--) {
        int t = chunk * span;
        int count = Math.min(span, lengths[row] - t);
        load(input, position(t) * GATES, count * GATES, drive, 0);
        loadStates(hidden, 0, t, count, h);
        if (gHidden != null) {
          load(gHidden, position(t), count, gy, 0);
        }
        if (states > 1) {
          loadStates(cells, 1, t, count, c);
        }
        kernels.diagonalScanPullback(kind(), a, drive, h, c, gy, gh, gc, drive, ga, count, n);
        store(gx, position(t) * GATES, count * GATES, drive, 0);
      }
      store(gInitial, state, 1, gh, 0);
      if (states > 1) {
        store(gInitial, state + 1, 1, gc, 0);
      }
      for (int v = 0; v < weights; v++) {
        kernels.copy(ga, v * n, partial, (row * weights + v) * width + from, channels);
      }
      clear(gx, GATES);
    }

    /** The state before step t, and those after it and the steps that follow. */
    private void loadStates(INDArray trajectory, int part, int t, int count, A into) {
      if (t == 0) {
        load(precision.slab(initial.value()), (long) row * states + part, 1, into, 0);
        load(precision.slab(trajectory), position(0), count, into, 1);
      } else {
        load(precision.slab(trajectory), position(t - 1), count + 1, into, 0);
      }
    }
  }
}
