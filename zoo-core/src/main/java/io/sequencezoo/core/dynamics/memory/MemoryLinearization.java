package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Advance;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A memory of one row along its own trajectory, in double precision. The state is how far h, all
 * parts one after another, has come from where it started:
 *
 * <pre>{@code
 * d_t = h_t - h_0 = J_t d_{t-1} + u_t      J_t = ∂h_t/∂h_{t-1}      u_t the rest
 * y_t = C_t d_t + w_t                      C_t = ∂y_t/∂h_t          w_t the rest
 * }</pre>
 *
 * <p>The inputs are u and w. All derivatives of a step are one pullback, of as many copies of the
 * row as there are numbers to differentiate.
 */
final class MemoryLinearization {
  private final Step step;
  private final Read read;
  private final Map<String, INDArray> tokens;
  private final Map<String, INDArray> fixed;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final double[] start;
  private final int consumed;
  private final int steps;

  /** A step of the recurrence. */
  interface Step {
    /** From a state to the next. */
    Advance advance(Tape tape, Map<String, Variable> coefficients, State state);
  }

  /** What a token reads. */
  interface Read {
    /**
     * From the state that the token left, but for the count, which is still without it.
     *
     * @return {@code [B, ...]}
     */
    Variable of(Tape tape, Map<String, Variable> coefficients, State state);
  }

  /**
   * One row.
   *
   * @param tokens {@code [1, T, ...]} by name
   * @param fixed the same for all tokens
   * @param parts of the state, {@code [1, ...]}
   */
  private MemoryLinearization(
      Step step,
      Read read,
      Map<String, INDArray> tokens,
      Map<String, INDArray> fixed,
      Map<String, INDArray> parts,
      int consumed) {
    this.step = step;
    this.read = read;
    this.tokens = tokens;
    this.fixed = fixed;
    this.consumed = consumed;
    this.steps = (int) tokens.values().iterator().next().size(1);
    int size = 0;
    Map<String, double[]> numbers = new LinkedHashMap<>();
    for (Map.Entry<String, INDArray> part : parts.entrySet()) {
      shapes.put(part.getKey(), part.getValue().shape());
      numbers.put(part.getKey(), numbers(part.getValue()));
      size += (int) part.getValue().length();
    }
    this.start = new double[size];
    int at = 0;
    for (double[] part : numbers.values()) {
      System.arraycopy(part, 0, start, at, part.length);
      at += part.length;
    }
  }

  /** One head of a row, all coefficients of two axes being fixed. */
  static MemoryLinearization ofHead(
      Step step, Read read, Map<String, Variable> coefficients, State initial, int row, int head) {
    Map<String, INDArray> tokens = new LinkedHashMap<>();
    Map<String, INDArray> fixed = new LinkedHashMap<>();
    coefficients.forEach(
        (name, value) -> {
          if (value.rank() == 2) {
            fixed.put(name, interval(exact(value), 0, head));
          } else {
            tokens.put(name, interval(interval(exact(value), 2, head), 0, row));
          }
        });
    Map<String, INDArray> parts = new LinkedHashMap<>();
    initial
        .parts()
        .forEach(
            (name, part) -> {
              int axis = name.startsWith(MemoryState.PAST) ? 2 : 1;
              parts.put(name, interval(interval(exact(part), axis, head), 0, row));
            });
    int consumed = initial.consumed()[row];
    return new MemoryLinearization(step, read, tokens, fixed, parts, consumed);
  }

  /**
   * All heads of a row.
   *
   * @param ofTokens the names of coefficients {@code [B, T, ...]}, others being fixed
   */
  static MemoryLinearization ofRow(
      Step step,
      Read read,
      Map<String, Variable> coefficients,
      List<String> ofTokens,
      State initial,
      int row) {
    Map<String, INDArray> tokens = new LinkedHashMap<>();
    Map<String, INDArray> fixed = new LinkedHashMap<>();
    coefficients.forEach(
        (name, value) -> {
          if (ofTokens.contains(name)) {
            tokens.put(name, interval(exact(value), 0, row));
          } else {
            fixed.put(name, exact(value));
          }
        });
    Map<String, INDArray> parts = new LinkedHashMap<>();
    initial.parts().forEach((name, part) -> parts.put(name, interval(exact(part), 0, row)));
    int consumed = initial.consumed()[row];
    return new MemoryLinearization(step, read, tokens, fixed, parts, consumed);
  }

  private static INDArray exact(Variable value) {
    return value.value().castTo(DataType.DOUBLE);
  }

  private static INDArray interval(INDArray x, int axis, int at) {
    INDArrayIndex[] indices = new INDArrayIndex[x.rank()];
    long[] shape = x.shape().clone();
    for (int i = 0; i < indices.length; i++) {
      indices[i] = i == axis ? NDArrayIndex.interval(at, at + 1) : NDArrayIndex.all();
    }
    shape[axis] = 1;
    return x.get(indices).dup('c').reshape('c', shape);
  }

