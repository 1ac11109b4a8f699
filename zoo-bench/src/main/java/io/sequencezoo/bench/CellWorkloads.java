package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;
import io.sequencezoo.core.op.Dense;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Forward and backward of recurrent layers, input products included, against PyTorch's layers; and
 * of ParaGRU and ParaLSTM, from the pre-activations on, against PyTorch stepping them one tensor
 * operation at a time.
 */
final class CellWorkloads {
  private static final int TIME = 256;
  private static final List<Cell> CELLS =
      List.of(
          new Cell("lstm", CellLayout.lstm()),
          new Cell("gru", CellLayout.gru()),
          new Cell("rnn", CellLayout.elmanTanh()));

  /** At least a hundred times faster than naive application. */
  private static final double OVER_NAIVE = 0.01;

  private static final int PARA_WIDTH = 256;

  private CellWorkloads() {}

  /** LSTM, GRU and Elman network of widths 256 and 512 at batch 1 and 8; ParaGRU and ParaLSTM. */
  static List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    for (Cell cell : CELLS) {
      for (int width : new int[] {256, 512}) {
        for (int batch : new int[] {1, 8}) {
          all.add(comparison(cell, batch, width));
        }
      }
    }
    for (boolean gru : new boolean[] {true, false}) {
      for (int batch : new int[] {1, 8}) {
        for (int time : new int[] {256, 2048}) {
          all.add(naive(gru, batch, time));
        }
      }
    }
    return all;
  }

  private static Comparison naive(boolean gru, int batch, int time) {
    String cell = gru ? "para-gru" : "para-lstm";
    return new Comparison(
        cell + "-stepped-b" + batch + "-t" + time,
        cell + " " + batch + " " + time + " " + PARA_WIDTH,
        OVER_NAIVE,
        0,
        () -> new CellPasses(gru, batch, time, PARA_WIDTH).solved(Solver.AUTO, true));
  }

  /**
   * A cell that PyTorch has as well.
   *
   * @param name the peer's, too
   */
  private record Cell(String name, CellLayout layout) {}

  private static Comparison comparison(Cell cell, int batch, int width) {
    // Input and recurrent products, forward and twice backward.
    double gates = cell.layout.inputGates();
    double flops = 3 * 2.0 * batch * TIME * (gates * width * width * 2);
    return new Comparison(
        cell.name + "-w" + width + "-b" + batch + "-t" + TIME,
        cell.name + " " + batch + " " + TIME + " " + width,
        width == 256 ? 0.75 : 1.0,
        flops,
        () -> pass(cell.layout, batch, width));
  }

  private static Runnable pass(CellLayout layout, int batch, int width) {
    long gates = (long) layout.inputGates() * width;
    // Within ±1/√H, as PyTorch starts them.
    double scale = 1 / Math.sqrt(width);
    INDArray x = Nd4j.randn(DataType.FLOAT, batch, TIME, width);
    INDArray input = uniform(scale, width, gates);
    INDArray recurrent = uniform(scale, width, gates);
    INDArray bias = uniform(scale, gates);
    INDArray inner = layout.innerGates() == 0 ? null : uniform(scale, width);
    INDArray cotangent = Nd4j.randn(DataType.FLOAT, batch, TIME, width);
    CellRecurrence recurrence = new CellRecurrence(layout);
    return () -> {
      try (Tape tape = Tape.training()) {
        Map<String, Variable> coefficients = new LinkedHashMap<>();
        coefficients.put(
            CellRecurrence.INPUT,
            Dense.linear(tape, tape.variable(x), tape.variable(input), tape.variable(bias)));
        coefficients.put(CellRecurrence.WEIGHT, tape.variable(recurrent));
        if (inner != null) {
          coefficients.put(CellRecurrence.BIAS, tape.variable(inner));
        }
        Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
        tape.backward(List.of(evolution.outputs()), List.of(cotangent));
      }
    };
  }

  private static INDArray uniform(double bound, long... shape) {
    return Nd4j.rand(DataType.FLOAT, shape).subi(0.5).muli(2 * bound);
  }
}
