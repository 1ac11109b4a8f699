package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Matrix cells step by step as one entry of the tape; a task is a head of a row. The pullback walks
 * chunks from the last to the first, and forms the states of each again from the one at its start:
 *
 * <pre>{@code
 * gS += q goᵀ    gq = S go    gf = gS·(S_{t-1} - Z)    gA = (1 - f) gS ⊙ (1 - Z²)
 * gk = gA v    gv = gAᵀ k    gW += S_{t-1}ᵀ gA    gS ← f gS + gA Wᵀ
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class MatrixCellScan<A> {
  /** Tokens between states that are held. */
  private static final int CHUNK = 64;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixCellRecurrence.Sizes s;
  private final double bound;
  private final int[] lengths;

  /** q, k, v, f, W, S, all with H heads. */
  private final Variable[] inputs;

  private final int chunks;
  private final int size;
  private INDArray starts;

  private MatrixCellScan(
      Precision<A> precision,
      MatrixCellRecurrence.Sizes sizes,
      double bound,
      int[] lengths,
      Variable[] inputs) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.s = sizes;
    this.bound = bound;
    this.lengths = lengths;
    this.inputs = inputs;
    this.chunks = (s.steps() + CHUNK - 1) / CHUNK;
    this.size = s.keys() * s.values();
  }

  /** Outputs {@code [B, T, H, V]} and last states {@code [B, H, K, V]}. */
  static Variable[] apply(
      Tape tape, MatrixCellRecurrence.Sizes sizes, double bound, int[] lengths, Variable[] inputs) {
    return new MatrixCellScan<>(Precision.of(inputs[0].type()), sizes, bound, lengths, inputs)
        .record(tape);
  }

  private Variable[] record(Tape tape) {
    INDArray o = tape.zeros(precision.type(), s.batch(), s.steps(), s.heads(), s.values());
    INDArray last = tape.allocate(precision.type(), s.batch(), s.heads(), s.keys(), s.values());
    int tasks = s.batch() * s.heads();
    if (tape.needsPullback(inputs)) {
      starts = tape.allocate(precision.type(), tasks, chunks, size);
    }
    Slab<A> out = precision.slab(o);
    Slab<A> states = precision.slab(last);
    Slab<A> held = starts == null ? null : precision.slab(starts);
    Parallel.run(tasks, task -> forward(task, out, states, held));
    return tape.record(new INDArray[] {o, last}, this::pullback, inputs);
  }

  /** The tiles of a chunk of one head: q and k {@code [n, K]}, v {@code [n, V]}, f {@code [n]}. */
  private final class Tile {
    private final int row;
    private final int head;
    final A q;
    final A k;
    final A v;
    final A f;
    final A w;

    Tile(Scratch<A> scratch, int task) {
      this.row = task / s.heads();
      this.head = task % s.heads();
      this.q = scratch.take(CHUNK * s.keys());
      this.k = scratch.take(CHUNK * s.keys());
      this.v = scratch.take(CHUNK * s.values());
      this.f = scratch.take(CHUNK);
      this.w = scratch.take(s.values() * s.values());
      int square = s.values() * s.values();
      precision.slab(inputs[4].value()).load((long) head * square, w, 0, square);
    }

    long at(int t) {
      return ((long) row * s.steps() + t) * s.heads() + head;
    }

    void load(int t, int n) {
      load(0, t, n, s.keys(), q);
      load(1, t, n, s.keys(), k);
      load(2, t, n, s.values(), v);
      load(3, t, n, 1, f);
    }

    private void load(int input, int t, int n, int width, A into) {
      Slab<A> from = precision.slab(inputs[input].value());
      from.loadRows(at(t) * width, (long) s.heads() * width, into, 0, n, width);
    }

    /** From the state at {@code from} to Z and the state after token i. */
    void step(int i, A states, int from, A z, int zo, int to) {
      int keys = s.keys();
      int values = s.values();
      kernels.gemm(
          false, false, keys, values, values, 1, states, from, values, w, 0, values, 0, z, zo,
          values);
      kernels.gemm(
          false,
          false,
          keys,
          values,
          1,
          1,
          k,
          i * keys,
          1,
          v,
          i * values,
          values,
          1,
          z,
          zo,
          values);
      kernels.map(Unary.TANH, z, zo, z, zo, size);
      double kept = kernels.get(f, i);
      kernels.affine(kept, states, from, 0, states, to, size);
      kernels.axpy(1 - kept, z, zo, states, to, size);
    }
  }

  private void forward(int task, Slab<A> out, Slab<A> states, Slab<A> held) {
    int values = s.values();
    try (Scratch<A> scratch = precision.scratch()) {
      Tile tile = new Tile(scratch, task);
      A state = scratch.take(size);
      A z = scratch.take(size);
      A o = scratch.take(CHUNK * values);
      precision.slab(inputs[5].value()).load((long) task * size, state, 0, size);
      int length = lengths[tile.row];
      for (int t = 0; t < length; t += CHUNK) {
        int n = Math.min(CHUNK, length - t);
        if (held != null) {
          held.store(((long) task * chunks + t / CHUNK) * size, state, 0, size);
        }
        tile.load(t, n);
        for (int i = 0; i < n; i++) {
          tile.step(i, state, 0, z, 0, 0);
          kernels.gemm(
              false,
              false,
              1,
              values,
              s.keys(),
              1,
              tile.q,
              i * s.keys(),
              s.keys(),
              state,
              0,
              values,
              0,
              o,
              i * values,
              values);
        }
        out.storeRows(tile.at(t) * values, (long) s.heads() * values, o, 0, n, values);
      }
      states.store((long) task * size, state, 0, size);
    }
  }

  private void pullback(Cotangents cotangents) {
    Tape tape = cotangents.tape();
    int square = s.values() * s.values();
    INDArray[] gradients = new INDArray[6];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] =
          i == 4
              ? tape.allocate(precision.type(), s.batch(), s.heads(), s.values(), s.values())
              : tape.zeros(precision.type(), cotangents.shape(i));
    }
    Slab<A> go = precision.slab(cotangents.outputOrZeros(0));
    Slab<A> gLast = precision.slab(cotangents.outputOrZeros(1));
    Parallel.run(s.batch() * s.heads(), task -> backward(task, go, gLast, gradients));
    INDArray weights = tape.allocate(precision.type(), cotangents.shape(4));
    Slab<A> perRow = precision.slab(gradients[4]);
    Slab<A> to = precision.slab(weights);
    try (Scratch<A> scratch = precision.scratch()) {
      A sum = scratch.take(s.heads() * square);
      A one = scratch.take(s.heads() * square);
      kernels.fill(sum, 0, s.heads() * square, 0);
      for (int b = 0; b < s.batch(); b++) {
        perRow.load((long) b * s.heads() * square, one, 0, s.heads() * square);
        kernels.add(sum, 0, one, 0, sum, 0, s.heads() * square);
      }
      to.store(0, sum, 0, s.heads() * square);
    }
    gradients[4] = weights;
    for (int i = 0; i < gradients.length; i++) {
      cotangents.add(i, gradients[i]);
    }
  }

  private void backward(int task, Slab<A> go, Slab<A> gLast, INDArray[] gradients) {
    int keys = s.keys();
    int values = s.values();
    Slab<A> held = precision.slab(starts);
    try (Scratch<A> scratch = precision.scratch()) {
      Tile tile = new Tile(scratch, task);
      Gradients g = new Gradients(scratch);
      A states = scratch.take((CHUNK + 1) * size);
      A z = scratch.take(CHUNK * size);
      gLast.load((long) task * size, g.state, 0, size);
      int length = lengths[tile.row];
      for (int chunk = (length + CHUNK - 1) / CHUNK - 1; chunk >= 0; chunk--) {
        int t = chunk * CHUNK;
        int n = Math.min(CHUNK, length - t);
        tile.load(t, n);
        go.loadRows(tile.at(t) * values, (long) s.heads() * values, g.o, 0, n, values);
        held.load(((long) task * chunks + chunk) * size, states, 0, size);
        for (int i = 0; i < n; i++) {
          tile.step(i, states, i * size, z, i * size, (i + 1) * size);
        }
        for (int i = n - 1; i >= 0; i--) {
          token(tile, g, i, states, z);
        }
        store(gradients[0], tile.at(t), n, keys, g.q);
        store(gradients[1], tile.at(t), n, keys, g.k);
        store(gradients[2], tile.at(t), n, values, g.v);
        store(gradients[3], tile.at(t), n, 1, g.f);
      }
      precision.slab(gradients[4]).store((long) task * values * values, g.w, 0, values * values);
      precision.slab(gradients[5]).store((long) task * size, g.state, 0, size);
    }
  }

  private void store(INDArray to, long at, int n, int width, A from) {
    precision.slab(to).storeRows(at * width, (long) s.heads() * width, from, 0, n, width);
  }

  /** The gradients of a chunk, and those that go through all of them. */
  private final class Gradients {
    final A o;
    final A q;
    final A k;
    final A v;
    final A f;
    final A w;
    final A state;
    final A inner;
    final A spare;

    Gradients(Scratch<A> scratch) {
      this.o = scratch.take(CHUNK * s.values());
      this.q = scratch.take(CHUNK * s.keys());
      this.k = scratch.take(CHUNK * s.keys());
      this.v = scratch.take(CHUNK * s.values());
      this.f = scratch.take(CHUNK);
      this.w = scratch.zeros(s.values() * s.values());
      this.state = scratch.take(size);
      this.inner = scratch.take(size);
      this.spare = scratch.take(size);
    }
  }

  private void token(Tile tile, Gradients g, int i, A states, A z) {
    int keys = s.keys();
    int values = s.values();
    int before = i * size;
    int after = before + size;
    kernels.gemm(
        false,
        false,
        keys,
        values,
        1,
        1,
        tile.q,
        i * keys,
        1,
        g.o,
        i * values,
        values,
        1,
        g.state,
        0,
        values);
    if (bound > 0) {
      for (int j = 0; j < size; j++) {
        double x = kernels.get(g.state, j);
        // NaN passes both comparisons.
        if (x > bound || x < -bound) {
          kernels.set(g.state, j, Math.copySign(bound, x));
        }
      }
    }
    kernels.gemm(
        false,
        false,
        keys,
        1,
        values,
        1,
        states,
        after,
        values,
        g.o,
        i * values,
        1,
        0,
        g.q,
        i * keys,
        1);
    kernels.subtract(states, before, z, i * size, g.spare, 0, size);
    kernels.set(g.f, i, kernels.dot(g.state, 0, g.spare, 0, size));
    double kept = kernels.get(tile.f, i);
    kernels.mapPullback(Unary.TANH, z, i * size, z, i * size, g.state, 0, g.inner, 0, size);
    kernels.affine(1 - kept, g.inner, 0, 0, g.inner, 0, size);
    kernels.gemm(
        false,
        false,
        keys,
        1,
        values,
        1,
        g.inner,
        0,
        values,
        tile.v,
        i * values,
        1,
        0,
        g.k,
        i * keys,
        1);
    kernels.gemm(
        true,
        false,
        values,
        1,
        keys,
        1,
        g.inner,
        0,
        values,
        tile.k,
        i * keys,
        1,
        0,
        g.v,
        i * values,
        1);
    kernels.gemm(
        true, false, values, values, keys, 1, states, before, values, g.inner, 0, values, 1, g.w, 0,
        values);
    kernels.affine(kept, g.state, 0, 0, g.state, 0, size);
    kernels.gemm(
        false, true, keys, values, values, 1, g.inner, 0, values, tile.w, 0, values, 1, g.state, 0,
        values);
  }
}