  /**
   * The system.
   *
   * @param outputs numbers that a token reads
   */
  LinearSystem system(int outputs) {
    int n = start.length;
    Transition[] transitions = new Transition[steps];
    double[][][] reads = new double[steps][][];
    double[][] inputs = new double[steps][n + outputs];
    double[] h = start;
    for (int t = 0; t < steps; t++) {
      double[] next = new double[n];
      double[] y = new double[outputs];
      double[][] jacobian = step(t, h, next, y);
      reads[t] = read(t, next, outputs);
      transitions[t] = Transitions.dense(jacobian);
      double[] predicted = transitions[t].apply(difference(h, start));
      double[] moved = difference(next, start);
      for (int i = 0; i < n; i++) {
        inputs[t][i] = moved[i] - predicted[i];
      }
      for (int i = 0; i < outputs; i++) {
        inputs[t][n + i] = y[i] - dot(reads[t][i], moved);
      }
      h = next;
    }
    double[][] enter = unit(n, n + outputs, 0);
    double[][] through = unit(outputs, n + outputs, n);
    return DenseLinearSystem.builder(inputs, n, outputs)
        .transition(t -> transitions[t])
        .input(t -> enter)
        .output(t -> reads[t])
        .feedthrough(t -> through)
        .build();
  }

  /** The next state, the output, and the Jacobian of the state. */
  private double[][] step(int t, double[] h, double[] next, double[] y) {
    int n = start.length;
    try (Tape tape = Tape.training()) {
      State state = state(tape, t, h, n);
      Advance advance = step.advance(tape, coefficients(tape, t, n), state);
      List<Variable> roots = List.copyOf(advance.parts().values());
      System.arraycopy(numbers(advance.outputs().value()), 0, y, 0, y.length);
      int at = 0;
      List<INDArray> seeds = new ArrayList<>();
      for (Variable root : roots) {
        int size = (int) root.length() / n;
        INDArray seed = tape.zeros(DataType.DOUBLE, root.shape());
        for (int i = 0; i < size; i++) {
          seed.putScalar((long) (at + i) * size + i, 1);
        }
        double[] values = numbers(root.value());
        System.arraycopy(values, 0, next, at, size);
        seeds.add(seed);
        at += size;
      }
      tape.backward(roots, seeds);
      return rows(state, n);
    }
  }

  /** The Jacobian of the output by the state that it is read from. */
  private double[][] read(int t, double[] h, int outputs) {
    try (Tape tape = Tape.training()) {
      State state = state(tape, t, h, outputs);
      Variable y = read.of(tape, coefficients(tape, t, outputs), state);
      INDArray seed = tape.zeros(DataType.DOUBLE, y.shape());
      for (int i = 0; i < outputs; i++) {
        seed.putScalar((long) i * outputs + i, 1);
      }
      tape.backward(List.of(y), List.of(seed));
      return rows(state, outputs);
    }
  }

  /** Gradients of the state, a row per copy. */
  private double[][] rows(State state, int copies) {
    double[][] rows = new double[copies][start.length];
    int at = 0;
    for (Variable part : state.parts().values()) {
      int size = (int) part.length() / copies;
      INDArray gradient = part.gradient();
      if (gradient != null) {
        double[] values = numbers(gradient);
        for (int i = 0; i < copies; i++) {
          System.arraycopy(values, i * size, rows[i], at, size);
        }
      }
      at += size;
    }
    return rows;
  }

  private State state(Tape tape, int t, double[] h, int copies) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    int at = 0;
    for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
      long[] sizes = shape.getValue().clone();
      int size = (int) Arrays.stream(sizes).reduce(1, (x, y) -> x * y);
      sizes[0] = copies;
      double[] values = Arrays.copyOfRange(h, at, at + size);
      parts.put(shape.getKey(), tape.variable(repeated(values, copies, sizes)));
      at += size;
    }
    int[] counts = new int[copies];
    Arrays.fill(counts, consumed + t);
    return new State(parts, counts);
  }

  private Map<String, Variable> coefficients(Tape tape, int t, int copies) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    tokens.forEach(
        (name, value) -> {
          INDArray one = interval(value, 1, t);
          long[] shape = one.shape().clone();
          shape[0] = copies;
          coefficients.put(name, tape.constant(repeated(numbers(one), copies, shape)));
        });
    fixed.forEach((name, value) -> coefficients.put(name, tape.constant(value)));
    return coefficients;
  }

  private static INDArray repeated(double[] values, int copies, long... shape) {
    double[] all = new double[copies * values.length];
    for (int i = 0; i < copies; i++) {
      System.arraycopy(values, 0, all, i * values.length, values.length);
    }
    return Nd4j.createFromArray(all).reshape('c', shape);
  }

  private static double[] numbers(INDArray array) {
    double[] numbers = new double[(int) array.length()];
    Precision.DOUBLE.slab(array.dup('c')).load(0, numbers, 0, numbers.length);
    return numbers;
  }

  private static double[] difference(double[] x, double[] y) {
    double[] z = new double[x.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = x[i] - y[i];
    }
    return z;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static double[][] unit(int rows, int columns, int from) {
    double[][] unit = new double[rows][columns];
    for (int i = 0; i < rows; i++) {
      unit[i][from + i] = 1;
    }
    return unit;
  }
}
