package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Variable;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The LSTM of one row along its own trajectory {@code s_t = F(s_{t-1})}, {@code s = [h; c]}:
 *
 * <pre>{@code
 * s_t = J_t s_{t-1} + u_t      J_t = F'(s_{t-1})      u_t = F(s_{t-1}) - J_t s_{t-1}
 * y_t = [I 0] s_t
 * }</pre>
 */
final class LstmLinearization {
  private final double[][] weight;
  private final int hidden;

  private LstmLinearization(double[][] weight) {
    this.weight = weight;
    this.hidden = weight.length;
  }

  static LinearSystem of(Map<String, Variable> coefficients, State initial, int row) {
    double[][] x = row(coefficients.get(LstmRecurrence.INPUT).value(), row).toDoubleMatrix();
    double[][] weight = coefficients.get(LstmRecurrence.WEIGHT).value().toDoubleMatrix();
    int n = weight.length;
    double[] start = new double[2 * n];
    for (int j = 0; j < n; j++) {
      start[j] = initial.get(LstmRecurrence.HIDDEN).value().getDouble(row, j);
      start[n + j] = initial.get(LstmRecurrence.CELL).value().getDouble(row, j);
    }
    LstmLinearization cell = new LstmLinearization(weight);
    double[][][] jacobians = new double[x.length][2 * n][2 * n];
    double[][] inputs = new double[x.length][];
    double[] state = start;
    for (int t = 0; t < x.length; t++) {
      double[] next = cell.step(x[t], state, jacobians[t]);
      double[] predicted = Transitions.dense(jacobians[t]).apply(state);
      inputs[t] = new double[2 * n];
      for (int j = 0; j < 2 * n; j++) {
        inputs[t][j] = next[j] - predicted[j];
      }
      state = next;
    }
    double[][] identity = identity(2 * n, 2 * n);
    double[][] readHidden = identity(n, 2 * n);
    return DenseLinearSystem.builder(inputs, 2 * n, n)
        .transition(t -> Transitions.dense(jacobians[t]))
        .input(t -> identity)
        .output(t -> readHidden)
        .initialState(start)
        .build();
  }

  /** {@code F(s)}; fills the Jacobian. */
  private double[] step(double[] x, double[] state, double[][] jacobian) {
    double[] a = x.clone();
    for (int p = 0; p < hidden; p++) {
      for (int q = 0; q < a.length; q++) {
        a[q] += state[p] * weight[p][q];
      }
    }
    double[] next = new double[2 * hidden];
    for (int j = 0; j < hidden; j++) {
      double i = sigmoid(a[j]);
      double f = sigmoid(a[hidden + j]);
      double g = Math.tanh(a[2 * hidden + j]);
      double o = sigmoid(a[3 * hidden + j]);
      double cell = state[hidden + j];
      double nextCell = f * cell + i * g;
      double tanh = Math.tanh(nextCell);
      double hiddenByCell = o * (1 - tanh * tanh);
      for (int p = 0; p < hidden; p++) {
        double cellByHidden =
            g * i * (1 - i) * weight[p][j]
                + cell * f * (1 - f) * weight[p][hidden + j]
                + i * (1 - g * g) * weight[p][2 * hidden + j];
        jacobian[hidden + j][p] = cellByHidden;
        jacobian[j][p] =
            tanh * o * (1 - o) * weight[p][3 * hidden + j] + hiddenByCell * cellByHidden;
      }
      jacobian[hidden + j][hidden + j] = f;
      jacobian[j][hidden + j] = hiddenByCell * f;
      next[j] = o * tanh;
      next[hidden + j] = nextCell;
    }
    return next;
  }

  private static INDArray row(INDArray x, int row) {
    return x.get(NDArrayIndex.point(row), NDArrayIndex.all(), NDArrayIndex.all())
        .dup('c')
        .reshape('c', x.size(1), x.size(2));
  }

  private static double[][] identity(int rows, int columns) {
    double[][] identity = new double[rows][columns];
    for (int j = 0; j < rows; j++) {
      identity[j][j] = 1;
    }
    return identity;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
