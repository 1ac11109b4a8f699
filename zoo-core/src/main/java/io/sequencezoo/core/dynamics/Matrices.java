package io.sequencezoo.core.dynamics;

/** Small products of plain matrices for linear systems; skips zeros, of which these have many. */
final class Matrices {
  private Matrices() {}

  static double[][] copy(double[][] matrix) {
    double[][] copy = new double[matrix.length][];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = matrix[i].clone();
    }
    return copy;
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** Element by element. */
  static double[] multiply(double[] x, double[] y) {
    double[] out = new double[x.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = x[i] * y[i];
    }
    return out;
  }

  static double[] multiply(double[][] matrix, double[] x) {
    double[] out = new double[matrix.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = dot(matrix[i], x);
    }
    return out;
  }

  static void addProduct(double[][] matrix, double[] x, double[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] += dot(matrix[i], x);
    }
  }

  /** Adds {@code x y} to the block of {@code out} that starts at the given row and column. */
  static void addProduct(double[][] x, double[][] y, double[][] out, int row, int column) {
    for (int i = 0; i < x.length; i++) {
      double[] target = out[row + i];
      for (int k = 0; k < y.length; k++) {
        double factor = x[i][k];
        if (factor != 0) {
          for (int j = 0; j < y[k].length; j++) {
            target[column + j] += factor * y[k][j];
          }
        }
      }
    }
  }

  /** {@code Λ M} for M with any number of columns. */
  static double[][] apply(Transition transition, double[][] matrix) {
    int rows = matrix.length;
    int columns = rows == 0 ? 0 : matrix[0].length;
    double[][] out = new double[rows][columns];
    double[] column = new double[rows];
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) {
        column[i] = matrix[i][j];
      }
      double[] image = transition.apply(column);
      for (int i = 0; i < rows; i++) {
        out[i][j] = image[i];
      }
    }
    return out;
  }
}
