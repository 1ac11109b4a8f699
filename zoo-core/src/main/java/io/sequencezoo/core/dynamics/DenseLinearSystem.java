package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A linear time-varying system given by functions of the step: structured transitions, dense input
 * and output matrices. Matrices are made when they are asked for, so that a long system costs no
 * memory.
 *
 * <pre>{@code
 * LinearSystem system =
 *     DenseLinearSystem.builder(inputs, stateSize, outputSize)
 *         .transition(t -> Transitions.diagonal(decay[t]))
 *         .input(t -> b[t])
 *         .output(t -> c[t])
 *         .build();
 * }</pre>
 */
public final class DenseLinearSystem implements LinearSystem {
  private final int stateSize;
  private final int outputSize;
  private final double[][] inputs;
  private final IntFunction<Transition> transitions;
  private final IntFunction<double[][]> inputMatrices;
  private final IntFunction<double[][]> outputMatrices;
  private final IntFunction<double @Nullable [][]> feedthroughs;
  private final double[] initialState;

  private DenseLinearSystem(
      Builder builder,
      IntFunction<double[][]> inputMatrices,
      IntFunction<double[][]> outputMatrices) {
    this.stateSize = builder.stateSize;
    this.outputSize = builder.outputSize;
    this.inputs = builder.inputs;
    this.transitions = builder.transitions;
    this.inputMatrices = inputMatrices;
    this.outputMatrices = outputMatrices;
    this.feedthroughs = builder.feedthroughs;
    this.initialState = builder.initialState;
  }

  /**
   * A system driven by {@code inputs}, T rows. Without further calls its transition is the
   * identity, its other matrices must be given where they are read, {@code D} and the initial state
   * are zero.
   */
  public static Builder builder(double[][] inputs, int stateSize, int outputSize) {
    return new Builder(inputs, stateSize, outputSize);
  }

  @Override
  public int steps() {
    return inputs.length;
  }

  @Override
  public int stateSize() {
    return stateSize;
  }

  @Override
  public int inputSize() {
    return inputs.length == 0 ? 0 : inputs[0].length;
  }

  @Override
  public int outputSize() {
    return outputSize;
  }

  @Override
  public Transition transition(int t) {
    return transitions.apply(t);
  }

  @Override
  public double[][] inputMatrix(int t) {
    return inputMatrices.apply(t);
  }

  @Override
  public double[][] outputMatrix(int t) {
    return outputMatrices.apply(t);
  }

  @Override
  public double @Nullable [][] feedthrough(int t) {
    return feedthroughs.apply(t);
  }

  @Override
  public double[] initialState() {
    return initialState.clone();
  }

  @Override
  public double[][] inputs() {
    return Matrices.copy(inputs);
  }

  @Override
  public double[][] simulate(double[][] u) {
    checkArgument(
        u.length == steps(), "linear system: must have %s inputs, got %s", steps(), u.length);
    double[][] y = new double[u.length][];
    double[] h = initialState;
    for (int t = 0; t < u.length; t++) {
      h = transition(t).apply(h);
      Matrices.addProduct(inputMatrix(t), u[t], h);
      y[t] = Matrices.multiply(outputMatrix(t), h);
      double[][] feedthrough = feedthrough(t);
      if (feedthrough != null) {
        Matrices.addProduct(feedthrough, u[t], y[t]);
      }
    }
    return y;
  }

  @Override
  public double[][] mixingMatrix() {
    int in = inputSize();
    double[][] mixing = new double[steps() * outputSize][steps() * in];
    for (int j = 0; j < steps(); j++) {
      double[][] response = inputMatrix(j);
      for (int i = j; i < steps(); i++) {
        if (i > j) {
          response = Matrices.apply(transition(i), response);
        }
        Matrices.addProduct(outputMatrix(i), response, mixing, i * outputSize, j * in);
      }
      double[][] feedthrough = feedthrough(j);
      for (int row = 0; feedthrough != null && row < outputSize; row++) {
        for (int column = 0; column < in; column++) {
          mixing[j * outputSize + row][j * in + column] += feedthrough[row][column];
        }
      }
    }
    return mixing;
  }

  /** Collects the parts of a system. */
  public static final class Builder {
    private final int stateSize;
    private final int outputSize;
    private final double[][] inputs;
    private IntFunction<Transition> transitions;
    private @Nullable IntFunction<double[][]> inputMatrices;
    private @Nullable IntFunction<double[][]> outputMatrices;
    private IntFunction<double @Nullable [][]> feedthroughs = t -> null;
    private double[] initialState;

    private Builder(double[][] inputs, int stateSize, int outputSize) {
      this.inputs = Matrices.copy(inputs);
      this.stateSize = stateSize;
      this.outputSize = outputSize;
      this.transitions = t -> Transitions.identity(stateSize);
      this.initialState = new double[stateSize];
    }

    /** {@code Λ_t}. */
    public Builder transition(IntFunction<Transition> at) {
      this.transitions = at;
      return this;
    }

    /** {@code B_t}, N rows of inputs. */
    public Builder input(IntFunction<double[][]> at) {
      this.inputMatrices = at;
      return this;
    }

    /** {@code C_t}, outputs rows of N. */
    public Builder output(IntFunction<double[][]> at) {
      this.outputMatrices = at;
      return this;
    }

    /** {@code D_t}, outputs rows of inputs; null where zero. */
    public Builder feedthrough(IntFunction<double @Nullable [][]> at) {
      this.feedthroughs = at;
      return this;
    }

    /** {@code h_0}, before the first step. */
    public Builder initialState(double[] h) {
      checkArgument(
          h.length == stateSize,
          "linear system: initial state must have %s numbers, got %s",
          stateSize,
          h.length);
      this.initialState = h.clone();
      return this;
    }

    /** The system. */
    public LinearSystem build() {
      checkArgument(inputMatrices != null, "linear system: input matrices must be given");
      checkArgument(outputMatrices != null, "linear system: output matrices must be given");
      return new DenseLinearSystem(this, inputMatrices, outputMatrices);
    }
  }
}
