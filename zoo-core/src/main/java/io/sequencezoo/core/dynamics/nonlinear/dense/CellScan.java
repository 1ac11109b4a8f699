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
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell over a whole sequence as one tape operation. The recurrent weights are packed once; groups
 * of rows, or ranges of units that meet after every stage ({@link CellGrid}), run through time. The
 * operands of the products and what else the pullback reads are kept for {@link CellScanPullback}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class CellScan<A> {
  final Precision<A> precision;
  final Kernels<A> kernels;
  final CellInputs inputs;
  final CellLayout layout;
  final List<CellLayout.Stage> stages;
  final int[] lengths;
  final int batch;
  final int steps;
  final int hidden;
  final CellGrid grid;

  /** How parts of groups lie, and where each starts in what is kept of a step. */
  final CellTile[][] tiles;

  private final int[][] starts;

  /** {@link CellLayout#auxiliaryPlane} of every stage. */
  final int[] auxiliaries;

  /** Numbers that are kept of a step of all rows. */
  private int stepSize;

  /** Outputs {@code [B, T, H]}. */
  private INDArray y;

  /** What stages multiply with their weights, {@code [B, T, stages H]}; null where y is alone. */
  INDArray operands;

  /** Tiles of activations and auxiliaries, {@code [T, groups, parts]}; null alike. */
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
    this.auxiliaries = stages.stream().mapToInt(layout::auxiliaryPlane).toArray();
    this.lengths = lengths;
    this.grid = new CellGrid(batch, hidden);
    this.tiles = new CellTile[grid.groups()][grid.parts()];
    this.starts = new int[grid.groups()][grid.parts()];
    for (int g = 0; g < tiles.length; g++) {
      for (int part = 0; part < tiles[g].length; part++) {
        tiles[g][part] = grid.tile(g, part);
        starts[g][part] = stepSize;
        stepSize = Math.addExact(stepSize, tiles[g][part].length(layout.planes()));
      }
    }
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
    if (save) {
      operands = tape.allocate(precision.type(), batch, steps, operandSize());
      saved = tape.allocate(precision.type(), steps, stepSize);
    }
    INDArray[] outputs = new INDArray[layout.parts().size() + 1];
    outputs[0] = y;
    for (int i = 1; i < outputs.length; i++) {
      outputs[i] = tape.allocate(precision.type(), batch, hidden);
    }
    try (Scratch<A> scratch = precision.scratch()) {
      List<CellPacking<A>> packings = pack(false, scratch);
      Forward forward = new Forward(onHeap(inputs.bias(), scratch), parameters(scratch));
      List<List<Forward.Cells>> cells = new ArrayList<>();
      for (int g = 0; g < grid.groups(); g++) {
        Forward.Group group = forward.new Group(grid.row(g), grid.row(g + 1), scratch);
        List<Forward.Cells> parts = new ArrayList<>();
        for (int part = 0; part < grid.parts(); part++) {
          parts.add(forward.new Cells(group, g, part, packings.get(part), scratch));
        }
        cells.add(parts);
      }
      grid.run(longest() * stages.size(), (phase, g, part) -> cells.get(g).get(part).phase(phase));
      List<Slab<A>> last =
          Arrays.stream(outputs).skip(1).map(precision::slab).collect(Collectors.toList());
      cells.forEach(parts -> parts.forEach(part -> part.finish(last)));
      forward.clearPadding(scratch);
    }
    return outputs;
  }

  /** Numbers of a position's operands. */
  int operandSize() {
    return stages.size() * hidden;
  }

  /** Where a tile of a step is kept. */
  long savedAt(int t, int group, int part) {
    return (long) t * stepSize + starts[group][part];
  }

  /** The weights of each part of the grid. */
  List<CellPacking<A>> pack(boolean transposed, Scratch<A> scratch) {
    List<CellPacking<A>> packings = new ArrayList<>();
    for (int part = 0; part < grid.parts(); part++) {
      packings.add(
          new CellPacking<>(
              precision,
              layout,
              inputs.heads(),
              inputs.weightValues(),
              transposed,
              grid.cuts(),
              part,
              grid.gatesTouch(),
              scratch));
    }
    Parallel.run(packings.size(), part -> packings.get(part).fill());
    return packings;
  }

  /** The cell's own parameters on the heap, or null. */
  A parameters(Scratch<A> scratch) {
    return onHeap(inputs.parameters(), scratch);
  }

  /** The cell's own parameters as a tile reads them, or null. */
  A parameters(A all, CellTile tile, Scratch<A> scratch) {
    if (all == null) {
      return null;
    }
    A own = scratch.take(layout.parameters() * tile.slotStride());
    tile.spread(kernels, all, hidden, layout.parameters(), own);
    return own;
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

  /** Sets the padded positions of all rows to zero: sums over all positions read them. */
  void clear(Slab<A> target, int width, Scratch<A> scratch) {
    A zeros = scratch.zeros(width);
    for (int row = 0; row < batch; row++) {
      for (int t = lengths[row]; t < steps; t++) {
        target.store(at(row, t) * width, zeros, 0, width);
      }
    }
  }

  /** All that a pass through time reads and writes. */
  private final class Forward {
    private final A bias;
    private final A own;
    private final Slab<A> input = precision.slab(inputs.x().value());
    private final Slab<A> output = precision.slab(y);
    private final Slab<A> keptOperands = operands == null ? null : precision.slab(operands);
    private final Slab<A> kept = saved == null ? null : precision.slab(saved);
    private final List<Slab<A>> initial =
        Arrays.stream(inputs.state())
            .map(part -> precision.slab(part.value()))
            .collect(Collectors.toList());

    Forward(A bias, A own) {
      this.bias = bias;
      this.own = own;
    }

    void clearPadding(Scratch<A> scratch) {
      clear(output, hidden, scratch);
      if (keptOperands != null) {
        clear(keptOperands, operandSize(), scratch);
      }
    }

    /** A group of rows: the operands, which all its parts read. */
    private final class Group {
      private final int from;
      private final int rows;
      private final A mask;
      private final int stride = hidden + CellTile.PADDING;

      /** Two, since others still read the operand of a step when the next one is written. */
      private final List<A> operands;

      Group(int from, int to, Scratch<A> scratch) {
        this.from = from;
        this.rows = to - from;
        this.mask = mask(from, to, scratch);
        int size = stages.size() * rows * stride;
        this.operands = List.of(scratch.take(size), scratch.take(size));
      }

      int at(int stage, int row) {
        return (stage * rows + row) * stride;
      }
    }

    /** A part of a group on its way through time. */
    private final class Cells {
      private final Group group;
      private final int g;
      private final int part;
      private final CellPacking<A> packing;
      private final CellTile tile;
      private final A own;
      private final A state;
      private final A work;

      Cells(Group group, int g, int part, CellPacking<A> packing, Scratch<A> scratch) {
        this.group = group;
        this.g = g;
        this.part = part;
        this.packing = packing;
        this.tile = tiles[g][part];
        this.own = parameters(Forward.this.own, tile, scratch);
        this.state = scratch.take(tile.length(layout.stateSlots()));
        // Whatever stands in rows that have ended is computed with, and thrown away.
        this.work = scratch.zeros(tile.length(layout.planes()));
        for (int r = 0; r < tile.rows(); r++) {
          for (int slot = 0; slot < initial.size(); slot++) {
            long at = (long) (group.from + r) * hidden + tile.left();
            initial.get(slot).load(at, state, stateAt(slot, r), tile.n());
          }
          operand(r, 0, 0);
        }
      }

      private int stateAt(int slot, int row) {
        return tile.at(layout.stateSlots(), slot, row);
      }

      private int workAt(int slot, int row) {
        return tile.at(layout.planes(), slot, row);
      }

      void phase(int phase) {
        int t = phase / stages.size();
        int s = phase % stages.size();
        if (s == 0) {
          load(t);
        }
        A operand = group.operands.get(t & 1);
        for (CellPacking.Tile<A> product : packing.tiles(s)) {
          product.multiply(
              kernels,
              tile.rows(),
              operand,
              group.at(s, 0) + product.from(),
              group.stride,
              work,
              workAt(product.gate(), 0) + product.left() - tile.left(),
              tile.rowStride(layout.planes()));
        }
        tile.runs(lengths, group.from, t, (row, units) -> cell(s, row, units));
        boolean last = s == stages.size() - 1;
        if (last) {
          store(t);
        }
        for (int r = 0; r < tile.rows(); r++) {
          operand(r, last ? 0 : s + 1, last ? t + 1 : t);
        }
      }

      private void cell(int s, int row, int units) {
        CellLayout.Stage stage = stages.get(s);
        kernels.cell(
            stage.kind(),
            work,
            workAt(stage.gate(), row),
            workAt(auxiliaries[s], row),
            state,
            stateAt(0, row),
            own,
            tile.shared(row),
            tile.slotStride(),
            units);
      }

      /** Copies what the next product multiplies, masked. */
      private void operand(int r, int s, int t) {
        A into = group.operands.get(t & 1);
        int source = stateAt(stages.get(s).source(), r);
        int to = group.at(s, r) + tile.left();
        if (group.mask == null) {
          kernels.copy(state, source, into, to, tile.n());
        } else {
          int from = r * hidden + tile.left();
          kernels.multiply(state, source, group.mask, from, into, to, tile.n());
        }
        if (keptOperands != null && t < lengths[group.from + r]) {
          long slot = at(group.from + r, t) * operandSize() + (long) s * hidden;
          keptOperands.store(slot + tile.left(), into, to, tile.n());
        }
      }

      /** Pre-activations of the input, and the bias of gates that it doesn't drive. */
      private void load(int t) {
        int driven = layout.inputGates();
        for (int r = 0; r < tile.rows(); r++) {
          long position = at(group.from + r, t) * driven * hidden + tile.left();
          if (tile.bySlot()) {
            for (int gate = 0; gate < driven; gate++) {
              input.load(position + (long) gate * hidden, work, workAt(gate, r), tile.n());
            }
          } else {
            input.load(position, work, workAt(0, r), driven * hidden);
          }
          for (int gate = driven; gate < layout.gates(); gate++) {
            if (bias == null) {
              kernels.fill(work, workAt(gate, r), tile.n(), 0);
            } else {
              int from = (gate - driven) * hidden + tile.left();
              kernels.copy(bias, from, work, workAt(gate, r), tile.n());
            }
          }
        }
      }

      private void store(int t) {
        for (int r = 0; r < tile.rows(); r++) {
          if (t < lengths[group.from + r]) {
            long position = at(group.from + r, t) * hidden + tile.left();
            output.store(position, state, stateAt(0, r), tile.n());
          }
        }
        if (kept != null) {
          kept.store(savedAt(t, g, part), work, 0, tile.length(layout.planes()));
        }
      }

      /** Writes the last state. */
      void finish(List<Slab<A>> last) {
        for (int r = 0; r < tile.rows(); r++) {
          for (int slot = 0; slot < last.size(); slot++) {
            long at = (long) (group.from + r) * hidden + tile.left();
            last.get(slot).store(at, state, stateAt(slot, r), tile.n());
          }
        }
      }
    }
  }
}
