package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transitions;
import java.util.Map;

/**
 * One row of a selective state space as a linear system with inputs u and N D states, number s of
 * channel i at {@code s D + i}:
 *
 * <pre>{@code
 * Λ_t = diag(exp(Δ_ti A_si))   B_t = Δ_ti B_ts   C_t = silu(z_ti) C_ts   D_t = silu(z_ti) D_i
 * }</pre>
 */
final class SelectiveLinearization {
  private final int states;
  private final int channels;
  private final double[][] inputs;
  private final double[][] steps;
  private final double[][] write;
  private final double[][] read;
  private final double[][] gate;
  private final double[] rate;
  private final double[] skip;
  private final int row;

  SelectiveLinearization(
      SelectiveShape shape, boolean softplus, Map<String, Variable> coefficients, int row) {
    this.states = shape.states();
    this.channels = shape.channels();
    this.row = row;
    this.inputs = Rows.values(coefficients.get(SelectiveRecurrence.INPUT), row);
    this.steps = Rows.values(coefficients.get(SelectiveRecurrence.STEP), row);
    this.write = Rows.values(coefficients.get(SelectiveRecurrence.WRITE), row);
    this.read = Rows.values(coefficients.get(SelectiveRecurrence.READ), row);
    this.rate = Rows.all(coefficients.get(SelectiveRecurrence.RATE));
    Variable skips = coefficients.get(SelectiveRecurrence.SKIP);
    this.skip = skips == null ? null : Rows.all(skips);
    Variable bias = coefficients.get(SelectiveRecurrence.BIAS);
    double[] shift = bias == null ? new double[channels] : Rows.all(bias);
    for (double[] step : steps) {
      for (int i = 0; i < channels; i++) {
        double delta = step[i] + shift[i];
        step[i] = softplus ? Math.max(delta, 0) + Math.log1p(Math.exp(-Math.abs(delta))) : delta;
      }
    }
    Variable z = coefficients.get(SelectiveRecurrence.GATE);
    this.gate = z == null ? null : Rows.values(z, row);
    if (gate != null) {
      for (double[] values : gate) {
        for (int i = 0; i < channels; i++) {
          values[i] /= 1 + Math.exp(-values[i]);
        }
      }
    }
  }

  LinearSystem system(Variable initial) {
    int size = states * channels;
    DenseLinearSystem.Builder system =
        DenseLinearSystem.builder(inputs, size, channels)
            .transition(t -> Transitions.diagonal(decays(t)))
            .input(this::inputMatrix)
            .output(this::outputMatrix)
            .feedthrough(this::feedthrough);
    if (initial != null) {
      system.initialState(Rows.vector(initial, row));
    }
    return system.build();
  }

  private double[] decays(int t) {
    double[] decays = new double[states * channels];
    for (int k = 0; k < decays.length; k++) {
      decays[k] = Math.exp(steps[t][k % channels] * rate[k]);
    }
    return decays;
  }

  private double[][] inputMatrix(int t) {
    double[][] matrix = new double[states * channels][channels];
    for (int k = 0; k < matrix.length; k++) {
      int i = k % channels;
      matrix[k][i] = steps[t][i] * write[t][k / channels];
    }
    return matrix;
  }

  private double[][] outputMatrix(int t) {
    double[][] matrix = new double[channels][states * channels];
    for (int k = 0; k < states * channels; k++) {
      int i = k % channels;
      matrix[i][k] = read[t][k / channels] * gate(t, i);
    }
    return matrix;
  }

  private double[][] feedthrough(int t) {
    if (skip == null) {
      return null;
    }
    double[][] matrix = new double[channels][channels];
    for (int i = 0; i < channels; i++) {
      matrix[i][i] = skip[i] * gate(t, i);
    }
    return matrix;
  }

  private double gate(int t, int i) {
    return gate == null ? 1 : gate[t][i];
  }
}
