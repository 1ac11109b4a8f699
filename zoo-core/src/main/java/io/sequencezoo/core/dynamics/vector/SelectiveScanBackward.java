package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.SelectiveGradients;
import io.sequencezoo.core.kernel.SelectiveSystem;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The reverse pass of {@link SelectiveScan}, chunk by chunk from the states kept.
 *
 * <pre>{@code
 * v_t = C_t · h_t + D u_t                      gz_t = gy_t v_t silu'(z_t)    gv_t = gy_t silu(z_t)
 * G_t = gv_t C_t + exp(Δ_{t+1} A) ⊙ G_{t+1}    E_t = G_t ⊙ exp(Δ_t A) ⊙ h_{t-1}
 * gΔ_t = E_t · A + u_t (G_t · B_t)             gu_t = Δ_t (G_t · B_t) + D gv_t
 * gA = Σ_t Δ_t E_t    gB_t = Σ_i Δ_t u_t G_t   gC_t = Σ_i gv_t h_t          i over channels
 * }</pre>
 *
 * <p>Sums over channels that several tasks share are kept by tile, sums over rows by row, and added
 * up in their order, so that threads don't change the result.
 *
 * @param <A> the array type
 */
final class SelectiveScanBackward<A> {
  private static final int CHUNK = SelectiveScan.CHUNK;

  /** Numbers that a task of the last sum handles. */
  private static final int GRAIN = 1 << 14;

  private final SelectiveScan<A> scan;
  private final SelectiveScan<A>.Sources sources;
  private final Kernels<A> kernels;
  private final SelectiveShape shape;
  private final ScanGrid grid;
  private final Slab<A> borders;
  private final Cotangents cotangents;
  private final Slab<A> gy;
  private final Slab<A> gLast;
  private final INDArray gu;
  private final INDArray gDelta;
  private final INDArray gGate;
  private final INDArray gInitial;

  /** Gradients of B and C, {@code [tiles, B, T, N]} each. */
  private final INDArray gWrite;

  private final INDArray gRead;

  SelectiveScanBackward(SelectiveScan<A> scan, Slab<A> borders, Cotangents cotangents) {
    this.scan = scan;
    this.sources = scan.new Sources();
    this.kernels = scan.kernels;
    this.shape = scan.shape;
    this.grid = scan.grid;
    this.borders = borders;
    this.cotangents = cotangents;
    this.gy = slab(cotangents.output(0));
    this.gLast = slab(cotangents.output(1));
    Tape tape = cotangents.tape();
    var type = scan.precision.type();
    this.gu = tape.allocate(type, cotangents.shape(SelectiveScan.U));
    this.gDelta = tape.allocate(type, cotangents.shape(SelectiveScan.DELTA));
    this.gGate =
        scan.inputs[SelectiveScan.GATE] == null
            ? null
            : tape.allocate(type, cotangents.shape(SelectiveScan.GATE));
    this.gInitial =
        scan.inputs[SelectiveScan.INITIAL] == null
            ? null
            : tape.allocate(type, cotangents.shape(SelectiveScan.INITIAL));
    long[] perTile = {grid.tiles(), shape.batch(), shape.steps(), shape.states()};
    this.gWrite = tape.allocate(type, perTile);
    this.gRead = tape.allocate(type, perTile);
  }

  private Slab<A> slab(INDArray array) {
    return array == null ? null : scan.precision.slab(array);
  }

  void run() {
    int sums = (shape.states() + 2) * shape.channels();
    try (Scratch<A> scratch = scan.precision.scratch()) {
      A perRow = scratch.take(shape.batch() * sums);
      Targets targets = new Targets();
      Parallel.run(grid.tasks(), task -> backward(task, targets, perRow));
      for (int b = 1; b < shape.batch(); b++) {
        kernels.add(perRow, 0, perRow, b * sums, perRow, 0, sums);
      }
      addSum(SelectiveScan.RATE, perRow, 0);
      addSum(SelectiveScan.SKIP, perRow, shape.states() * shape.channels());
      addSum(SelectiveScan.BIAS, perRow, (shape.states() + 1) * shape.channels());
    }
    cotangents.add(SelectiveScan.U, gu);
    cotangents.add(SelectiveScan.DELTA, gDelta);
    addTiles(SelectiveScan.WRITE, gWrite);
    addTiles(SelectiveScan.READ, gRead);
    if (gGate != null) {
      cotangents.add(SelectiveScan.GATE, gGate);
    }
    if (gInitial != null) {
      cotangents.add(SelectiveScan.INITIAL, gInitial);
    }
  }

