package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Tokens {@code [B, T, H, N]} and the R before them on their way to chunks {@code [B, H, R + C, N]}
 * and back.
 *
 * @param <A> the array type
 */
final class TokenRows<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final RecomputedScan.Grid grid;
  private final String name;
  private final INDArray value;
  private final INDArray past;
  private final double filler;
  private final int batch;
  private final int steps;
  private final int heads;
  private final int size;
  private final int history;

  private TokenRows(
      Precision<A> precision,
      RecomputedScan.Grid grid,
      String name,
      INDArray value,
      INDArray past,
      double filler) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.grid = grid;
    this.name = name;
    this.value = value;
    this.past = past;
    this.filler = filler;
    this.batch = (int) value.size(0);
    this.steps = (int) value.size(1);
    this.heads = (int) value.size(2);
    this.size = value.rank() == 3 ? 1 : (int) value.size(3);
    this.history = past == null ? 0 : (int) past.size(1);
  }

  TokenRows(Precision<A> precision, RecomputedScan.Grid grid, RecomputedScan.Stream stream) {
    this(
        precision,
        grid,
        stream.name(),
        stream.value().value(),
        stream.past() == null ? null : stream.past().value(),
        stream.filler());
  }

  /** Outputs or their cotangents. */
  static <A> TokenRows<A> ofOutputs(
      Precision<A> precision, RecomputedScan.Grid grid, INDArray outputs) {
    return new TokenRows<>(precision, grid, "outputs", outputs, null, 0);
  }

  String name() {
    return name;
  }

  /** R. */
  int history() {
    return history;
  }

  long[] chunkShape() {
    return new long[] {batch, heads, history + grid.slots(), size};
  }

  long[] pastShape() {
    return past.shape();
  }

  /** Fills a chunk. */
  void gather(INDArray chunk, int index) {
    int slots = history + grid.slots();
    Slab<A> to = precision.slab(chunk);
    Slab<A> from = precision.slab(value);
    Slab<A> before = past == null ? null : precision.slab(past);
    Parallel.run(
        batch,
        b -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int row = heads * size;
            A tokens = scratch.take(slots * row);
            A mixed = scratch.take(slots * row);
            kernels.fill(tokens, 0, slots * row, filler);
            Run run = new Run(b, grid.first(b, index) - history, slots);
            if (run.earlier > 0) {
              long at = ((long) b * history + run.earlierAt) * row;
              before.load(at, tokens, run.earlierSlot * row, run.earlier * row);
            }
            if (run.present > 0) {
              long at = ((long) b * steps + run.presentAt) * row;
              from.load(at, tokens, run.presentSlot * row, run.present * row);
            }
            swap(tokens, slots, heads, mixed);
            to.store((long) b * slots * row, mixed, 0, slots * row);
          }
        });
  }

  /** Writes a chunk's outputs to their tokens. */
  void scatter(INDArray chunk, int index, boolean add) {
    put(chunk, index, value, null, add);
  }

  /** Adds a chunk's gradients to those of the tokens and of those before; either may be null. */
  void add(INDArray chunk, int index, INDArray toValue, INDArray toPast) {
    put(chunk, index, toValue, toPast, true);
  }

  private void put(INDArray chunk, int index, INDArray toValue, INDArray toPast, boolean add) {
    int slots = history + grid.slots();
    int row = heads * size;
    Slab<A> from = precision.slab(chunk);
    Slab<A> to = toValue == null ? null : precision.slab(toValue);
    Slab<A> before = toPast == null ? null : precision.slab(toPast);
    Parallel.run(
        batch,
        b -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A mixed = scratch.take(slots * row);
            A tokens = scratch.take(slots * row);
            A sum = scratch.take(slots * row);
            from.load((long) b * slots * row, mixed, 0, slots * row);
            swap(mixed, heads, slots, tokens);
            Run run = new Run(b, grid.first(b, index) - history, slots);
            if (before != null && run.earlier > 0) {
              long at = ((long) b * history + run.earlierAt) * row;
              move(tokens, run.earlierSlot * row, before, at, run.earlier * row, sum, add);
            }
            if (to != null && run.present > 0) {
              long at = ((long) b * steps + run.presentAt) * row;
              move(tokens, run.presentSlot * row, to, at, run.present * row, sum, add);
            }
          }
        });
  }

  private void move(A from, int offset, Slab<A> to, long at, int n, A sum, boolean add) {
    if (!add) {
      to.store(at, from, offset, n);
      return;
    }
    to.load(at, sum, 0, n);
    kernels.add(from, offset, sum, 0, sum, 0, n);
    to.store(at, sum, 0, n);
  }

  /** The last R tokens of every row, {@code [B, R, H, N]}. */
  void lastTokens(INDArray last) {
    int row = heads * size;
    Slab<A> to = precision.slab(last);
    Slab<A> from = precision.slab(value);
    Slab<A> before = precision.slab(past);
    try (Scratch<A> scratch = precision.scratch()) {
      A tokens = scratch.take(history * row);
      for (int b = 0; b < batch; b++) {
        Run run = new Run(b, grid.lengths()[b] - history, history);
        if (run.earlier > 0) {
          before.load(((long) b * history + run.earlierAt) * row, tokens, 0, run.earlier * row);
        }
        if (run.present > 0) {
          long at = ((long) b * steps + run.presentAt) * row;
          from.load(at, tokens, run.presentSlot * row, run.present * row);
        }
        to.store((long) b * history * row, tokens, 0, history * row);
      }
    }
  }

  /** Adds the gradient of the last R tokens to those of the tokens; either may be null. */
  void addLast(INDArray gradient, INDArray toValue, INDArray toPast) {
    int row = heads * size;
    Slab<A> from = precision.slab(gradient);
    Slab<A> to = toValue == null ? null : precision.slab(toValue);
    Slab<A> before = toPast == null ? null : precision.slab(toPast);
    try (Scratch<A> scratch = precision.scratch()) {
      A tokens = scratch.take(history * row);
      A sum = scratch.take(history * row);
      for (int b = 0; b < batch; b++) {
        from.load((long) b * history * row, tokens, 0, history * row);
        Run run = new Run(b, grid.lengths()[b] - history, history);
        if (before != null && run.earlier > 0) {
          long at = ((long) b * history + run.earlierAt) * row;
          move(tokens, run.earlierSlot * row, before, at, run.earlier * row, sum, true);
        }
        if (to != null && run.present > 0) {
          long at = ((long) b * steps + run.presentAt) * row;
          move(tokens, run.presentSlot * row, to, at, run.present * row, sum, true);
        }
      }
    }
  }

  /** {@code [rows, columns, N]} as {@code [columns, rows, N]}. */
  private void swap(A x, int rows, int columns, A y) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        kernels.copy(x, (r * columns + c) * size, y, (c * rows + r) * size, size);
      }
    }
  }

  /** Which of a number of slots hold tokens of this call, and which tokens from before it. */
  private final class Run {
    private final int earlier;
    private final int earlierAt;
    private final int earlierSlot;
    private final int present;
    private final int presentAt;
    private final int presentSlot;

    /**
     * The slots of a row.
     *
     * @param first the token of the first slot
     */
    Run(int row, int first, int slots) {
      int end = first + slots;
      int from = Math.max(first, -history);
      this.earlier = Math.max(0, Math.min(end, 0) - from);
      this.earlierAt = from + history;
      this.earlierSlot = from - first;
      int start = Math.max(first, 0);
      this.present = Math.max(0, Math.min(end, grid.lengths()[row]) - start);
      this.presentAt = start;
      this.presentSlot = start - first;
    }
  }
}
