package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell over a whole sequence as one tape operation. The recurrent weights are packed once; groups
 * of rows, or ranges of units that meet after every stage ({@link CellGrid}), run through time. The
 * working row of every step is kept for {@link CellScanPullback}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class CellScan<A> {
  /** Rows a power of two apart would fall on the same few sets of a cache. */
  static final int PADDING = 16;

  final Precision<A> precision;
  final Kernels<A> kernels;
  final CellInputs inputs;
  final CellLayout layout;
  final List<CellLayout.Stage> stages;
  final int[] lengths;
  final int batch;
  final int steps;
  final int hidden;

  /** Numbers of a working row, and of a row of the state. */
  final int workSize;

  final int stateSize;

  /** Outputs {@code [B, T, H]}. */
  INDArray y;

  /** Working rows {@code [B, T, slots H]}; null where no pullback will come. */
  INDArray saved;

  private CellScan(Precision<A> precision, CellInputs inputs, int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.inputs = inputs;
    this.layout = inputs.layout();
    this.stages = layout.stages();
    this.batch = inputs.batch();
    this.steps = inputs.steps();
    this.hidden = inputs.hidden();
    this.workSize = layout.slots() * hidden;
    this.stateSize = layout.stateSlots() * hidden;
    this.lengths = lengths;
  }

  /** Returns outputs {@code [B, T, H]} and the last state, {@code [B, H]} per part. */
  static Variable[] scan(Tape tape, CellInputs inputs, int[] lengths) {
    return scan(tape, Precision.of(inputs.x().type()), inputs, lengths);
  }

  private static <A> Variable[] scan(
      Tape tape, Precision<A> precision, CellInputs inputs, int[] lengths) {
    CellScan<A> scan = new CellScan<>(precision, inputs, lengths);
    Variable[] all = inputs.all();
    INDArray[] outputs = scan.forward(tape, tape.needsPullback(all));
    return tape.record(outputs, cotangents -> new CellScanPullback<>(scan, cotangents).run(), all);
  }

  private INDArray[] forward(Tape tape, boolean save) {
    y = tape.allocate(precision.type(), batch, steps, hidden);
    saved = save ? tape.allocate(precision.type(), batch, steps, workSize) : null;
    INDArray[] outputs = new INDArray[layout.parts().size() + 1];
    outputs[0] = y;
    for (int i = 1; i < outputs.length; i++) {
      outputs[i] = tape.allocate(precision.type(), batch, hidden);
    }
    CellGrid grid = new CellGrid(batch, hidden);
    try (Scratch<A> scratch = precision.scratch()) {
      List<CellPacking<A>> packings = pack(grid, false, scratch);
      A own = parameters(scratch);
      A bias = bias(scratch);
      List<Group> groups = new ArrayList<>();
      for (int g = 0; g < grid.groups(); g++) {
        groups.add(new Group(grid.row(g), grid.row(g + 1), own, bias, scratch));
      }
      grid.run(
          longest() * stages.size(),
          (phase, g, part) ->
              groups.get(g).phase(phase, grid.unit(part), grid.unit(part + 1), packings.get(part)));
      groups.forEach(group -> group.finish(outputs));
    }
    return outputs;
  }

  /** The weights of each part of the grid. */
  List<CellPacking<A>> pack(CellGrid grid, boolean transposed, Scratch<A> scratch) {
    List<CellPacking<A>> packings = new ArrayList<>();
    for (int part = 0; part < grid.parts(); part++) {
      packings.add(
          new CellPacking<>(
              precision,
              layout,
              inputs.heads(),
              inputs.weightValues(),
              transposed,
              grid.unit(part),
              grid.unit(part + 1),
              scratch));
    }
    Parallel.run(packings.size(), part -> packings.get(part).fill());
    return packings;
  }

  /** The cell's own parameters on the heap, or null. */
  A parameters(Scratch<A> scratch) {
    return onHeap(inputs.parameters(), scratch);
  }

  private A bias(Scratch<A> scratch) {
    return onHeap(inputs.bias(), scratch);
  }

  private A onHeap(Variable variable, Scratch<A> scratch) {
    if (variable == null) {
      return null;
    }
    int n = (int) variable.length();
    A values = scratch.take(n);
    precision.slab(variable.value()).load(0, values, 0, n);
    return values;
  }

  /** The mask of some rows on the heap, or null. */
  A mask(int from, int to, Scratch<A> scratch) {
    if (inputs.mask() == null) {
      return null;
    }
    A mask = scratch.take((to - from) * hidden);
    precision.slab(inputs.mask().value()).load((long) from * hidden, mask, 0, (to - from) * hidden);
    return mask;
  }

  /** The longest length of all rows. */
  int longest() {
    return Arrays.stream(lengths).max().orElse(0);
  }

  long at(int row, int t) {
    return (long) row * steps + t;
  }

  /** Sets the padded positions of a row to zero. */
  void clear(Slab<A> target, int row, int width, A zeros) {
    for (int t = lengths[row]; t < steps; t++) {
      target.store(at(row, t) * width, zeros, 0, width);
    }
  }

  /** A group of rows on its way through time. */
  private final class Group {
    private final int from;
    private final int rows;
    private final A own;
    private final A bias;
    private final A mask;
    private final A state;

    /** Two, since others still read the operand of a step when the next one is written. */
    private final List<A> work;

    private final int workStride = workSize + PADDING;
    private final Slab<A> input = precision.slab(inputs.x().value());
    private final Slab<A> output = precision.slab(y);
    private final Slab<A> keep = saved == null ? null : precision.slab(saved);
    private final A zeros;

    Group(int from, int to, A own, A bias, Scratch<A> scratch) {
      this.from = from;
      this.rows = to - from;
      this.own = own;
      this.bias = bias;
      this.mask = mask(from, to, scratch);
      this.state = scratch.take(rows * stateSize);
      this.work = List.of(scratch.take(rows * workStride), scratch.take(rows * workStride));
      this.zeros = scratch.zeros(workSize);
      for (int r = 0; r < rows; r++) {
        for (int part = 0; part < inputs.state().length; part++) {
          precision
              .slab(inputs.state()[part].value())
              .load((long) (from + r) * hidden, state, r * stateSize + part * hidden, hidden);
        }
        operand(r, stages.get(0), work.get(0), 0, hidden);
      }
    }

    /** One stage of one step for units {@code left} to {@code right - 1}. */
    void phase(int phase, int left, int right, CellPacking<A> packing) {
      int t = phase / stages.size();
      int s = phase % stages.size();
      CellLayout.Stage stage = stages.get(s);
      A now = work.get(t & 1);
      if (s == 0) {
        load(t, now, left, right - left);
      }
      for (CellPacking.Tile<A> tile : packing.tiles(s)) {
        tile.multiply(kernels, rows, now, workStride, now, workStride);
      }
      boolean last = s == stages.size() - 1;
      CellLayout.Stage following = stages.get(last ? 0 : s + 1);
      A next = last ? work.get((t + 1) & 1) : now;
      CellLayout.Units units = new CellLayout.Units(hidden, left, right);
      for (int r = 0; r < rows; r++) {
        if (t < lengths[from + r]) {
          stage.cell(kernels, now, r * workStride, state, r * stateSize, own, units);
          if (last) {
            store(t, r, now, left, right - left);
          }
        }
        operand(r, following, next, left, right);
      }
    }

    /** Copies what the next product multiplies, masked. */
    private void operand(int r, CellLayout.Stage stage, A into, int left, int right) {
      int source = r * stateSize + stage.source() * hidden + left;
      int to = r * workStride + stage.operand() * hidden + left;
      if (mask == null) {
        kernels.copy(state, source, into, to, right - left);
      } else {
        kernels.multiply(state, source, mask, r * hidden + left, into, to, right - left);
      }
    }

    /** Pre-activations of the input, and the bias of gates that it doesn't drive. */
    private void load(int t, A into, int left, int n) {
      int driven = layout.inputGates();
      for (int r = 0; r < rows; r++) {
        int row = r * workStride;
        long position = at(from + r, t) * driven * hidden;
        if (n == hidden) {
          input.load(position, into, row, driven * hidden);
        } else {
          for (int g = 0; g < driven; g++) {
            input.load(position + (long) g * hidden + left, into, row + g * hidden + left, n);
          }
        }
        for (int g = driven; g < layout.gates(); g++) {
          if (bias == null) {
            kernels.fill(into, row + g * hidden + left, n, 0);
          } else {
            int gate = (g - driven) * hidden + left;
            kernels.copy(bias, gate, into, row + g * hidden + left, n);
          }
        }
      }
    }

    private void store(int t, int r, A from, int left, int n) {
      long position = at(this.from + r, t);
      output.store(position * hidden + left, state, r * stateSize + left, n);
      if (keep == null) {
        return;
      }
      int row = r * workStride;
      if (n == hidden) {
        keep.store(position * workSize, from, row, workSize);
      } else {
        for (int slot = 0; slot < workSize; slot += hidden) {
          keep.store(position * workSize + slot + left, from, row + slot + left, n);
        }
      }
    }

    /**
     * Writes the last state, and zeros where rows are padded: sums over all positions read them.
     */
    void finish(INDArray[] outputs) {
      for (int r = 0; r < rows; r++) {
        for (int part = 0; part < layout.parts().size(); part++) {
          precision
              .slab(outputs[part + 1])
              .store((long) (from + r) * hidden, state, r * stateSize + part * hidden, hidden);
        }
        clear(output, from + r, hidden, zeros);
        if (keep != null) {
          clear(keep, from + r, workSize, zeros);
        }
      }
    }
  }
}
