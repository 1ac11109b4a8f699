package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The element-wise scan over whole sequences as one tape operation.
 *
 * <pre>{@code
 * h_t = a_t h_{t-1} + x_t          G_t = gy_t + a_{t+1} G_{t+1}
 *                                  gx_t = G_t    ga_t = G_t h_{t-1}    gg_t = a_t ga_t
 * }</pre>
 *
 * <p>Tasks are rows times tiles of channels. The associative scan cuts time as well, in two passes:
 * each chunk first sums itself up as {@code h -> P h + E}, the sums are chained, and each chunk
 * then runs from its true start. It reads a and x twice, so that it pays where rows and channels
 * alone don't fill the processors.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class ElementwiseScan<A> {
  /** With fewer tasks than this, AUTO cuts time too. */
  private static final int FEW_TASKS = 2;

  /** Steps below which chaining chunks costs more than it saves. */
  private static final int LONG = 2048;

  private static final int SHORTEST_CHUNK = 16;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final ScanGrid grid;
  private final boolean log;
  private final int[] lengths;
  private final Slab<A> xs;
  private final Slab<A> decays;
  private final Slab<A> initial;
  private Slab<A> ys;

  ElementwiseScan(
      Precision<A> precision,
      Solver solver,
      Variable x,
      Variable decay,
      boolean log,
      Variable h0,
      int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.grid = grid(solver, x);
    this.log = log;
    this.lengths = lengths;
    this.xs = precision.slab(x.value());
    this.decays = precision.slab(decay.value());
    this.initial = h0 == null ? null : precision.slab(h0.value());
  }

  private static ScanGrid grid(Solver solver, Variable x) {
    ScanGrid channels = ScanGrid.ofChannels(x.size(0), x.size(1), x.size(2));
    boolean cutsTime =
        solver == Solver.ASSOCIATIVE_SCAN
            || (solver == Solver.AUTO && channels.tasks() < FEW_TASKS && x.size(1) >= LONG);
    return cutsTime ? channels.inTime(SHORTEST_CHUNK) : channels;
  }

  /** Outputs {@code [B, T, D]} and the last state {@code [B, D]}. */
  Variable[] record(Tape tape, Variable x, Variable decay, Variable h0) {
    INDArray y = tape.allocate(x.type(), x.shape());
    INDArray last = tape.allocate(x.type(), x.size(0), x.size(2));
    forward(y, last);
    return tape.record(new INDArray[] {y, last}, this::backward, x, decay, h0);
  }

  private void forward(INDArray y, INDArray last) {
    ys = precision.slab(y);
    Slab<A> lasts = precision.slab(last);
    try (Scratch<A> scratch = precision.scratch()) {
      A starts = scratch.take(grid.batch() * grid.chunks() * grid.channels());
      loadRows(initial, starts, 0);
      if (grid.chunks() > 1) {
        A products = scratch.take(grid.batch() * grid.chunks() * grid.channels());
        Parallel.run(grid.tasks(), task -> sumUp(task, starts, products));
        for (int b = 0; b < grid.batch(); b++) {
          for (int c = 1; c < grid.chunks(); c++) {
            int at = (b * grid.chunks() + c) * grid.channels();
            int before = at - grid.channels();
            kernels.multiplyAdd(products, before, starts, before, starts, at, grid.channels());
          }
        }
      }
      Parallel.run(grid.tasks(), task -> run(task, starts, lasts));
    }
  }

  /** One row of {@code [B, D]} after the other into one chunk of each row; zeros for null. */
  private void loadRows(Slab<A> from, A into, int chunk) {
    int n = grid.channels();
    for (int b = 0; b < grid.batch(); b++) {
      int at = (b * grid.chunks() + chunk) * n;
      if (from == null) {
        kernels.fill(into, at, n, 0);
      } else {
        from.load((long) b * n, into, at, n);
      }
    }
  }

  /** Where a task's chunk, or one beside it, keeps its sums. */
  private int sumAt(int task, int offset) {
    int chunk = grid.row(task) * grid.chunks() + grid.chunkOf(task) + offset;
    return chunk * grid.channels() + grid.firstChannel(task);
  }

  private void loadDecay(int task, int t, A into, int n) {
    grid.load(decays, task, t, into, n);
    if (log) {
      int count = n * grid.channels(task);
      kernels.map(Unary.EXP, into, 0, into, 0, count);
    }
  }

  /** The product of a chunk's decays, and what it leads to from zero, kept at the next chunk. */
  private void sumUp(int task, A starts, A products) {
    if (grid.chunkOf(task) == grid.chunks() - 1) {
      return;
    }
    int w = grid.channels(task);
    int to = grid.to(task, lengths[grid.row(task)]);
    int end = sumAt(task, 1);
    int product = sumAt(task, 0);
    try (Scratch<A> scratch = precision.scratch()) {
      A a = scratch.take(grid.block() * w);
      A x = scratch.take(grid.block() * w);
      kernels.fill(starts, end, w, 0);
      kernels.fill(products, product, w, 1);
      for (int t = grid.from(task); t < to; t += grid.block()) {
        int n = Math.min(grid.block(), to - t);
        loadDecay(task, t, a, n);
        grid.load(xs, task, t, x, n);
        kernels.linearScan(a, x, starts, end, x, n, w);
        multiplyRows(a, products, product, n, w);
      }
    }
  }

  private void multiplyRows(A a, A product, int at, int n, int w) {
    for (int i = 0; i < n; i++) {
      kernels.multiply(product, at, a, i * w, product, at, w);
    }
  }

  private void run(int task, A starts, Slab<A> lasts) {
    int w = grid.channels(task);
    int length = lengths[grid.row(task)];
    int to = grid.to(task, length);
    try (Scratch<A> scratch = precision.scratch()) {
      A a = scratch.take(grid.block() * w);
      A x = scratch.take(grid.block() * w);
      A h = scratch.take(w);
      kernels.copy(starts, sumAt(task, 0), h, 0, w);
      for (int t = grid.from(task); t < to; t += grid.block()) {
        int n = Math.min(grid.block(), to - t);
        loadDecay(task, t, a, n);
        grid.load(xs, task, t, x, n);
        kernels.linearScan(a, x, h, 0, x, n, w);
        grid.store(ys, task, t, x, n);
      }
      if (isLast(task, length)) {
        lasts.store(stateAt(task), h, 0, w);
      }
      clear(ys, task, to, x);
    }
  }

  /** Whether a task's chunk holds the last valid step of its row, or the row has none. */
  private boolean isLast(int task, int length) {
    return grid.chunkOf(task) == Math.max(0, (length - 1) / grid.chunk());
  }

  private long stateAt(int task) {
    return (long) grid.row(task) * grid.channels() + grid.firstChannel(task);
  }

  /** Zeros from step t to the end of the task. */
  private void clear(Slab<A> target, int task, int from, A tile) {
    int w = grid.channels(task);
    if (from < grid.end(task)) {
      kernels.fill(tile, 0, Math.min(grid.block(), grid.end(task) - from) * w, 0);
    }
    for (int t = from; t < grid.end(task); t += grid.block()) {
      grid.store(target, task, t, tile, Math.min(grid.block(), grid.end(task) - t));
    }
  }

  private void backward(Cotangents cotangents) {
    new Backward(cotangents).run();
  }

  /** The reverse pass: the same cut, chained from the last chunk to the first. */
  private final class Backward {
    private final Cotangents cotangents;
    private final Slab<A> gy;
    private final Slab<A> gLast;
    private final INDArray gx;
    private final INDArray gDecay;
    private final INDArray gInitial;
    private final Slab<A> gxs;
    private final Slab<A> gDecays;
    private final Slab<A> gInitials;

    Backward(Cotangents cotangents) {
      this.cotangents = cotangents;
      Tape tape = cotangents.tape();
      gy = cotangents.output(0) == null ? null : precision.slab(cotangents.output(0));
      gLast = cotangents.output(1) == null ? null : precision.slab(cotangents.output(1));
      gx = tape.allocate(precision.type(), cotangents.shape(0));
      gDecay = tape.allocate(precision.type(), cotangents.shape(1));
      gInitial = tape.allocate(precision.type(), grid.batch(), grid.channels());
      gxs = precision.slab(gx);
      gDecays = precision.slab(gDecay);
      gInitials = precision.slab(gInitial);
    }

    void run() {
      try (Scratch<A> scratch = precision.scratch()) {
        A ends = scratch.take(grid.batch() * grid.chunks() * grid.channels());
        loadRows(gLast, ends, grid.chunks() - 1);
        if (grid.chunks() > 1) {
          A products = scratch.take(grid.batch() * grid.chunks() * grid.channels());
          Parallel.run(grid.tasks(), task -> sumUp(task, ends, products));
          for (int b = 0; b < grid.batch(); b++) {
            for (int c = grid.chunks() - 2; c >= 0; c--) {
              int at = (b * grid.chunks() + c) * grid.channels();
              int behind = at + grid.channels();
              kernels.multiplyAdd(products, behind, ends, behind, ends, at, grid.channels());
            }
          }
        }
        Parallel.run(grid.tasks(), task -> run(task, ends));
      }
      cotangents.add(0, gx);
      cotangents.add(1, gDecay);
      if (initial != null) {
        cotangents.add(2, gInitial);
      }
    }

    private void loadCotangent(int task, int t, A into, int n) {
      if (gy == null) {
        kernels.fill(into, 0, n * grid.channels(task), 0);
      } else {
        grid.load(gy, task, t, into, n);
      }
    }

    /** The product of a chunk's decays, and what it sends back, kept at the chunk before. */
    private void sumUp(int task, A ends, A products) {
      if (grid.chunkOf(task) == 0) {
        return;
      }
      int w = grid.channels(task);
      int from = grid.from(task);
      int start = sumAt(task, -1);
      int product = sumAt(task, 0);
      try (Scratch<A> scratch = precision.scratch()) {
        A a = scratch.take(grid.block() * w);
        A g = scratch.take(grid.block() * w);
        // Decays get their gradients in the last pass; states of zero stay zero here.
        A unused = scratch.take(grid.block() * w);
        kernels.fill(unused, 0, grid.block() * w, 0);
        kernels.fill(ends, start, w, 0);
        kernels.fill(products, product, w, 1);
        for (int to = grid.to(task, lengths[grid.row(task)]); to > from; to -= grid.block()) {
          int n = Math.min(grid.block(), to - from);
          loadDecay(task, to - n, a, n);
          loadCotangent(task, to - n, g, n);
          kernels.linearScanPullback(a, unused, g, ends, start, n, w);
          multiplyRows(a, products, product, n, w);
        }
      }
    }

    private void run(int task, A ends) {
      int w = grid.channels(task);
      int from = grid.from(task);
      int last = grid.to(task, lengths[grid.row(task)]);
      try (Scratch<A> scratch = precision.scratch()) {
        A a = scratch.take(grid.block() * w);
        A g = scratch.take(grid.block() * w);
        A before = scratch.take(grid.block() * w);
        A carry = scratch.take(w);
        kernels.copy(ends, sumAt(task, 0), carry, 0, w);
        for (int to = last; to > from; to -= grid.block()) {
          int n = Math.min(grid.block(), to - from);
          int t = to - n;
          loadDecay(task, t, a, n);
          loadCotangent(task, t, g, n);
          loadBefore(task, t, before, n, scratch);
          kernels.linearScanPullback(a, before, g, carry, 0, n, w);
          if (log) {
            kernels.multiply(before, 0, a, 0, before, 0, n * w);
          }
          grid.store(gxs, task, t, g, n);
          grid.store(gDecays, task, t, before, n);
        }
        if (grid.chunkOf(task) == 0) {
          gInitials.store(stateAt(task), carry, 0, w);
        }
        clear(gxs, task, last, g);
        clear(gDecays, task, last, g);
      }
    }

    /** {@code h_{t-1}} and the n - 1 states after it: outputs, or the initial state. */
    private void loadBefore(int task, int t, A into, int n, Scratch<A> scratch) {
      int w = grid.channels(task);
      if (t > 0) {
        grid.load(ys, task, t - 1, into, n);
        return;
      }
      A later = scratch.take(grid.block() * w);
      grid.load(ys, task, 0, later, n - 1);
      kernels.copy(later, 0, into, w, (n - 1) * w);
      if (initial == null) {
        kernels.fill(into, 0, w, 0);
      } else {
        initial.load(stateAt(task), into, 0, w);
      }
    }
  }
}
