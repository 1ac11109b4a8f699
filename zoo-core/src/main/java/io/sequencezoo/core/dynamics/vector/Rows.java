package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Variable;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rows of a batch: their numbers in double. */
final class Rows {
  private Rows() {}

  /** Row b of {@code [B, T, D]}: T rows of D. */
  static double[][] values(Variable x, int row) {
    int steps = x.size(1);
    int n = x.size(2);
    double[] all = vector(x, row);
    double[][] values = new double[steps][];
    for (int t = 0; t < steps; t++) {
      values[t] = Arrays.copyOfRange(all, t * n, (t + 1) * n);
    }
    return values;
  }

  /** Everything that row b of {@code [B, ...]} holds. */
  static double[] vector(Variable x, int row) {
    INDArray flat = x.value().reshape('c', x.size(0), -1);
    return flat.getRow(row).castTo(DataType.DOUBLE).dup('c').data().asDouble();
  }

  /** Every number of an array. */
  static double[] all(Variable x) {
    return x.value().castTo(DataType.DOUBLE).dup('c').data().asDouble();
  }

  static double[] exp(double[] x) {
    return Arrays.stream(x).map(Math::exp).toArray();
  }

  static double[][] identity(int n) {
    double[][] identity = new double[n][n];
    for (int i = 0; i < n; i++) {
      identity[i][i] = 1;
    }
    return identity;
  }
}
