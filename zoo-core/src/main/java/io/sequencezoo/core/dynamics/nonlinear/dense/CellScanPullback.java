package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The pullback of {@link CellScan}: the same grid in reverse. A phase takes the product that leads
 * back from the gates of the stage before it in this order, then the cell's own pullback. The
 * gradients of weights, bias and parameters are sums over all positions at the end.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class CellScanPullback<A> {
  private final CellScan<A> scan;
  private final Cotangents cotangents;
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final CellLayout layout;
  private final List<CellLayout.Stage> stages;
  private final int hidden;
  private final int inputSize;
  private final int innerSize;
  private final INDArray gx;
  private final INDArray gInner;
  private final INDArray[] gState;

  CellScanPullback(CellScan<A> scan, Cotangents cotangents) {
    this.scan = scan;
    this.cotangents = cotangents;
    this.precision = scan.precision;
    this.kernels = scan.kernels;
    this.layout = scan.layout;
    this.stages = scan.stages;
    this.hidden = scan.hidden;
    this.inputSize = layout.inputGates() * hidden;
    this.innerSize = layout.innerGates() * hidden;
    DataType type = precision.type();
    this.gx = cotangents.tape().allocate(type, scan.batch, scan.steps, inputSize);
    this.gInner =
        innerSize == 0 ? null : cotangents.tape().allocate(type, scan.batch, scan.steps, innerSize);
    this.gState = new INDArray[layout.parts().size()];
    for (int part = 0; part < gState.length; part++) {
      gState[part] = cotangents.tape().allocate(type, scan.batch, hidden);
    }
  }

  void run() {
    CellGrid grid = new CellGrid(scan.batch, hidden);
    try (Scratch<A> scratch = precision.scratch()) {
      List<CellPacking<A>> packings = scan.pack(grid, true, scratch);
      A own = scan.parameters(scratch);
      List<Group> groups = new ArrayList<>();
      for (int g = 0; g < grid.groups(); g++) {
        groups.add(new Group(grid.row(g), grid.row(g + 1), own, scratch));
      }
      // One phase more for the product that leads to the initial state.
      grid.run(
          scan.longest() * stages.size() + 1,
          (phase, g, part) ->
              groups.get(g).phase(phase, grid.unit(part), grid.unit(part + 1), packings.get(part)));
      groups.forEach(Group::finish);
    }
    for (int s = 0; s < stages.size(); s++) {
      if (cotangents.needs(scan.inputs.weightAt(s))) {
        weight(s);
      }
    }
    if (cotangents.needs(1)) {
      bias();
    }
    if (cotangents.needs(2)) {
      parameters();
    }
    cotangents.add(0, gx);
    for (int part = 0; part < gState.length; part++) {
      cotangents.add(scan.inputs.stateAt(part), gState[part]);
    }
  }

  /** {@code gW = Σ operandᵀ gGates} over all positions, padded ones being zero on both sides. */
  private void weight(int s) {
    CellLayout.Stage stage = stages.get(s);
    Cotangents.Sink sink = cotangents.sink(scan.inputs.weightAt(s));
    Slab<A> saved = precision.slab(scan.saved);
    Slab<A> to = precision.slab(sink.array());
    int block = scan.inputs.block();
    int[] targets = stage.targets();
    int columns = targets.length * block;
    for (int head = 0; head < scan.inputs.heads(); head++) {
      for (int g = 0; g < targets.length; ) {
        int run = block == hidden ? run(targets, g) : 1;
        boolean driven = targets[g] < layout.inputGates();
        int first = driven ? targets[g] : targets[g] - layout.inputGates();
        Blas.gemm(
            true,
            false,
            block,
            run * block,
            scan.batch * scan.steps,
            1,
            saved,
            (long) stage.operand() * hidden + (long) head * block,
            scan.workSize,
            precision.slab(driven ? gx : gInner),
            (long) first * hidden + (long) head * block,
            driven ? inputSize : innerSize,
            sink.beta(),
            to,
            (long) head * block * columns + (long) g * block,
            columns);
        g += run;
      }
    }
  }

  /** Gates side by side that are all driven by the input, or none of them. */
  private int run(int[] targets, int g) {
    int run = CellPacking.run(targets, g);
    int driven = layout.inputGates() - targets[g];
    return driven > 0 ? Math.min(run, driven) : run;
  }

  private void bias() {
    sums(innerSize, 1, gInner, innerSize, null, List.of(Map.entry(0, 0)));
  }

  private void parameters() {
    sums(hidden, 2, gx, inputSize, scan.saved, layout.parameterProducts());
  }

  /**
   * Sums over all positions of runs of n numbers, each at a slot of H of the gradient, times those
   * at a slot of the working row; rows in parallel, then added up in their order.
   */
  private void sums(
      int n,
      int input,
      INDArray gradient,
      int width,
      INDArray working,
      List<Map.Entry<Integer, Integer>> pairs) {
    Slab<A> left = precision.slab(gradient);
    Slab<A> right = working == null ? null : precision.slab(working);
    int size = n * pairs.size();
    Cotangents.Sink sink = cotangents.sink(input);
    Slab<A> to = precision.slab(sink.array());
    try (Scratch<A> scratch = precision.scratch()) {
      A partial = scratch.zeros(scan.batch * size);
      Parallel.run(
          scan.batch,
          b -> {
            try (Scratch<A> own = precision.scratch()) {
              A g = own.take(n);
              A x = own.take(n);
              for (int t = 0; t < scan.lengths[b]; t++) {
                long position = scan.at(b, t);
                for (int p = 0; p < pairs.size(); p++) {
                  int into = b * size + p * n;
                  left.load(position * width + (long) pairs.get(p).getKey() * hidden, g, 0, n);
                  if (right == null) {
                    kernels.add(partial, into, g, 0, partial, into, n);
                  } else {
                    long slot = (long) pairs.get(p).getValue() * hidden;
                    right.load(position * scan.workSize + slot, x, 0, n);
                    kernels.multiplyAdd(g, 0, x, 0, partial, into, n);
                  }
                }
              }
            }
          });
      A total = scratch.zeros(size);
      if (sink.beta() == 1) {
        to.load(0, total, 0, size);
      }
      for (int b = 0; b < scan.batch; b++) {
        kernels.add(total, 0, partial, b * size, total, 0, size);
      }
      to.store(0, total, 0, size);
    }
  }

  /** A group of rows on its way back through time. */
  private final class Group {
    private final int from;
    private final int rows;
    private final A own;
    private final A mask;
    private final A state;
    private final A work;
    private final A product;
    private final A shown;

    /** Two, since others still read the gradients of a step when the next are written. */
    private final List<A> gates;

    private final int gateSize = layout.gates() * hidden;
    private final int gateStride = gateSize + CellScan.PADDING;
    private final int workStride = scan.workSize + CellScan.PADDING;
    private final int last = scan.longest() * stages.size() - 1;
    private final Slab<A> kept = precision.slab(scan.saved);
    private final Slab<A> gInput = precision.slab(gx);
    private final Slab<A> gRest = gInner == null ? null : precision.slab(gInner);
    private final Slab<A> gy =
        cotangents.output(0) == null ? null : precision.slab(cotangents.output(0));

    Group(int from, int to, A own, Scratch<A> scratch) {
      this.from = from;
      this.rows = to - from;
      this.own = own;
      this.mask = scan.mask(from, to, scratch);
      this.state = scratch.zeros(rows * scan.stateSize);
      this.work = scratch.take(rows * workStride);
      this.product = mask == null ? null : scratch.take(rows * scan.stateSize);
      this.shown = scratch.take(hidden);
      // Zero for a row until its last valid step.
      this.gates = List.of(scratch.zeros(rows * gateStride), scratch.zeros(rows * gateStride));
      for (int part = 0; part < gState.length; part++) {
        INDArray given = cotangents.output(part + 1);
        for (int r = 0; given != null && r < rows; r++) {
          precision
              .slab(given)
              .load((long) (from + r) * hidden, state, r * scan.stateSize + part * hidden, hidden);
        }
      }
    }

    void phase(int phase, int left, int right, CellPacking<A> packing) {
      int now = last - phase;
      if (phase > 0) {
        back(now + 1, left, right - left, packing);
      }
      if (now < 0) {
        return;
      }
      int t = now / stages.size();
      int s = now % stages.size();
      CellLayout.Stage stage = stages.get(s);
      CellLayout.Units units = new CellLayout.Units(hidden, left, right);
      for (int r = 0; r < rows; r++) {
        if (t >= scan.lengths[from + r]) {
          continue;
        }
        if (s == stages.size() - 1) {
          load(t, r, left, right - left);
        }
        stage.pullback(
            kernels,
            work,
            r * workStride,
            state,
            r * scan.stateSize,
            gates.get(t & 1),
            r * gateStride,
            own,
            units);
        if (s == 0) {
          store(t, r, left, right - left);
        }
      }
    }

    /** From the gradients of the gates of a stage to that of what its weight multiplied. */
    private void back(int done, int left, int n, CellPacking<A> packing) {
      int s = done % stages.size();
      A from = gates.get(done / stages.size() & 1);
      int source = stages.get(s).source() * hidden + left;
      if (mask != null) {
        for (int r = 0; r < rows; r++) {
          kernels.fill(product, r * scan.stateSize + source, n, 0);
        }
      }
      for (CellPacking.Tile<A> tile : packing.tiles(s)) {
        A into = mask == null ? state : product;
        tile.multiply(kernels, rows, from, gateStride, into, scan.stateSize);
      }
      if (mask != null) {
        for (int r = 0; r < rows; r++) {
          int at = r * scan.stateSize + source;
          kernels.multiplyAdd(product, at, mask, r * hidden + left, state, at, n);
        }
      }
    }

    private void load(int t, int r, int left, int n) {
      long position = scan.at(from + r, t);
      int row = r * workStride;
      if (n == hidden) {
        kept.load(position * scan.workSize, work, row, scan.workSize);
      } else {
        for (int slot = 0; slot < scan.workSize; slot += hidden) {
          kept.load(position * scan.workSize + slot + left, work, row + slot + left, n);
        }
      }
      if (gy != null) {
        int at = r * scan.stateSize + left;
        gy.load(position * hidden + left, shown, left, n);
        kernels.add(state, at, shown, left, state, at, n);
      }
    }

    private void store(int t, int r, int left, int n) {
      A gradient = gates.get(t & 1);
      long position = scan.at(from + r, t);
      int row = r * gateStride;
      if (n == hidden) {
        gInput.store(position * inputSize, gradient, row, inputSize);
        if (gRest != null) {
          gRest.store(position * innerSize, gradient, row + inputSize, innerSize);
        }
        return;
      }
      for (int slot = 0; slot < gateSize; slot += hidden) {
        boolean driven = slot < inputSize;
        Slab<A> to = driven ? gInput : gRest;
        long start = driven ? position * inputSize + slot : position * innerSize + slot - inputSize;
        to.store(start + left, gradient, row + slot + left, n);
      }
    }

    void finish() {
      kernels.fill(shown, 0, hidden, 0);
      for (int r = 0; r < rows; r++) {
        for (int part = 0; part < gState.length; part++) {
          precision
              .slab(gState[part])
              .store((long) (from + r) * hidden, state, r * scan.stateSize + part * hidden, hidden);
        }
        for (int t = scan.lengths[from + r]; t < scan.steps; t++) {
          clear(gInput, scan.at(from + r, t) * inputSize, inputSize);
          if (gRest != null) {
            clear(gRest, scan.at(from + r, t) * innerSize, innerSize);
          }
        }
      }
    }

    /** {@code shown} holds H zeros. */
    private void clear(Slab<A> target, long at, int n) {
      for (int i = 0; i < n; i += hidden) {
        target.store(at + i, shown, 0, hidden);
      }
    }
  }
}
