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
    CellGrid grid = scan.grid;
    try (Scratch<A> scratch = precision.scratch()) {
      List<CellPacking<A>> packings = scan.pack(true, scratch);
      Backward backward = new Backward(scan.parameters(scratch));
      List<Backward.Group> groups = new ArrayList<>();
      for (int g = 0; g < grid.groups(); g++) {
        groups.add(backward.new Group(g, packings, scratch));
      }
      // One phase more for the product that leads to the initial state.
      grid.run(
          scan.longest() * stages.size() + 1,
          (phase, g, part) -> groups.get(g).parts.get(part).phase(phase));
      groups.forEach(group -> group.parts.forEach(Backward.Cells::finish));
      scan.clear(backward.gInput, inputSize, scratch);
      if (gInner != null) {
        scan.clear(backward.gRest, innerSize, scratch);
      }
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
    Slab<A> operands = precision.slab(scan.operands);
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
            operands,
            (long) s * hidden + (long) head * block,
            scan.operandSize(),
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

  /** {@code gb = Σ gInner} over all positions. */
  private void bias() {
    Slab<A> gradient = precision.slab(gInner);
    sums(
        innerSize,
        1,
        (row, t, sum, scratch) -> {
          gradient.load(scan.at(row, t) * innerSize, scratch, 0, innerSize);
          kernels.add(sum, 0, scratch, 0, sum, 0, innerSize);
        });
  }

  /** Gradients of gates times what the parameters multiply, over all positions. */
  private void parameters() {
    Slab<A> gradient = precision.slab(gx);
    Slab<A> saved = precision.slab(scan.saved);
    List<Map.Entry<Integer, Integer>> pairs = layout.parameterProducts();
    sums(
        layout.parameters() * hidden,
        2,
        (row, t, sum, scratch) -> {
          for (int p = 0; p < pairs.size(); p++) {
            long gate = scan.at(row, t) * inputSize + (long) pairs.get(p).getKey() * hidden;
            gradient.load(gate, scratch, 0, hidden);
            loadSaved(saved, row, t, layout.plane(pairs.get(p).getValue()), scratch, hidden);
            kernels.multiplyAdd(scratch, 0, scratch, hidden, sum, p * hidden, hidden);
          }
        });
  }

  /** One kept plane of a position, all units. */
  private void loadSaved(Slab<A> saved, int row, int t, int plane, A into, int at) {
    int group = 0;
    while (scan.grid.row(group + 1) <= row) {
      group++;
    }
    for (int part = 0; part < scan.grid.parts(); part++) {
      CellTile tile = scan.tiles[group][part];
      int inside = tile.at(layout.planes(), plane, row - scan.grid.row(group));
      saved.load(scan.savedAt(t, group, part) + inside, into, at + tile.left(), tile.n());
    }
  }

  /** What a position adds to a sum; the scratch holds at least two numbers per unit and gate. */
  @FunctionalInterface
  private interface Addition<A> {
    void accept(int row, int t, A sum, A scratch);
  }

  /** Sums of n numbers over all positions: rows in parallel, then added up in their order. */
  private void sums(int n, int input, Addition<A> addition) {
    Cotangents.Sink sink = cotangents.sink(input);
    Slab<A> to = precision.slab(sink.array());
    try (Scratch<A> scratch = precision.scratch()) {
      A partial = scratch.take(scan.batch * n);
      Parallel.run(
          scan.batch,
          b -> {
            try (Scratch<A> own = precision.scratch()) {
              A sum = own.zeros(n);
              A read = own.take(2 * layout.gates() * hidden);
              for (int t = 0; t < scan.lengths[b]; t++) {
                addition.accept(b, t, sum, read);
              }
              kernels.copy(sum, 0, partial, b * n, n);
            }
          });
      A total = scratch.zeros(n);
      if (sink.beta() == 1) {
        to.load(0, total, 0, n);
      }
      for (int b = 0; b < scan.batch; b++) {
        kernels.add(total, 0, partial, b * n, total, 0, n);
      }
      to.store(0, total, 0, n);
    }
  }

  /** All that a pass back through time reads and writes. */
  private final class Backward {
    private final A own;
    private final int last = scan.longest() * stages.size() - 1;
    private final Slab<A> kept = precision.slab(scan.saved);
    private final Slab<A> gInput = precision.slab(gx);
    private final Slab<A> gRest = gInner == null ? null : precision.slab(gInner);
    private final Slab<A> gy =
        cotangents.output(0) == null ? null : precision.slab(cotangents.output(0));
    private final List<Slab<A>> gInitial = new ArrayList<>();

    /** Gradients of the last state; null where there is none. */
    private final List<Slab<A>> gLast = new ArrayList<>();

    Backward(A own) {
      this.own = own;
      for (int slot = 0; slot < gState.length; slot++) {
        INDArray given = cotangents.output(slot + 1);
        gLast.add(given == null ? null : precision.slab(given));
        gInitial.add(precision.slab(gState[slot]));
      }
    }

    /** A group of rows: its parts read each other's gradients of gates. */
    private final class Group {
      private final int g;
      private final int from;
      private final A mask;
      private final List<Cells> parts = new ArrayList<>();

      Group(int g, List<CellPacking<A>> packings, Scratch<A> scratch) {
        this.g = g;
        this.from = scan.grid.row(g);
        this.mask = scan.mask(from, scan.grid.row(g + 1), scratch);
        for (int part = 0; part < packings.size(); part++) {
          parts.add(new Cells(this, part, packings.get(part), scratch));
        }
      }
    }

    /** A part of a group on its way back through time. */
    private final class Cells {
      private final Group group;
      private final int part;
      private final CellPacking<A> packing;
      private final CellTile tile;
      private final A own;
      private final A state;
      private final A work;

      /** What a product leads to before it is masked, and gradients of outputs: one slot each. */
      private final A product;

      /** Two, since others still read the gradients of a step when the next are written. */
      private final List<A> gates;

      Cells(Group group, int part, CellPacking<A> packing, Scratch<A> scratch) {
        this.group = group;
        this.part = part;
        this.packing = packing;
        this.tile = scan.tiles[group.g][part];
        this.own = scan.parameters(Backward.this.own, tile, scratch);
        this.state = scratch.zeros(tile.length(layout.stateSlots()));
        this.work = scratch.take(tile.length(layout.planes()));
        this.product = scratch.take(tile.length(layout.stateSlots()));
        // Zero for a row until its last valid step.
        int size = tile.length(layout.gates());
        this.gates = List.of(scratch.zeros(size), scratch.zeros(size));
        for (int slot = 0; slot < gLast.size(); slot++) {
          for (int r = 0; gLast.get(slot) != null && r < tile.rows(); r++) {
            long at = (long) (group.from + r) * hidden + tile.left();
            gLast.get(slot).load(at, state, stateAt(slot, r), tile.n());
          }
        }
      }

      private int stateAt(int slot, int row) {
        return tile.at(layout.stateSlots(), slot, row);
      }

      private int workAt(int slot, int row) {
        return tile.at(layout.planes(), slot, row);
      }

      private int gateAt(int gate, int row) {
        return tile.at(layout.gates(), gate, row);
      }

      void phase(int phase) {
        int now = last - phase;
        if (phase > 0) {
          back(now + 1);
        }
        if (now < 0) {
          return;
        }
        int t = now / stages.size();
        int s = now % stages.size();
        if (s == stages.size() - 1) {
          load(t);
        }
        tile.runs(scan.lengths, group.from, t, (row, units) -> cell(t, s, row, units));
        if (s == 0) {
          store(t);
        }
      }

      private void cell(int t, int s, int row, int units) {
        CellLayout.Stage stage = stages.get(s);
        if (gy != null && s == stages.size() - 1) {
          int at = stateAt(0, row);
          kernels.add(state, at, product, at, state, at, units);
        }
        kernels.cellPullback(
            stage.kind(),
            work,
            workAt(stage.gate(), row),
            workAt(scan.auxiliaries[s], row),
            state,
            stateAt(0, row),
            gates.get(t & 1),
            gateAt(stage.gate(), row),
            own,
            tile.shared(row),
            tile.slotStride(),
            units);
      }

      /** From the gradients of the gates of a stage to that of what its weight multiplied. */
      private void back(int done) {
        int s = done % stages.size();
        int parity = done / stages.size() & 1;
        int source = stages.get(s).source();
        A into = group.mask == null ? state : product;
        for (int r = 0; group.mask != null && r < tile.rows(); r++) {
          kernels.fill(product, stateAt(source, r), tile.n(), 0);
        }
        for (CellPacking.Tile<A> back : packing.tiles(s)) {
          Cells from = group.parts.get(back.part());
          back.multiply(
              kernels,
              tile.rows(),
              from.gates.get(parity),
              from.gateAt(back.gate(), 0) + back.from() - from.tile.left(),
              from.tile.rowStride(layout.gates()),
              into,
              stateAt(source, 0) + back.left() - tile.left(),
              tile.rowStride(layout.stateSlots()));
        }
        for (int r = 0; group.mask != null && r < tile.rows(); r++) {
          int at = stateAt(source, r);
          int mask = r * hidden + tile.left();
          kernels.multiplyAdd(product, at, group.mask, mask, state, at, tile.n());
        }
      }

      private void load(int t) {
        kept.load(scan.savedAt(t, group.g, part), work, 0, tile.length(layout.planes()));
        for (int r = 0; gy != null && r < tile.rows(); r++) {
          if (t < scan.lengths[group.from + r]) {
            long at = scan.at(group.from + r, t) * hidden + tile.left();
            gy.load(at, product, stateAt(0, r), tile.n());
          }
        }
      }

      private void store(int t) {
        A gradient = gates.get(t & 1);
        for (int r = 0; r < tile.rows(); r++) {
          if (t >= scan.lengths[group.from + r]) {
            continue;
          }
          long position = scan.at(group.from + r, t);
          if (!tile.bySlot()) {
            gInput.store(position * inputSize, gradient, gateAt(0, r), inputSize);
            if (gRest != null) {
              int inner = gateAt(layout.inputGates(), r);
              gRest.store(position * innerSize, gradient, inner, innerSize);
            }
            continue;
          }
          for (int gate = 0; gate < layout.gates(); gate++) {
            boolean driven = gate < layout.inputGates();
            long slot = (long) (driven ? gate : gate - layout.inputGates()) * hidden + tile.left();
            Slab<A> to = driven ? gInput : gRest;
            long row = position * (driven ? inputSize : innerSize);
            to.store(row + slot, gradient, gateAt(gate, r), tile.n());
          }
        }
      }

      void finish() {
        for (int r = 0; r < tile.rows(); r++) {
          for (int slot = 0; slot < gInitial.size(); slot++) {
            long at = (long) (group.from + r) * hidden + tile.left();
            gInitial.get(slot).store(at, state, stateAt(slot, r), tile.n());
          }
        }
      }
    }
  }
}
