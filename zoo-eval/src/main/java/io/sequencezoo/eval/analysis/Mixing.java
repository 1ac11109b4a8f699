package io.sequencezoo.eval.analysis;

import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.attention.AttentionSystem;
import java.util.stream.IntStream;

/** The mixing matrix of a linear system, one number per pair of positions. */
public final class Mixing {
  private Mixing() {}

  /**
   * {@code |Φ_ij| = ‖C_i Λ_i ... Λ_{j+1} B_j‖_F / √m} for m inputs (plus D where i = j): how
   * strongly position i takes from position j. For attention these are its weights.
   *
   * @return T rows of T, zero above the diagonal
   */
  public static double[][] norms(LinearSystem system) {
    return system instanceof AttentionSystem attention ? weights(attention) : blockNorms(system);
  }

  /** The same without the identity in each block. */
  private static double[][] weights(AttentionSystem system) {
    int steps = system.steps();
    double[][] weights = system.weights();
    double[][] norms = new double[steps][steps];
    int held = weights.length == 0 ? 0 : weights[0].length - steps;
    for (int i = 0; i < steps; i++) {
      System.arraycopy(weights[i], held, norms[i], 0, i + 1);
    }
    return norms;
  }

  private static double[][] blockNorms(LinearSystem system) {
    int steps = system.steps();
    double[][] norms = new double[steps][steps];
    Transition[] transitions = new Transition[steps];
    double[][][] outputs = new double[steps][][];
    for (int t = 0; t < steps; t++) {
      transitions[t] = system.transition(t);
      outputs[t] = system.outputMatrix(t);
    }
    double root = Math.sqrt(system.inputSize());
    for (int j = 0; j < steps; j++) {
      double[][] columns = transposed(system.inputMatrix(j));
      for (int i = j; i < steps; i++) {
        double squares = 0;
        double[][] feedthrough = i == j ? system.feedthrough(j) : null;
        for (int c = 0; c < columns.length; c++) {
          if (i > j) {
            columns[c] = transitions[i].apply(columns[c]);
          }
          // An input reaches few of the states of a diagonal system: 16 of 2048 in Mamba.
          int[] reached = nonZero(columns[c]);
          for (int r = 0; r < outputs[i].length; r++) {
            double sum = 0;
            for (int k : reached) {
              sum += outputs[i][r][k] * columns[c][k];
            }
            double entry = sum + (feedthrough == null ? 0 : feedthrough[r][c]);
            squares += entry * entry;
          }
        }
        norms[i][j] = Math.sqrt(squares) / root;
      }
    }
    return norms;
  }

  private static int[] nonZero(double[] values) {
    return IntStream.range(0, values.length).filter(k -> values[k] != 0).toArray();
  }

  private static double[][] transposed(double[][] matrix) {
    double[][] out = new double[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < out.length; j++) {
        out[j][i] = matrix[i][j];
      }
    }
    return out;
  }

  /**
   * {@code Σ_j |Φ_ij| (i - j) / Σ_j |Φ_ij|}: how far back position i looks on average, in steps; 0
   * where it takes nothing.
   *
   * @param norms of {@link #norms}
   */
  public static double[] reach(double[][] norms) {
    double[] reach = new double[norms.length];
    for (int i = 0; i < norms.length; i++) {
      double sum = 0;
      double weighted = 0;
      for (int j = 0; j <= i; j++) {
        sum += norms[i][j];
        weighted += norms[i][j] * (i - j);
      }
      reach[i] = sum == 0 ? 0 : weighted / sum;
    }
    return reach;
  }
}
