package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell of one row along its own trajectory, in double precision:
 *
 * <pre>{@code
 * h_t = J_t h_{t-1} + u_t      J_t = f'(h_{t-1})      u_t = f(h_{t-1}, x_t) - J_t h_{t-1}
 * y_t = the part of h_t that is put out
 * }</pre>
 */
final class CellLinearization {
  private CellLinearization() {}

  static LinearSystem of(
      Cell cell,
      CellShape shape,
      INDArray x,
      List<INDArray> parameters,
      INDArray initial,
      int row) {
    int steps = (int) x.size(1);
    int d = shape.stateSize();
    List<INDArray> exact = parameters.stream().map(p -> p.castTo(DataType.DOUBLE)).toList();
    double[] drive = row(x, row);
    double[] start = row(initial, row);
    Transition[] transitions = new Transition[steps];
    double[][] inputs = new double[steps][d];
    Precision<double[]> precision = Precision.DOUBLE;
    try (Scratch<double[]> scratch = precision.scratch()) {
      CellKernel<double[]> kernel = cell.bind(precision, shape, exact, 0, shape.width(), scratch);
      Planes<double[]> h = Planes.take(scratch, 2, shape.blocks(), shape.width());
      Planes<double[]> now = Planes.take(scratch, 1, shape.inputs(), shape.inputWidth());
      Planes<double[]> j = Planes.take(scratch, 1, shape.jacobianPlanes(), shape.jacobianWidth());
      fill(start, 0, h, 0);
      for (int t = 0; t < steps; t++) {
        fill(drive, t * shape.inputSize(), now, 0);
        kernel.linearise(1, h, now, h.from(1), j);
        transitions[t] = transition(shape, j);
        double[] before = numbers(h, 0);
        double[] next = numbers(h, 1);
        double[] predicted = transitions[t].apply(before);
        for (int i = 0; i < d; i++) {
          inputs[t][i] = next[i] - predicted[i];
        }
        fill(next, 0, h, 0);
      }
    }
    double[][] identity = rows(0, d, d);
    double[][] read =
        rows(shape.offset(shape.output()), shape.parts().get(shape.output()).size(), d);
    return DenseLinearSystem.builder(inputs, d, read.length)
        .transition(t -> transitions[t])
        .input(t -> identity)
        .output(t -> read)
        .initialState(start)
        .build();
  }

  private static Transition transition(CellShape shape, Planes<double[]> j) {
    int n = shape.width();
    if (shape.structure() == JacobianStructure.DIAGONAL) {
      return Transitions.diagonal(Arrays.copyOf(j.data(), n));
    }
    if (shape.structure() == JacobianStructure.BLOCKS && shape.blocks() == 2) {
      double[][] planes = new double[4][];
      for (int p = 0; p < 4; p++) {
        planes[p] = Arrays.copyOfRange(j.data(), j.at(p, 0), j.at(p, 0) + n);
      }
      return Transitions.blocks(planes[0], planes[1], planes[2], planes[3]);
    }
    int d = shape.stateSize();
    double[][] dense = new double[d][d];
    for (int a = 0; a < d; a++) {
      for (int b = 0; b < d; b++) {
        if (shape.structure() == JacobianStructure.DENSE) {
          dense[a][b] = j.data()[a * d + b];
        } else if (a % n == b % n) {
          dense[a][b] = j.data()[j.at(a / n * shape.blocks() + b / n, 0) + a % n];
        }
      }
    }
    return Transitions.dense(dense);
  }

  private static void fill(double[] from, int at, Planes<double[]> planes, int t) {
    for (int p = 0; p < planes.count(); p++) {
      System.arraycopy(
          from, at + p * planes.width(), planes.data(), planes.at(p, t), planes.width());
    }
  }

  private static double[] numbers(Planes<double[]> planes, int t) {
    double[] numbers = new double[planes.count() * planes.width()];
    for (int p = 0; p < planes.count(); p++) {
      System.arraycopy(planes.data(), planes.at(p, t), numbers, p * planes.width(), planes.width());
    }
    return numbers;
  }

  private static double[] row(INDArray array, int row) {
    int n = (int) (array.length() / array.size(0));
    double[] numbers = new double[n];
    INDArray flat = array.dup('c').reshape('c', array.size(0), n);
    for (int i = 0; i < n; i++) {
      numbers[i] = flat.getDouble(row, i);
    }
    return numbers;
  }

  private static double[][] rows(int from, int count, int columns) {
    double[][] rows = new double[count][columns];
    for (int i = 0; i < count; i++) {
      rows[i][from + i] = 1;
    }
    return rows;
  }
}