  private void addSum(int input, A sums, int at) {
    if (!cotangents.needs(input)) {
      return;
    }
    INDArray sum = cotangents.tape().allocate(scan.precision.type(), cotangents.shape(input));
    scan.precision.slab(sum).store(0, sums, at, (int) sum.length());
    cotangents.add(input, sum);
  }

  /** Adds the tiles' shares of a gradient up. */
  private void addTiles(int input, INDArray perTile) {
    if (!cotangents.needs(input)) {
      return;
    }
    long n = perTile.length() / grid.tiles();
    INDArray sum = cotangents.tape().allocate(scan.precision.type(), cotangents.shape(input));
    Slab<A> from = scan.precision.slab(perTile);
    Slab<A> to = scan.precision.slab(sum);
    Parallel.ranges(
        n,
        GRAIN,
        (start, end) -> {
          try (Scratch<A> scratch = scan.precision.scratch()) {
            int count = (int) (end - start);
            A total = scratch.take(count);
            A part = scratch.take(count);
            from.load(start, total, 0, count);
            for (int tile = 1; tile < grid.tiles(); tile++) {
              from.load(tile * n + start, part, 0, count);
              kernels.add(total, 0, part, 0, total, 0, count);
            }
            to.store(start, total, 0, count);
          }
        });
    cotangents.add(input, sum);
  }

  private void backward(int task, Targets targets, A perRow) {
    int row = grid.row(task);
    int length = scan.lengths[row];
    int w = grid.channels(task);
    try (Scratch<A> scratch = scan.precision.scratch()) {
      SelectiveScan<A>.Tile tile = scan.new Tile(sources, task, scratch);
      Work work = new Work(task, scratch);
      sources.loadState(gLast, task, row, work.gh);
      for (int t = (length - 1) / CHUNK * CHUNK; t >= 0 && length > 0; t -= CHUNK) {
        int n = Math.min(CHUNK, length - t);
        tile.load(t, n);
        sources.loadState(borders, task, scan.border(row, t), work.h);
        work.chunk(tile, t, n, targets);
      }
      int states = shape.states();
      int at = row * (states + 2) * shape.channels() + grid.firstChannel(task);
      for (int s = 0; s < states; s++) {
        kernels.copy(work.gRate, s * w, perRow, at + s * shape.channels(), w);
      }
      kernels.copy(work.gSkip, 0, perRow, at + states * shape.channels(), w);
      kernels.copy(work.gBias, 0, perRow, at + (states + 1) * shape.channels(), w);
      if (targets.initial != null) {
        scan.storeState(targets.initial, task, row, work.gh);
      }
      targets.clear(task, length, work, scratch);
    }
  }

  /** Where the gradients go. */
  private final class Targets {
    private final Slab<A> u = slab(gu);
    private final Slab<A> delta = slab(gDelta);
    private final Slab<A> gate = slab(gGate);
    private final Slab<A> write = slab(gWrite);
    private final Slab<A> read = slab(gRead);
    private final Slab<A> initial = slab(gInitial);

    /** Where step t of a task lies in {@code [tiles, B, T, N]}. */
    long shared(int task, int t) {
      int tile = grid.firstChannel(task) / grid.width();
      long row = (long) tile * shape.batch() + grid.row(task);
      return (row * shape.steps() + t) * shape.states();
    }

    /** Zeros at padded positions. */
    void clear(int task, int length, Work work, Scratch<A> scratch) {
      int padded = (shape.steps() - length) * shape.states();
      if (padded == 0) {
        return;
      }
      scan.clear(u, task, work.y);
      scan.clear(delta, task, work.y);
      if (gate != null) {
        scan.clear(gate, task, work.y);
      }
      A zeros = scratch.zeros(padded);
      write.store(shared(task, length), zeros, 0, padded);
      read.store(shared(task, length), zeros, 0, padded);
    }
  }

