package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Decay;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Update;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One head as a linear system on the K V numbers of {@code S}, row by row: {@code C = scale qᵀ ⊗
 * I}, divided by the normaliser where there is one, {@code u = v} (of all writes of a token) and,
 * with {@code Λ = M ⊗ I} and {@code B u = Σ_j n_j ⊗ v_j},
 *
 * <pre>{@code
 * sum        M = diag(e^g), or Λ = I ⊗ diag(e^gv)         n = k
 * delta      M = H_N ... H_1 diag(e^g)                    n_j = beta_j H_N ... H_{j+1} k_j
 *            H_j = I - beta_j k_j k_jᵀ
 * low rank   M = diag(e^g) + b aᵀ                         n = k
 * }</pre>
 */
final class MatrixStateLinearization {
  private final MatrixStateShape shape;
  private final double scale;
  private final double eps;
  private final int keys;
  private final int values;

  MatrixStateLinearization(MatrixStateShape shape, double scale, double eps) {
    this.shape = shape;
    this.scale = scale;
    this.eps = eps;
    this.keys = shape.keys();
    this.values = shape.values();
  }

  LinearSystem system(Map<String, Variable> coefficients, State initial, int row, int head) {
    int writes = shape.writes();
    double[][] q =
        rows(coefficients.get(Coefficient.QUERY.key()), shape.heads(), keys, 1, row, head);
    double[][] k =
        rows(coefficients.get(Coefficient.KEY.key()), shape.heads(), keys, writes, row, head);
    double[][] v =
        rows(coefficients.get(Coefficient.VALUE.key()), shape.heads(), values, writes, row, head);
    double[][] decay = decays(coefficients.get(Coefficient.DECAY.key()), row, head);
    double[][] moved = k;
    Transition[] transitions = new Transition[shape.steps()];
    if (shape.update() == Update.DELTA) {
      double[][] beta =
          rows(coefficients.get(Coefficient.BETA.key()), shape.heads(), 1, writes, row, head);
      moved = delta(decay, k, beta, transitions);
    } else if (shape.update() == Update.LOW_RANK) {
      double[][] a =
          rows(coefficients.get(Coefficient.READ.key()), shape.heads(), keys, 1, row, head);
      double[][] b =
          rows(coefficients.get(Coefficient.WRITE.key()), shape.heads(), keys, 1, row, head);
      for (int t = 0; t < transitions.length; t++) {
        transitions[t] = Transitions.plusRankOne(decay[t], b[t], a[t]);
      }
    } else {
      for (int t = 0; t < transitions.length; t++) {
        transitions[t] = Transitions.diagonal(decay[t]);
      }
    }
    if (shape.decay() == Decay.VALUE) {
      fade(coefficients.get(Coefficient.VALUE_DECAY.key()), transitions, row, head);
    }
    double[] weights = readWeights(q, k, decay, initial, row, head);
    double[][] written = moved;
    return DenseLinearSystem.builder(v, keys * values, values)
        .transition(
            t ->
                shape.decay() == Decay.VALUE
                    ? transitions[t]
                    : Transitions.repeated(transitions[t], values))
        .input(t -> write(written[t]))
        .output(t -> read(q[t], weights[t]))
        .initialState(state(initial, row, head))
        .build();
  }

  /** Fills in transitions that decay every row of the state by the same decays of its columns. */
  private void fade(Variable gv, Transition[] transitions, int row, int head) {
    double[][] logs = rows(gv, shape.heads(), values, 1, row, head);
    for (int t = 0; t < transitions.length; t++) {
      double[] decays = new double[keys * values];
      for (int i = 0; i < decays.length; i++) {
        decays[i] = Math.exp(logs[t][i % values]);
      }
      transitions[t] = Transitions.diagonal(decays);
    }
  }

