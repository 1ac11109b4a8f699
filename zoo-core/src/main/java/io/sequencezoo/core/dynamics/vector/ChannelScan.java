package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A whole pass of channel-wise systems as one operation: a task takes a group of channels of a few
 * rows over all time, with time made the last axis of its tiles. Nothing is kept for the backward
 * pass.
 *
 * @param <A> the array type
 */
final class ChannelScan<A> {
  /** Steps that are turned at once. */
  private static final int TURNED = 64;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final ChannelShape shape;
  private final Solver solver;

  /** u, log λ, w, d, x; the last two may be null. */
  private final Variable[] inputs;

  /** For the convolution alone, null for other solvers. */
  private final Fourier<A> fourier;

  private final double[] log;
  private final double[] weight;
  private final double[] feed;

  ChannelScan(Precision<A> precision, ChannelShape shape, Solver solver, Variable[] inputs) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.solver = solver;
    this.inputs = inputs;
    this.fourier =
        solver == Solver.CONVOLUTION
            ? Fourier.of(precision, Fourier.lengthFor(shape.padded()))
            : null;
    this.log = ComplexArrays.values(precision, inputs[1].value());
    this.weight = ComplexArrays.values(precision, inputs[2].value());
    this.feed = inputs[3] == null ? null : ComplexArrays.values(precision, inputs[3].value());
  }

  /** Outputs {@code [B, T, D, 1]} and final states {@code [B, D, 2, N]}. */
  Variable[] run(Tape tape) {
    INDArray y = tape.allocate(precision.type(), shape.batch(), shape.steps(), shape.channels(), 1);
    INDArray last =
        tape.allocate(precision.type(), shape.batch(), shape.channels(), 2, shape.modes());
    Slab<A> ys = precision.slab(y);
    Slab<A> lasts = precision.slab(last);
    Parallel.run(shape.groups() * shape.rowGroups(), task -> forward(task, ys, lasts));
    return tape.record(new INDArray[] {y, last}, this::pullback, inputs);
  }

  private ChannelSolver<A> solver(ChannelModes<A> table, boolean startWanted, Scratch<A> scratch) {
    if (solver == Solver.SEQUENTIAL) {
      return new SequentialChannel<>(shape, table, scratch);
    }
    return solver == Solver.CONVOLUTION
        ? new ConvolvedChannel<>(shape, table, fourier, startWanted, scratch)
        : new ChunkedChannel<>(shape, table, scratch);
  }

  private ChannelModes<A> table(Scratch<A> scratch) {
    return new ChannelModes<>(precision, shape, log, weight, feed, scratch);
  }

  private Slab<A> starts() {
    return inputs[4] == null ? null : precision.slab(inputs[4].value());
  }

  private void forward(int task, Slab<A> ys, Slab<A> lasts) {
    Tile tile = new Tile(task);
    Slab<A> us = precision.slab(inputs[0].value());
    Slab<A> starts = starts();
    try (Scratch<A> scratch = precision.scratch()) {
      A turned = scratch.take(TURNED * shape.group());
      A u = scratch.take(tile.length());
      A y = scratch.take(tile.channelLength());
      A states = scratch.take(tile.rows * shape.width());
      tile.load(us, u, turned);
      ChannelModes<A> table = table(scratch);
      ChannelSolver<A> channel = solver(table, false, scratch);
      for (int c = 0; c < tile.channels; c++) {
        table.load(tile.firstChannel + c);
        tile.loadStates(starts, c, states);
        int at = c * tile.channelLength();
        channel.forward(u, at, tile.rows, tile.firstRow, states, y);
        kernels.copy(y, 0, u, at, tile.channelLength());
        tile.storeStates(lasts, c, states);
      }
      tile.store(ys, u, turned);
    }
  }

  private void pullback(Cotangents cotangents) {
    Tape tape = cotangents.tape();
    INDArray gu = tape.allocate(precision.type(), inputs[0].shape());
    INDArray gStart =
        cotangents.needs(4) ? tape.allocate(precision.type(), inputs[4].shape()) : null;
    Sums sums = new Sums();
    Slab<A> gus = precision.slab(gu);
    Slab<A> gStarts = slab(gStart);
    Slab<A> gys = slab(cotangents.output(0));
    Slab<A> gLasts = slab(cotangents.output(1));
    Parallel.run(
        shape.groups() * shape.rowGroups(),
        task -> backward(task, gys, gLasts, gus, gStarts, sums));
    cotangents.add(0, gu);
    ComplexArrays.contribute(precision, cotangents, 1, sums.total(sums.logs, shape.width()));
    ComplexArrays.contribute(precision, cotangents, 2, sums.total(sums.weights, shape.width()));
    if (feed != null) {
      ComplexArrays.contribute(precision, cotangents, 3, sums.total(sums.feeds, 1));
    }
    if (gStart != null) {
      cotangents.add(4, gStart);
    }
  }

  private Slab<A> slab(INDArray array) {
    return array == null ? null : precision.slab(array);
  }

  private void backward(
      int task, Slab<A> gys, Slab<A> gLasts, Slab<A> gus, Slab<A> gStarts, Sums sums) {
    Tile tile = new Tile(task);
    Slab<A> us = precision.slab(inputs[0].value());
    Slab<A> starts = starts();
    try (Scratch<A> scratch = precision.scratch()) {
      A turned = scratch.take(TURNED * shape.group());
      A u = scratch.take(tile.length());
      A gy = scratch.take(tile.length());
      A gu = scratch.take(tile.channelLength());
      A states = scratch.take(tile.rows * shape.width());
      A gStates = scratch.take(tile.rows * shape.width());
      tile.load(us, u, turned);
      tile.load(gys, gy, turned);
      ChannelModes<A> table = table(scratch);
      ChannelSolver<A> channel = solver(table, gStarts != null, scratch);
      for (int c = 0; c < tile.channels; c++) {
        table.load(tile.firstChannel + c);
        tile.loadStates(starts, c, states);
        tile.loadStates(gLasts, c, gStates);
        int at = c * tile.channelLength();
        ChannelGradient gradient = new ChannelGradient(shape.modes());
        channel.backward(u, at, tile.rows, tile.firstRow, states, gy, at, gStates, gu, gradient);
        kernels.copy(gu, 0, u, at, tile.channelLength());
        if (gStarts != null) {
          tile.storeStates(gStarts, c, gStates);
        }
        sums.put(tile, tile.firstChannel + c, gradient);
      }
      tile.store(gus, u, turned);
    }
  }

  /** Gradients of coefficients by groups of rows, added in their order at the end. */
  private final class Sums {
    private final double[] logs = new double[shape.rowGroups() * log.length];
    private final double[] weights = new double[shape.rowGroups() * log.length];
    private final double[] feeds = new double[shape.rowGroups() * shape.channels()];

    void put(Tile tile, int channel, ChannelGradient gradient) {
      int at = tile.rowGroup * shape.channels() + channel;
      System.arraycopy(gradient.log, 0, logs, at * shape.width(), shape.width());
      System.arraycopy(gradient.weight, 0, weights, at * shape.width(), shape.width());
      feeds[at] = gradient.feed;
    }

    double[] total(double[] parts, int each) {
      double[] total = new double[shape.channels() * each];
      for (int i = 0; i < parts.length; i++) {
        total[i % total.length] += parts[i];
      }
      return total;
    }
  }

  /** A task's part of the arrays: {@code [channels][rows][padded steps]} on the heap. */
  private final class Tile {
    private final int rowGroup;
    private final int firstChannel;
    private final int channels;
    private final int firstRow;
    private final int rows;

    Tile(int task) {
      int group = task % shape.groups();
      rowGroup = task / shape.groups();
      firstChannel = group * shape.group();
      channels = Math.min(shape.group(), shape.channels() - firstChannel);
      firstRow = rowGroup * shape.rows();
      rows = Math.min(shape.rows(), shape.batch() - firstRow);
    }

    int channelLength() {
      return rows * shape.padded();
    }

    int length() {
      return channels * channelLength();
    }

    /** Loads valid steps, zeros elsewhere; everything is zero where there is no array. */
    void load(Slab<A> from, A into, A turned) {
      if (from == null) {
        kernels.fill(into, 0, length(), 0);
        return;
      }
      for (int r = 0; r < rows; r++) {
        int length = shape.lengths()[firstRow + r];
        for (int t = 0; t < length; t += TURNED) {
          int n = Math.min(TURNED, length - t);
          from.loadRows(at(r, t), shape.channels(), turned, 0, n, channels);
          int to = r * shape.padded() + t;
          kernels.transpose(n, channels, turned, 0, channels, into, to, channelLength());
        }
        for (int c = 0; c < channels; c++) {
          int row = c * channelLength() + r * shape.padded();
          kernels.fill(into, row + length, shape.padded() - length, 0);
        }
      }
    }

    /** Stores valid steps, zeros behind them. */
    void store(Slab<A> to, A from, A turned) {
      for (int r = 0; r < rows; r++) {
        int length = shape.lengths()[firstRow + r];
        for (int t = 0; t < shape.steps(); t += TURNED) {
          int n = Math.min(TURNED, shape.steps() - t);
          int at = r * shape.padded() + t;
          kernels.transpose(channels, n, from, at, channelLength(), turned, 0, channels);
          int valid = Math.max(0, Math.min(n, length - t));
          kernels.fill(turned, valid * channels, (n - valid) * channels, 0);
          to.storeRows(at(r, t), shape.channels(), turned, 0, n, channels);
        }
      }
    }

    private long at(int r, int t) {
      return ((long) (firstRow + r) * shape.steps() + t) * shape.channels() + firstChannel;
    }

    void loadStates(Slab<A> from, int c, A into) {
      for (int r = 0; r < rows; r++) {
        if (from == null) {
          kernels.fill(into, r * shape.width(), shape.width(), 0);
        } else {
          from.load(stateAt(r, c), into, r * shape.width(), shape.width());
        }
      }
    }

    void storeStates(Slab<A> to, int c, A from) {
      for (int r = 0; r < rows; r++) {
        to.store(stateAt(r, c), from, r * shape.width(), shape.width());
      }
    }

    private long stateAt(int r, int c) {
      return ((long) (firstRow + r) * shape.channels() + firstChannel + c) * shape.width();
    }
  }
}
