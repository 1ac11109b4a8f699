package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;

/**
 * Attention along one input as a linear system, exactly: the state has a slot of V numbers for
 * every token held before or met during the stretch, step t writes its value {@code u_t = v_t} into
 * slot t, and reads out all slots by its attention weights.
 *
 * <pre>{@code
 * h_t = h_{t-1} + e_{n+t} ⊗ v_t        y_t = Σ_s p_ts h_t[s]
 * }</pre>
 */
public final class AttentionSystem implements LinearSystem {
  private final double[][] weights;
  private final double[][] held;
  private final double[][] inputs;
  private final int width;

  /**
   * A system with these weights.
   *
   * @param weights {@code p_ts}, T rows over the held slots and then the T new ones
   * @param held values held before step 0
   * @param inputs {@code v_t}, T rows
   * @param width V
   */
  public AttentionSystem(double[][] weights, double[][] held, double[][] inputs, int width) {
    this.weights = weights;
    this.held = held;
    this.inputs = inputs;
    this.width = width;
  }

  /** The attention weights, T rows over the slots; a row sums to 1, or to less with a sink. */
  public double[][] weights() {
    return copy(weights);
  }

  @Override
  public int steps() {
    return inputs.length;
  }

  @Override
  public int stateSize() {
    return (held.length + inputs.length) * width;
  }

  @Override
  public int inputSize() {
    return width;
  }

  @Override
  public int outputSize() {
    return width;
  }

  @Override
  public Transition transition(int t) {
    return Transitions.identity(stateSize());
  }

  @Override
  public double[][] inputMatrix(int t) {
    double[][] matrix = new double[stateSize()][width];
    for (int i = 0; i < width; i++) {
      matrix[(held.length + t) * width + i][i] = 1;
    }
    return matrix;
  }

  @Override
  public double[][] outputMatrix(int t) {
    double[][] matrix = new double[width][stateSize()];
    for (int s = 0; s < weights[t].length; s++) {
      for (int i = 0; i < width; i++) {
        matrix[i][s * width + i] = weights[t][s];
      }
    }
    return matrix;
  }

  @Override
  public double[][] feedthrough(int t) {
    return null;
  }

  @Override
  public double[] initialState() {
    double[] state = new double[stateSize()];
    for (int s = 0; s < held.length; s++) {
      System.arraycopy(held[s], 0, state, s * width, width);
    }
    return state;
  }

  @Override
  public double[][] inputs() {
    return copy(inputs);
  }

  @Override
  public double[][] simulate(double[][] u) {
    checkArgument(
        u.length == steps(), "linear system: must have %s inputs, got %s", steps(), u.length);
    double[][] y = new double[steps()][width];
    for (int t = 0; t < u.length; t++) {
      for (int s = 0; s <= held.length + t; s++) {
        double[] value = s < held.length ? held[s] : u[s - held.length];
        for (int i = 0; i < width; i++) {
          y[t][i] += weights[t][s] * value[i];
        }
      }
    }
    return y;
  }

  @Override
  public double[][] mixingMatrix() {
    double[][] mixing = new double[steps() * width][steps() * width];
    for (int t = 0; t < steps(); t++) {
      for (int s = 0; s <= t; s++) {
        for (int i = 0; i < width; i++) {
          mixing[t * width + i][s * width + i] = weights[t][held.length + s];
        }
      }
    }
    return mixing;
  }

  private static double[][] copy(double[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
    }
    return copy;
  }
}
