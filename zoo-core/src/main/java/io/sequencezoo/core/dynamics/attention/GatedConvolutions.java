package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One stretch of gates and long convolutions as one entry of the tape. A task is a few channels of
 * all rows, with time made the last axis of its tiles, so that a filter is transformed once for all
 * rows. The pullback forms the stages again:
 *
 * <pre>{@code
 * c' = f * u + bias u    gu = f ⋆ gc' + bias gc'    gf = Σ_rows u ⋆ gc'    gbias = Σ gc'·u
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class GatedConvolutions<A> {
  /** Channels of a task: a run of memory long enough to be copied fast. */
  private static final int GROUP = 8;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Span span;
  private final int batch;
  private final int steps;
  private final int stages;
  private final int d;
  private final int taps;

  /** The most tokens of a row, held and new. */
  private final int longest;

  private final Fourier<A> fourier;

  /** Gates, values, filters, biases, and what is held or null. */
  private final Slab<A> gates;

  private final Slab<A> values;
  private final Slab<A> filters;
  private final Slab<A> biases;
  private final Slab<A> held;

  private GatedConvolutions(Precision<A> precision, Span span, Variable[] inputs) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.span = span;
    this.batch = span.shape().batch();
    this.steps = span.shape().steps();
    this.stages = span.shape().heads();
    this.d = span.shape().keyDim();
    this.taps = inputs[2].size(1);
    this.gates = precision.slab(inputs[0].value());
    this.values = precision.slab(inputs[1].value());
    this.filters = precision.slab(inputs[2].value());
    this.biases = precision.slab(inputs[3].value());
    this.held =
        inputs[4] == null ? null : precision.slab(KeyValueCache.contiguous(inputs[4].value()));
    int longest = 0;
    int added = 0;
    for (int b = 0; b < batch; b++) {
      longest = Math.max(longest, span.total(b));
      added = Math.max(added, span.lengths()[b]);
    }
    this.longest = longest;
    // What wraps around falls on tokens of the state, where outputs aren't wanted, and from there
    // on gradients of lags that don't exist.
    this.fourier = Fourier.of(precision, Fourier.lengthFor((longest + added + 1) / 2));
  }

  /** Outputs {@code [B, T, D, 1]} and what is to be held, {@code [B, T, O-1, D]}. */
  static Variable[] apply(Tape tape, Span span, Variable[] inputs) {
    return new GatedConvolutions<>(Precision.of(inputs[0].type()), span, inputs)
        .record(tape, inputs);
  }

  private Variable[] record(Tape tape, Variable[] inputs) {
    INDArray y = tape.allocate(precision.type(), batch, steps, d, 1);
    INDArray u = tape.allocate(precision.type(), batch, steps, stages, d);
    Slab<A> ys = precision.slab(y);
    Slab<A> us = precision.slab(u);
    Parallel.run((d + GROUP - 1) / GROUP, task -> forward(task, ys, us));
    return tape.record(new INDArray[] {y, u}, this::pullback, inputs);
  }

  /** A few channels: tiles are {@code [channels, T]}, transforms {@code [stages, channels, N]}. */
  private final class Group {
    final int first;
    final int channels;
    final Scratch<A> scratch;
    final A turned;
    final A spectra;
    final double[] bias;

    /** Gates {@code [O, channels, T]}, with x_0 first. */
    final A x;

    /** {@code c_o [O, channels, T]}. */
    final A c;

    /** Signals {@code [stages, channels, N]}: transforms of what was held and {@code u_o}. */
    final A signals;

    final A signal;
    final A u;

    Group(int task, Scratch<A> scratch) {
      this.first = task * GROUP;
      this.channels = Math.min(GROUP, d - first);
      this.scratch = scratch;
      int n = fourier.length();
      this.turned = scratch.take(Math.max(n, steps) * channels);
      this.spectra = scratch.take(stages * channels * n);
      this.bias = new double[stages * channels];
      this.x = scratch.take((stages + 1) * channels * steps);
      this.c = scratch.take((stages + 1) * channels * steps);
      this.signals = scratch.take(stages * channels * n);
      this.signal = scratch.take(n);
      this.u = scratch.take(channels * steps);
      A row = scratch.take(channels);
      int used = longest;
      for (int o = 0; o < stages; o++) {
        biases.load((long) o * d + first, row, 0, channels);
        kernels.widen(row, 0, bias, o * channels, channels);
        filters.loadRows((long) o * taps * d + first, d, turned, 0, used, channels);
        for (int j = 0; j < channels; j++) {
          A spectrum = signal;
          kernels.transpose(used, 1, turned, j, channels, spectrum, 0, used);
          kernels.fill(spectrum, used, n - used, 0);
          fourier.forward(spectrum);
          kernels.copy(spectrum, 0, spectra, (o * channels + j) * n, n);
        }
      }
    }

    /** Turns {@code rows} tokens of the group's channels into {@code [channels, rows]}. */
    void load(Slab<A> from, long at, long stride, int rows, A into, int offset) {
      from.loadRows(at + first, stride, turned, 0, rows, channels);
      kernels.transpose(rows, channels, turned, 0, channels, into, offset, steps);
    }

    /** The inverse of {@link #load}; tokens behind the valid ones become zero. */
    void store(A from, int offset, int rows, Slab<A> to, long at, long stride) {
      kernels.transpose(channels, rows, from, offset, steps, turned, 0, channels);
      kernels.fill(turned, rows * channels, (steps - rows) * channels, 0);
      to.storeRows(at + first, stride, turned, 0, steps, channels);
    }

    /** The same to where a gradient goes. */
    void store(A from, int rows, Target<A> to, long at, long stride) {
      kernels.transpose(channels, rows, from, 0, steps, turned, 0, channels);
      to.rows(at + first, stride, turned, 0, rows, channels);
      to.none(at + first + rows * stride, stride, steps - rows, channels);
    }

    /** All stages of row b; what is held of stage o goes to {@code us} where that is given. */
    void forward(int b, Slab<A> us) {
      int length = span.lengths()[b];
      int plane = channels * steps;
      for (int o = 0; o <= stages; o++) {
        long at = ((long) b * steps * (stages + 1) + o) * d;
        load(gates, at, (long) (stages + 1) * d, length, x, o * plane);
      }
      load(values, (long) b * steps * d, d, length, c, 0);
      for (int o = 0; o < stages; o++) {
        int gate = (stages - o) * plane;
        for (int j = 0; j < channels; j++) {
          int at = j * steps;
          kernels.multiply(x, gate + at, c, o * plane + at, u, at, length);
        }
        if (us != null) {
          long at = ((long) b * steps * stages + o) * d;
          store(u, 0, length, us, at, (long) stages * d);
        }
        transform(b, o, length);
        for (int j = 0; j < channels; j++) {
          convolve(b, o, j, length, (o + 1) * plane + j * steps);
        }
      }
    }

    /** Leaves the transforms of what was held and u in {@code signals}. */
    private void transform(int b, int o, int length) {
      int n = fourier.length();
      int cached = span.cached()[b];
      if (cached > 0) {
        long at = ((long) b * span.capacity() * stages + o) * d + first;
        held.loadRows(at, (long) stages * d, turned, 0, cached, channels);
      }
      for (int j = 0; j < channels; j++) {
        kernels.transpose(cached, 1, turned, j, channels, signal, 0, Math.max(1, cached));
        kernels.copy(u, j * steps, signal, cached, length);
        kernels.fill(signal, cached + length, n - cached - length, 0);
        fourier.forward(signal);
        kernels.copy(signal, 0, signals, (o * channels + j) * n, n);
      }
    }

    private void convolve(int b, int o, int j, int length, int to) {
      int n = fourier.length();
      int at = (o * channels + j) * n;
      A filter = turned;
      kernels.copy(signals, at, signal, 0, n);
      kernels.copy(spectra, at, filter, 0, n);
      fourier.multiply(signal, filter, false, signal);
      fourier.inverse(signal);
      kernels.copy(signal, span.cached()[b], c, to, length);
      kernels.axpy(bias[o * channels + j], u, j * steps, c, to, length);
    }
  }

  private void forward(int task, Slab<A> ys, Slab<A> us) {
    try (Scratch<A> scratch = precision.scratch()) {
      Group group = new Group(task, scratch);
      int plane = group.channels * steps;
      for (int b = 0; b < batch; b++) {
        group.forward(b, us);
        for (int j = 0; j < group.channels; j++) {
          int at = j * steps;
          kernels.multiply(
              group.x, at, group.c, stages * plane + at, group.u, at, span.lengths()[b]);
        }
        group.store(group.u, 0, span.lengths()[b], ys, (long) b * steps * d, d);
      }
    }
  }

  private void pullback(Cotangents cotangents) {
    Slab<A> gy = precision.slab(cotangents.outputOrZeros(0));
    Slab<A> gu = precision.slab(cotangents.outputOrZeros(1));
    Targets<A> to =
        new Targets<>(
            Target.of(precision, cotangents, 0),
            Target.of(precision, cotangents, 1),
            Target.of(precision, cotangents, 2),
            Target.of(precision, cotangents, 3),
            Target.of(precision, cotangents, 4));
    Parallel.run((d + GROUP - 1) / GROUP, task -> backward(task, gy, gu, to));
  }

  /** Where gradients go; null where one isn't wanted. */
  private record Targets<A>(
      Target<A> gates, Target<A> values, Target<A> filters, Target<A> biases, Target<A> held) {}

  private void backward(int task, Slab<A> gy, Slab<A> gu, Targets<A> to) {
    try (Scratch<A> scratch = precision.scratch()) {
      Group group = new Group(task, scratch);
      int n = fourier.length();
      int channels = group.channels;
      A gFilters = scratch.zeros(stages * channels * n);
      double[] gBiases = new double[stages * channels];
      for (int b = 0; b < batch; b++) {
        new RowBackward(group, b, gFilters, gBiases).run(gy, gu, to);
      }
      A row = scratch.take(channels);
      for (int o = 0; o < stages; o++) {
        if (to.biases != null) {
          kernels.round(gBiases, o * channels, row, 0, channels);
          to.biases.rows((long) o * d + group.first, d, row, 0, 1, channels);
        }
        if (to.filters != null) {
          filterGradient(group, o, gFilters, to.filters);
        }
      }
    }
  }

  /** From transforms of the gradients of a stage's filters, summed over rows. */
  private void filterGradient(Group group, int o, A gFilters, Target<A> to) {
    int n = fourier.length();
    int channels = group.channels;
    for (int j = 0; j < channels; j++) {
      kernels.copy(gFilters, (o * channels + j) * n, group.signal, 0, n);
      fourier.inverse(group.signal);
      kernels.transpose(1, longest, group.signal, 0, longest, group.turned, j, channels);
    }
    long at = (long) o * taps * d + group.first;
    to.rows(at, d, group.turned, 0, longest, channels);
    to.none(at + (long) longest * d, d, taps - longest, channels);
  }

  /** The pullback of one row of a group of channels. */
  private final class RowBackward {
    private final Group group;
    private final int b;
    private final int length;
    private final int cached;
    private final int plane;
    private final A gFilters;
    private final double[] gBiases;
    private final A gc;
    private final A own;
    private final A past;

    RowBackward(Group group, int b, A gFilters, double[] gBiases) {
      this.group = group;
      this.b = b;
      this.length = span.lengths()[b];
      this.cached = span.cached()[b];
      this.plane = group.channels * steps;
      this.gFilters = gFilters;
      this.gBiases = gBiases;
      this.gc = group.scratch.take(plane);
      this.own = group.scratch.take(plane);
      this.past = group.scratch.take(Math.max(1, cached) * group.channels);
    }

    void run(Slab<A> gy, Slab<A> gu, Targets<A> to) {
      group.forward(b, null);
      group.load(gy, (long) b * steps * d, d, length, gc, 0);
      gate(0, stages, to);
      for (int o = stages - 1; o >= 0; o--) {
        long at = ((long) b * steps * stages + o) * d;
        group.load(gu, at, (long) stages * d, length, own, 0);
        for (int j = 0; j < group.channels; j++) {
          stage(o, j);
        }
        if (to.held != null) {
          long slot = ((long) b * span.capacity() * stages + o) * d + group.first;
          long stride = (long) stages * d;
          to.held.rows(slot, stride, past, 0, cached, group.channels);
          to.held.none(slot + cached * stride, stride, span.capacity() - cached, group.channels);
        }
        kernels.copy(own, 0, gc, 0, plane);
        gate(stages - o, o, to);
      }
      if (to.values != null) {
        group.store(gc, length, to.values, (long) b * steps * d, d);
      }
    }

    /** From the gradient of {@code x_gate c_o}, in gc, to that of the gate and, in gc, of c. */
    private void gate(int gate, int o, Targets<A> to) {
      for (int j = 0; j < group.channels; j++) {
        int at = j * steps;
        kernels.multiply(gc, at, group.c, o * plane + at, own, at, length);
        kernels.multiply(gc, at, group.x, gate * plane + at, gc, at, length);
      }
      if (to.gates != null) {
        long at = ((long) b * steps * (stages + 1) + gate) * d;
        group.store(own, length, to.gates, at, (long) (stages + 1) * d);
      }
    }

    /** Adds to {@code own}, the gradient of u, and to those of filter, bias and what was held. */
    private void stage(int o, int j) {
      int n = fourier.length();
      int at = (o * group.channels + j) * n;
      int here = j * steps;
      A signal = group.signal;
      A other = group.turned;
      int gate = (stages - o) * plane + here;
      A u = group.u;
      kernels.multiply(group.x, gate, group.c, o * plane + here, u, 0, length);
      gBiases[o * group.channels + j] += kernels.dot(gc, here, u, 0, length);
      kernels.axpy(group.bias[o * group.channels + j], gc, here, own, here, length);
      kernels.fill(signal, 0, cached, 0);
      kernels.copy(gc, here, signal, cached, length);
      kernels.fill(signal, cached + length, n - cached - length, 0);
      fourier.forward(signal);
      kernels.copy(group.signals, at, other, 0, n);
      fourier.multiply(signal, other, true, other);
      kernels.add(gFilters, at, other, 0, gFilters, at, n);
      kernels.copy(group.spectra, at, other, 0, n);
      fourier.multiply(signal, other, true, signal);
      fourier.inverse(signal);
      kernels.add(own, here, signal, cached, own, here, length);
      kernels.transpose(1, cached, signal, 0, Math.max(1, cached), past, j, group.channels);
    }
  }
}
