package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.dynamics.nonlinear.CellKernel;
import io.sequencezoo.core.dynamics.nonlinear.Planes;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Single steps of a cell at many independent positions, their Jacobians and local pullbacks.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class DenseCellKernel<A> implements CellKernel<A> {
  /** Positions that share a pass over the weights. */
  private static final int ROWS = 16;

  private final Kernels<A> kernels;
  private final CellLayout layout;
  private final int hidden;
  private final CellLayout.Units units;
  private final int block;
  private final int heads;
  private final int stateSize;
  private final int workSize;
  private final int gateSize;
  private final int inputSize;
  private final CellPacking<A> forward;
  private final CellPacking<A> backward;
  private final A bias;
  private final A own;
  private final A work;
  private final A state;
  private final A gates;

  /** Where each of θ starts among their gradients. */
  private final int[] offsets;

  private final DenseJacobian<A> jacobian;

  DenseCellKernel(
      Precision<A> precision,
      CellLayout layout,
      int heads,
      List<INDArray> parameters,
      Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.layout = layout;
    this.heads = heads;
    this.hidden = (int) parameters.get(0).size(0);
    this.units = CellLayout.Units.all(hidden);
    this.block = hidden / heads;
    this.stateSize = layout.stateSlots() * hidden;
    this.workSize = layout.slots() * hidden;
    this.gateSize = layout.gates() * hidden;
    this.inputSize = layout.inputGates() * hidden;
    int stages = layout.stages().size();
    INDArray[] weights = parameters.subList(0, stages).toArray(new INDArray[0]);
    this.forward = packing(precision, weights, false, scratch);
    this.backward = packing(precision, weights, true, scratch);
    int next = stages;
    this.bias = layout.innerGates() > 0 ? load(precision, parameters.get(next++), scratch) : null;
    this.own = layout.parameters() > 0 ? load(precision, parameters.get(next), scratch) : null;
    this.work = scratch.take(ROWS * workSize);
    this.state = scratch.take(ROWS * stateSize);
    this.gates = scratch.take(ROWS * gateSize);
    this.offsets = new int[parameters.size()];
    for (int i = 1; i < offsets.length; i++) {
      offsets[i] = offsets[i - 1] + (int) parameters.get(i - 1).length();
    }
    this.jacobian = new DenseJacobian<>(precision, layout, heads, weights, own, scratch);
  }

  private CellPacking<A> packing(
      Precision<A> precision, INDArray[] weights, boolean transposed, Scratch<A> scratch) {
    CellPacking<A> packing =
        CellPacking.whole(precision, layout, heads, weights, transposed, scratch);
    packing.fill();
    return packing;
  }

  private static <A> A load(Precision<A> precision, INDArray values, Scratch<A> scratch) {
    A array = scratch.take((int) values.length());
    precision.slab(values).load(0, array, 0, (int) values.length());
    return array;
  }

  @Override
  public void next(int n, Planes<A> h, Planes<A> x, Planes<A> next) {
    for (int done = 0; done < n; done += ROWS) {
      int rows = Math.min(ROWS, n - done);
      step(rows, h.from(done), x.from(done));
      show(rows, next.from(done));
    }
  }

  private void show(int rows, Planes<A> next) {
    for (int r = 0; r < rows; r++) {
      kernels.copy(state, r * stateSize, next.data(), next.at(0, r), next.width());
    }
  }

  /** One step of some positions; leaves the working rows and the states. */
  private void step(int rows, Planes<A> h, Planes<A> x) {
    for (int r = 0; r < rows; r++) {
      kernels.copy(h.data(), h.at(0, r), state, r * stateSize, h.width());
      kernels.copy(x.data(), x.at(0, r), work, r * workSize, inputSize);
      if (bias != null) {
        kernels.copy(bias, 0, work, r * workSize + inputSize, gateSize - inputSize);
      }
    }
    for (int s = 0; s < layout.stages().size(); s++) {
      CellLayout.Stage stage = layout.stages().get(s);
      for (int r = 0; r < rows; r++) {
        int source = r * stateSize + stage.source() * hidden;
        kernels.copy(state, source, work, r * workSize + stage.operand() * hidden, hidden);
      }
      for (CellPacking.Tile<A> tile : forward.tiles(s)) {
        int from = stage.operand() * hidden + tile.from();
        int to = tile.gate() * hidden + tile.left();
        tile.multiply(kernels, rows, work, from, workSize, work, to, workSize);
      }
      for (int r = 0; r < rows; r++) {
        stage.cell(kernels, work, r * workSize, state, r * stateSize, own, units);
      }
    }
  }

  @Override
  public void linearise(int n, Planes<A> h, Planes<A> x, Planes<A> next, Planes<A> jacobians) {
    for (int done = 0; done < n; done += ROWS) {
      int rows = Math.min(ROWS, n - done);
      step(rows, h.from(done), x.from(done));
      show(rows, next.from(done));
      for (int r = 0; r < rows; r++) {
        jacobian.write(work, r * workSize, jacobians.data(), jacobians.at(0, done + r));
      }
    }
  }

  @Override
  public void pullback(int n, Planes<A> h, Planes<A> x, Planes<A> g, Planes<A> gx, A parameters) {
    for (int done = 0; done < n; done += ROWS) {
      int rows = Math.min(ROWS, n - done);
      step(rows, h.from(done), x.from(done));
      for (int r = 0; r < rows; r++) {
        kernels.fill(state, r * stateSize, stateSize, 0);
        kernels.copy(g.data(), g.at(0, done + r), state, r * stateSize, g.width());
      }
      back(rows);
      for (int r = 0; r < rows; r++) {
        kernels.copy(gates, r * gateSize, gx.data(), gx.at(0, done + r), inputSize);
      }
      addGradients(rows, parameters);
    }
  }

  /** From the gradients of the next states to those of all gates. */
  private void back(int rows) {
    for (int s = layout.stages().size() - 1; s >= 0; s--) {
      CellLayout.Stage stage = layout.stages().get(s);
      for (int r = 0; r < rows; r++) {
        stage.pullback(
            kernels, work, r * workSize, state, r * stateSize, gates, r * gateSize, own, units);
      }
      // The first product leads to the state before, which is somebody else's.
      if (s > 0) {
        for (CellPacking.Tile<A> tile : backward.tiles(s)) {
          int from = tile.gate() * hidden + tile.from();
          int to = stage.source() * hidden + tile.left();
          tile.multiply(kernels, rows, gates, from, gateSize, state, to, stateSize);
        }
      }
    }
  }

  private void addGradients(int rows, A parameters) {
    int stages = layout.stages().size();
    for (int s = 0; s < stages; s++) {
      CellLayout.Stage stage = layout.stages().get(s);
      int columns = stage.targets().length * block;
      for (int head = 0; head < heads; head++) {
        for (int k = 0; k < stage.targets().length; k++) {
          kernels.gemm(
              true,
              false,
              block,
              block,
              rows,
              1,
              work,
              stage.operand() * hidden + head * block,
              workSize,
              gates,
              stage.targets()[k] * hidden + head * block,
              gateSize,
              1,
              parameters,
              offsets[s] + head * block * columns + k * block,
              columns);
        }
      }
    }
    for (int r = 0; r < rows; r++) {
      int next = stages;
      if (bias != null) {
        int at = offsets[next++];
        int inner = gateSize - inputSize;
        kernels.add(parameters, at, gates, r * gateSize + inputSize, parameters, at, inner);
      }
      int slot = 0;
      for (Map.Entry<Integer, Integer> pair : layout.parameterProducts()) {
        kernels.multiplyAdd(
            gates,
            r * gateSize + pair.getKey() * hidden,
            work,
            r * workSize + pair.getValue() * hidden,
            parameters,
            offsets[next] + slot++ * hidden,
            hidden);
      }
    }
  }
}