  /** The heap arrays of one task. */
  private final class Work {
    private final int task;
    private final int w;
    private final A h;
    private final A gh;
    private final A gRate;
    private final A gSkip;
    private final A gBias;
    private final A y;
    private final A gOut;
    private final A gRead;
    private final A gx;
    private final A gdt;
    private final A gb;
    private final A gc;
    private final A states;

    Work(int task, Scratch<A> scratch) {
      this.task = task;
      this.w = grid.channels(task);
      this.h = scratch.take(shape.states() * w);
      this.gh = scratch.take(shape.states() * w);
      this.gRate = scratch.zeros(shape.states() * w);
      this.gSkip = scratch.zeros(w);
      this.gBias = scratch.zeros(w);
      this.y = scratch.take(CHUNK * w);
      this.gOut = scratch.take(CHUNK * w);
      this.gRead = scratch.take(CHUNK * w);
      this.gx = scratch.take(CHUNK * w);
      this.gdt = scratch.take(CHUNK * w);
      this.gb = scratch.take(CHUNK * shape.states());
      this.gc = scratch.take(CHUNK * shape.states());
      this.states = scratch.take(kernels.selectiveScanWork(CHUNK, shape.states()));
    }

    /** Steps t to t + n - 1, from the state before them and the gradient after them. */
    void chunk(SelectiveScan<A>.Tile tile, int t, int n, Targets targets) {
      int all = n * w;
      int shared = n * shape.states();
      if (gy == null) {
        kernels.fill(gOut, 0, all, 0);
      } else {
        grid.load(gy, task, t, gOut, n);
      }
      A gv = gOut;
      if (tile.gate != null) {
        gv = gRead;
        kernels.multiply(gOut, 0, tile.gate, 0, gv, 0, all);
      }
      kernels.fill(gb, 0, shared, 0);
      kernels.fill(gc, 0, shared, 0);
      kernels.selectiveScanPullback(
          new SelectiveSystem<>(
              tile.dt, tile.x, tile.rate, tile.b, tile.c, h, n, shape.states(), w),
          new SelectiveGradients<>(gv, gh, gdt, gx, gRate, gb, gc),
          y,
          states);
      targets.write.store(targets.shared(task, t), gb, 0, shared);
      targets.read.store(targets.shared(task, t), gc, 0, shared);
      if (tile.gate != null) {
        tile.addSkip(y, n);
        kernels.multiply(y, 0, gOut, 0, y, 0, all);
        kernels.mapPullback(Unary.SILU, tile.z, 0, tile.gate, 0, y, 0, y, 0, all);
        grid.store(targets.gate, task, t, y, n);
      }
      step(tile, t, n, targets);
      input(tile, gv, t, n, targets);
    }

    /** {@code gΔ += u gx}, through the softplus. */
    private void step(SelectiveScan<A>.Tile tile, int t, int n, Targets targets) {
      kernels.multiplyAdd(gx, 0, tile.u, 0, gdt, 0, n * w);
      if (scan.softplus) {
        kernels.mapPullback(Unary.SOFTPLUS, tile.delta, 0, tile.dt, 0, gdt, 0, gdt, 0, n * w);
      }
      for (int i = 0; i < n; i++) {
        kernels.add(gBias, 0, gdt, i * w, gBias, 0, w);
      }
      grid.store(targets.delta, task, t, gdt, n);
    }

    /** {@code gu = Δ gx + D gv}. */
    private void input(SelectiveScan<A>.Tile tile, A gv, int t, int n, Targets targets) {
      kernels.multiply(gx, 0, tile.dt, 0, gx, 0, n * w);
      for (int i = 0; tile.skip != null && i < n; i++) {
        kernels.multiplyAdd(gv, i * w, tile.u, i * w, gSkip, 0, w);
        kernels.multiplyAdd(gv, i * w, tile.skip, 0, gx, i * w, w);
      }
      grid.store(targets.u, task, t, gx, n);
    }
  }
}
