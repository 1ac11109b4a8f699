package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One token of a cell: the products by BLAS where the weights are, the rest row by row.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class CellStep<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final CellInputs inputs;
  private final CellLayout layout;
  private final int batch;
  private final int hidden;
  private final Slab<A> gates;
  private final Slab<A> operand;
  private final Slab<A> x;
  private final Slab<A> bias;
  private final Slab<A> parameters;
  private final Slab<A> mask;
  private final List<Slab<A>> before = new ArrayList<>();
  private final List<CellLayout.Stage> stages;
  private final List<List<Runnable>> products = new ArrayList<>();
  private final CellLayout.Units all;

  private CellStep(Tape tape, Precision<A> precision, CellInputs inputs) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.inputs = inputs;
    this.layout = inputs.layout();
    this.batch = inputs.batch();
    this.hidden = inputs.hidden();
    this.gates =
        precision.slab(tape.allocate(precision.type(), batch, (long) layout.gates() * hidden));
    this.operand = precision.slab(tape.allocate(precision.type(), batch, hidden));
    this.x = slab(inputs.x());
    this.bias = slab(inputs.bias());
    this.parameters = slab(inputs.parameters());
    this.mask = slab(inputs.mask());
    for (Variable part : inputs.state()) {
      before.add(slab(part));
    }
    this.stages = layout.stages();
    for (int s = 0; s < stages.size(); s++) {
      products.add(products(s));
    }
    this.all = CellLayout.Units.all(hidden);
  }

  private Slab<A> slab(Variable given) {
    return given == null ? null : precision.slab(given.operand());
  }

  /** Returns outputs {@code [B, 1, H]} and the next state, {@code [B, H]} per part. */
  static Variable[] step(Tape tape, CellInputs inputs) {
    Precision<?> precision = Precision.of(inputs.x().type());
    return new CellStep<>(tape, precision, inputs).run(tape);
  }

  private Variable[] run(Tape tape) {
    Variable[] outputs = new Variable[layout.parts().size() + 1];
    List<Slab<A>> next = new ArrayList<>();
    for (int part = 0; part < layout.parts().size(); part++) {
      INDArray array = tape.allocate(precision.type(), batch, hidden);
      next.add(precision.slab(array));
      outputs[part + 1] = tape.constant(array);
    }
    // As one region: the state between stages stays on the heap.
    Replay.run(() -> compute(next));
    outputs[0] = Primitives.reshape(tape, outputs[1], batch, 1, hidden);
    return outputs;
  }

  private void compute(List<Slab<A>> next) {
    int stateSize = layout.stateSlots() * hidden;
    int workSize = layout.slots() * hidden;
    try (Scratch<A> scratch = precision.scratch()) {
      A work = scratch.take(batch * workSize);
      A state = scratch.take(batch * stateSize);
      A own = scratch.take(Math.max(1, layout.parameters() * hidden));
      if (parameters != null) {
        parameters.load(0, own, 0, layout.parameters() * hidden);
      }
      for (int part = 0; part < before.size(); part++) {
        before.get(part).loadRows(0, hidden, work, 0, batch, hidden);
        for (int b = 0; b < batch; b++) {
          kernels.copy(work, b * hidden, state, b * stateSize + part * hidden, hidden);
        }
      }
      drive(work);
      for (int s = 0; s < stages.size(); s++) {
        CellLayout.Stage stage = stages.get(s);
        operand(stage, state, stateSize, work);
        for (int i = 0; i < products.get(s).size(); i++) {
          products.get(s).get(i).run();
        }
        for (int b = 0; b < batch; b++) {
          int row = b * workSize;
          int width = layout.gates() * hidden;
          gates.load((long) b * width, work, row, width);
          stage.cell(kernels, work, row, state, b * stateSize, own, all);
          gates.store((long) b * width, work, row, width);
        }
      }
      for (int part = 0; part < next.size(); part++) {
        for (int b = 0; b < batch; b++) {
          next.get(part).store((long) b * hidden, state, b * stateSize + part * hidden, hidden);
        }
      }
    }
  }

  /** The input's pre-activations, and the bias of the other gates. */
  private void drive(A row) {
    int driven = layout.inputGates() * hidden;
    int inner = layout.innerGates() * hidden;
    kernels.fill(row, driven, inner, 0);
    if (bias != null) {
      bias.load(0, row, driven, inner);
    }
    for (int b = 0; b < batch; b++) {
      x.load((long) b * driven, row, 0, driven);
      gates.store((long) b * (driven + inner), row, 0, driven + inner);
    }
  }

  private void operand(CellLayout.Stage stage, A state, int stateSize, A row) {
    for (int b = 0; b < batch; b++) {
      int from = b * stateSize + stage.source() * hidden;
      if (mask == null) {
        operand.store((long) b * hidden, state, from, hidden);
      } else {
        mask.load((long) b * hidden, row, 0, hidden);
        kernels.multiply(row, 0, state, from, row, 0, hidden);
        operand.store((long) b * hidden, row, 0, hidden);
      }
    }
  }

  private List<Runnable> products(int s) {
    List<Runnable> all = new ArrayList<>();
    int[] targets = layout.stages().get(s).targets();
    Slab<A> weight = precision.slab(inputs.weights()[s].operand());
    int block = inputs.block();
    int columns = targets.length * block;
    int width = layout.gates() * hidden;
    for (int head = 0; head < inputs.heads(); head++) {
      for (int g = 0; g < targets.length; ) {
        int run = block == hidden ? CellPacking.run(targets, g) : 1;
        all.add(
            Blas.product(
                false,
                false,
                batch,
                run * block,
                block,
                1,
                operand,
                (long) head * block,
                hidden,
                weight,
                (long) head * block * columns + (long) g * block,
                columns,
                1,
                gates,
                (long) targets[g] * hidden + (long) head * block,
                width));
        g += run;
      }
    }
    return all;
  }
}