  /** Fills in the transitions; returns what multiplies the values, all writes of a token joined. */
  private double[][] delta(
      double[][] decay, double[][] k, double[][] beta, Transition[] transitions) {
    double[] ones = new double[keys];
    Arrays.fill(ones, 1);
    double[][] written = new double[k.length][k[0].length];
    for (int t = 0; t < transitions.length; t++) {
      Transition whole = null;
      for (int j = 0; j < shape.writes(); j++) {
        double[] key = Arrays.copyOfRange(k[t], j * keys, (j + 1) * keys);
        double rate = beta[t][j];
        Transition reflection = Transitions.householder(ones, rate, key);
        for (int i = 0; i < j; i++) {
          double[] earlier = Arrays.copyOfRange(written[t], i * keys, (i + 1) * keys);
          System.arraycopy(reflection.apply(earlier), 0, written[t], i * keys, keys);
        }
        for (int d = 0; d < keys; d++) {
          written[t][j * keys + d] = rate * key[d];
        }
        whole = j == 0 ? first(decay[t], rate, key) : reflection.after(whole);
      }
      transitions[t] = whole;
    }
    return written;
  }

  /** {@code (I - beta k kᵀ) diag(decay)}, as a diagonal and a product of two vectors. */
  private static Transition first(double[] decay, double beta, double[] key) {
    double[] left = new double[key.length];
    double[] right = new double[key.length];
    for (int d = 0; d < key.length; d++) {
      left[d] = -beta * key[d];
      right[d] = key[d] * decay[d];
    }
    return Transitions.plusRankOne(decay, left, right);
  }

  /** The vectors of a head, {@code [T][per width]}, wherever its group has them. */
  private double[][] rows(Variable variable, int heads, int width, int per, int row, int head) {
    INDArray flat = variable.value();
    int count = (int) (flat.length() / ((long) shape.batch() * shape.steps() * per * width));
    int group = head / (heads / count);
    double[][] out = new double[shape.steps()][per * width];
    for (int t = 0; t < out.length; t++) {
      for (int i = 0; i < per * width; i++) {
        long write = ((long) row * shape.steps() + t) * per + i / width;
        out[t][i] = flat.getDouble((write * count + group) * width + i % width);
      }
    }
    return out;
  }

  private double[][] decays(Variable g, int row, int head) {
    double[][] out = new double[shape.steps()][keys];
    int width = shape.decay() == Decay.CHANNEL ? keys : 1;
    double[][] logs = !shape.decaysRows() ? null : rows(g, shape.heads(), width, 1, row, head);
    for (int t = 0; t < out.length; t++) {
      for (int d = 0; d < keys; d++) {
        out[t][d] = logs == null ? 1 : Math.exp(logs[t][width == 1 ? 0 : d]);
      }
    }
    return out;
  }

  /** What the queries are multiplied by: the scale, over the normaliser along the trajectory. */
  private double[] readWeights(
      double[][] q, double[][] k, double[][] decay, State initial, int row, int head) {
    double[] weights = new double[q.length];
    double[] z = new double[keys];
    for (int d = 0; shape.normalised() && initial != null && d < z.length; d++) {
      z[d] = initial.get(MatrixStateRecurrence.NORMALISER).value().getDouble(row, head, d);
    }
    for (int t = 0; t < weights.length; t++) {
      double below = eps;
      for (int d = 0; shape.normalised() && d < z.length; d++) {
        z[d] = decay[t][d] * z[d] + k[t][d];
        below += scale * q[t][d] * z[d];
      }
      weights[t] = shape.normalised() ? scale / below : scale;
    }
    return weights;
  }

  /** {@code [K V][N V]}: key d of write j takes value e to state (d, e). */
  private double[][] write(double[] written) {
    int writes = shape.writes();
    double[][] matrix = new double[keys * values][writes * values];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < writes; j++) {
        matrix[i][j * values + i % values] = written[j * keys + i / values];
      }
    }
    return matrix;
  }

  private double[][] read(double[] q, double weight) {
    double[][] matrix = new double[values][q.length * values];
    for (int i = 0; i < q.length * values; i++) {
      matrix[i % values][i] = weight * q[i / values];
    }
    return matrix;
  }

  private double[] state(State initial, int row, int head) {
    double[] state = new double[keys * values];
    if (initial == null) {
      return state;
    }
    INDArray s = initial.get(MatrixStateRecurrence.STATE).value();
    for (int i = 0; i < state.length; i++) {
      state[i] = s.getDouble(row, head, i / values, i % values);
    }
    return state;
  }
}
