package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The Jacobian of one step of a cell, from all parts of the state side by side to the same, by
 * reverse mode with one row of cotangents per number of the next state.
 *
 * <p>The element-wise part of a stage needs one pullback per part of the state: with ones for that
 * part it gives its slopes in every gate and every part, unit by unit. Before the last stage each
 * row has one entry, so that a product is a multiple of one row of the weight.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class DenseJacobian<A> {
  private final Kernels<A> kernels;
  private final CellLayout layout;
  private final int heads;
  private final int hidden;
  private final int block;
  private final int states;
  private final int size;
  private final int stateSize;
  private final int gateSize;
  private final A own;

  /** Of each stage {@code [targets][H][H/heads]}: how gate and unit depend on the operands. */
  private final List<A> transposed = new ArrayList<>();

  /** Slopes of each part of the state of a stage, by parts and by gates. */
  private final A byState;

  private final A byGate;

  /** Cotangents, a row per number of the next state: of the state, and of the gates. */
  private final A rows;

  private final A spare;
  private final A gates;

  DenseJacobian(
      Precision<A> precision,
      CellLayout layout,
      int heads,
      INDArray[] weights,
      A own,
      Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.layout = layout;
    this.heads = heads;
    this.hidden = (int) weights[0].size(0);
    this.block = hidden / heads;
    this.states = layout.stateSlots();
    this.size = layout.parts().size() * hidden;
    this.stateSize = states * hidden;
    this.gateSize = layout.gates() * hidden;
    this.own = own;
    for (int s = 0; s < weights.length; s++) {
      transposed.add(transpose(precision.slab(weights[s]), s, scratch));
    }
    this.byState = scratch.take(states * stateSize);
    this.byGate = scratch.take(states * gateSize);
    this.rows = scratch.take(size * stateSize);
    this.spare = scratch.take(stateSize);
    this.gates = scratch.take(size * gateSize);
  }

  private A transpose(Slab<A> weight, int s, Scratch<A> scratch) {
    int targets = layout.stages().get(s).targets().length;
    int columns = targets * block;
    A values = scratch.take(hidden * columns);
    weight.load(0, values, 0, hidden * columns);
    A result = scratch.take(hidden * columns);
    for (int p = 0; p < hidden; p++) {
      int first = p / block * block;
      for (int k = 0; k < targets; k++) {
        for (int j = 0; j < block; j++) {
          double value = kernels.get(values, p * columns + k * block + j);
          kernels.set(result, (k * hidden + first + j) * block + p - first, value);
        }
      }
    }
    return result;
  }

  /** Writes the Jacobian of the step that left this working row. */
  void write(A work, int wo, A into, int at) {
    kernels.fill(rows, 0, size * stateSize, 0);
    kernels.fill(gates, 0, size * gateSize, 0);
    int last = layout.stages().size() - 1;
    for (int s = last; s >= 0; s--) {
      slopes(layout.stages().get(s), work, wo);
      if (s == last) {
        first(s);
      } else {
        further(s);
      }
    }
    for (int row = 0; row < size; row++) {
      kernels.copy(rows, row * stateSize, into, at + row * size, size);
    }
  }

  private void slopes(CellLayout.Stage stage, A work, int wo) {
    kernels.fill(byState, 0, states * stateSize, 0);
    // A stage leaves gates alone that are another's.
    kernels.fill(byGate, 0, states * gateSize, 0);
    for (int q = 0; q < states; q++) {
      kernels.fill(byState, q * stateSize + q * hidden, hidden, 1);
      kernels.cellPullback(
          stage.kind(),
          work,
          wo + stage.gate() * hidden,
          wo + stage.aux() * hidden,
          byState,
          q * stateSize,
          byGate,
          q * gateSize,
          own,
          0,
          hidden,
          hidden);
    }
  }

  /** The last stage, where row (q, j) starts as part q, unit j. */
  private void first(int s) {
    CellLayout.Stage stage = layout.stages().get(s);
    int[] targets = stage.targets();
    for (int row = 0; row < size; row++) {
      int q = row / hidden;
      int j = row % hidden;
      for (int p = 0; p < states; p++) {
        double slope = kernels.get(byState, q * stateSize + p * hidden + j);
        kernels.set(rows, row * stateSize + p * hidden + j, slope);
      }
      for (int g = 0; g < stage.kind().gates(); g++) {
        double slope = kernels.get(byGate, q * gateSize + g * hidden + j);
        kernels.set(gates, row * gateSize + (stage.gate() + g) * hidden + j, slope);
      }
      int source = row * stateSize + stage.source() * hidden + j / block * block;
      for (int k = 0; k < targets.length; k++) {
        double slope = kernels.get(gates, row * gateSize + targets[k] * hidden + j);
        kernels.axpy(slope, transposed.get(s), (k * hidden + j) * block, rows, source, block);
      }
    }
  }

  /** An earlier stage, where rows are dense. */
  private void further(int s) {
    CellLayout.Stage stage = layout.stages().get(s);
    for (int row = 0; row < size; row++) {
      int at = row * stateSize;
      kernels.fill(spare, 0, stateSize, 0);
      for (int q = 0; q < states; q++) {
        int given = at + q * hidden;
        for (int p = 0; p < states; p++) {
          int slope = q * stateSize + p * hidden;
          kernels.multiplyAdd(rows, given, byState, slope, spare, p * hidden, hidden);
        }
        for (int g = 0; g < stage.kind().gates(); g++) {
          int gate = row * gateSize + (stage.gate() + g) * hidden;
          kernels.multiplyAdd(rows, given, byGate, q * gateSize + g * hidden, gates, gate, hidden);
        }
      }
      kernels.copy(spare, 0, rows, at, stateSize);
    }
    for (int head = 0; head < heads; head++) {
      for (int k = 0; k < stage.targets().length; k++) {
        kernels.gemm(
            false,
            false,
            size,
            block,
            block,
            1,
            gates,
            stage.targets()[k] * hidden + head * block,
            gateSize,
            transposed.get(s),
            (k * hidden + head * block) * block,
            block,
            1,
            rows,
            stage.source() * hidden + head * block,
            stateSize);
      }
    }
  }
}
