package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.MatrixStateShape.Decay;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One head as a linear system on the K V numbers of {@code S}, row by row: {@code Λ = diag(e^g) ⊗
 * I}, {@code B u = k ⊗ v} with {@code u = v}, {@code C = scale qᵀ ⊗ I}, divided by the normaliser
 * where there is one.
 */
final class MatrixStateLinearization {
  private final MatrixStateShape shape;
  private final double scale;
  private final double eps;

  MatrixStateLinearization(MatrixStateShape shape, double scale, double eps) {
    this.shape = shape;
    this.scale = scale;
    this.eps = eps;
  }

  LinearSystem system(Map<String, Variable> coefficients, State initial, int row, int head) {
    int keys = shape.keys();
    int values = shape.values();
    double[][] q = rows(coefficients.get("q"), row, head);
    double[][] k = rows(coefficients.get("k"), row, head);
    double[][] v = rows(coefficients.get("v"), row, head);
    double[][] decay = decays(coefficients.get("g"), row, head);
    double[] weights = readWeights(q, k, decay, initial, row, head);
    return DenseLinearSystem.builder(v, keys * values, values)
        .transition(t -> Transitions.repeated(Transitions.diagonal(decay[t]), values))
        .input(t -> write(k[t]))
        .output(t -> read(q[t], weights[t]))
        .initialState(state(initial, row, head))
        .build();
  }

  private double[][] rows(Variable variable, int row, int head) {
    int width = variable.size(3);
    double[][] out = new double[shape.steps()][width];
    for (int t = 0; t < out.length; t++) {
      for (int i = 0; i < width; i++) {
        out[t][i] = variable.value().getDouble(row, t, head, i);
      }
    }
    return out;
  }

  private double[][] decays(Variable g, int row, int head) {
    double[][] out = new double[shape.steps()][shape.keys()];
    for (int t = 0; t < out.length; t++) {
      for (int d = 0; d < shape.keys(); d++) {
        double log =
            shape.decay() == Decay.NONE
                ? 0
                : shape.decay() == Decay.HEAD
                    ? g.value().getDouble(row, t, head)
                    : g.value().getDouble(row, t, head, d);
        out[t][d] = Math.exp(log);
      }
    }
    return out;
  }

  /** What the queries are multiplied by: the scale, over the normaliser along the trajectory. */
  private double[] readWeights(
      double[][] q, double[][] k, double[][] decay, State initial, int row, int head) {
    double[] weights = new double[q.length];
    double[] z = new double[shape.keys()];
    for (int d = 0; shape.normalised() && initial != null && d < z.length; d++) {
      z[d] = initial.get("z").value().getDouble(row, head, d);
    }
    for (int t = 0; t < weights.length; t++) {
      double below = eps;
      for (int d = 0; d < z.length; d++) {
        z[d] = decay[t][d] * z[d] + k[t][d];
        below += scale * q[t][d] * z[d];
      }
      weights[t] = shape.normalised() ? scale / below : scale;
    }
    return weights;
  }

  private double[][] write(double[] k) {
    int values = shape.values();
    double[][] matrix = new double[k.length * values][values];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i][i % values] = k[i / values];
    }
    return matrix;
  }

  private double[][] read(double[] q, double weight) {
    int values = shape.values();
    double[][] matrix = new double[values][q.length * values];
    for (int i = 0; i < q.length * values; i++) {
      matrix[i % values][i] = weight * q[i / values];
    }
    return matrix;
  }

  private double[] state(State initial, int row, int head) {
    double[] state = new double[shape.keys() * shape.values()];
    if (initial == null) {
      return state;
    }
    INDArray s = initial.get("S").value();
    for (int i = 0; i < state.length; i++) {
      state[i] = s.getDouble(row, head, i / shape.values(), i % shape.values());
    }
    return state;
  }
}
