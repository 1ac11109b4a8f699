package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell of one row along its own trajectory {@code s_t = F(s_{t-1})}, s being all parts of the
 * state side by side:
 *
 * <pre>{@code
 * s_t = J_t s_{t-1} + u_t      J_t = F'(s_{t-1})      u_t = F(s_{t-1}) - J_t s_{t-1}
 * y_t = [I 0] s_t
 * }</pre>
 *
 * <p>The Jacobian comes from the cell's own pullback: with ones for one part of the next state it
 * gives that part's slopes in every gate and in every part of the state, unit by unit; products
 * with the weights do the rest.
 */
final class CellLinearization {
  private final Kernels<double[]> kernels = Precision.DOUBLE.kernels();
  private final CellInputs inputs;
  private final CellLayout layout;
  private final int hidden;
  private final int parts;
  private final double[][] weights;
  private final double[] bias;
  private final double[] own;
  private final double[] mask;

  private CellLinearization(CellInputs inputs, int row) {
    this.inputs = inputs;
    this.layout = inputs.layout();
    this.hidden = inputs.hidden();
    this.parts = layout.parts().size();
    this.weights = new double[inputs.weights().length][];
    for (int s = 0; s < weights.length; s++) {
      weights[s] = numbers(inputs.weights()[s].value());
    }
    this.bias =
        inputs.bias() == null
            ? new double[layout.innerGates() * hidden]
            : numbers(inputs.bias().value());
    this.own = inputs.parameters() == null ? null : numbers(inputs.parameters().value());
    this.mask = new double[hidden];
    Arrays.fill(mask, 1);
    if (inputs.mask() != null) {
      System.arraycopy(numbers(inputs.mask().value()), row * hidden, mask, 0, hidden);
    }
  }

  static LinearSystem of(CellInputs inputs, int row) {
    CellLinearization cell = new CellLinearization(inputs, row);
    int size = cell.parts * cell.hidden;
    int steps = inputs.steps();
    int driven = cell.layout.inputGates() * cell.hidden;
    double[] start = new double[size];
    for (int part = 0; part < cell.parts; part++) {
      Variable value = inputs.state()[part];
      System.arraycopy(
          numbers(value.value()), row * cell.hidden, start, part * cell.hidden, cell.hidden);
    }
    double[] x = numbers(inputs.x().value());
    double[][][] jacobians = new double[steps][][];
    double[][] rest = new double[steps][size];
    double[] state = start;
    for (int t = 0; t < steps; t++) {
      int at = (row * steps + t) * driven;
      double[] next = new double[size];
      jacobians[t] = cell.step(Arrays.copyOfRange(x, at, at + driven), state, next);
      double[] predicted = Transitions.dense(jacobians[t]).apply(state);
      for (int j = 0; j < size; j++) {
        rest[t][j] = next[j] - predicted[j];
      }
      state = next;
    }
    double[][] identity = identity(size, size);
    double[][] readHidden = identity(cell.hidden, size);
    return DenseLinearSystem.builder(rest, size, cell.hidden)
        .transition(t -> Transitions.dense(jacobians[t]))
        .input(t -> identity)
        .output(t -> readHidden)
        .initialState(start)
        .build();
  }

  /** Writes {@code F(before)} to next and returns the Jacobian. */
  private double[][] step(double[] x, double[] before, double[] next) {
    double[] work = new double[layout.slots() * hidden];
    double[] state = Arrays.copyOf(before, layout.stateSlots() * hidden);
    System.arraycopy(x, 0, work, 0, x.length);
    System.arraycopy(bias, 0, work, x.length, bias.length);
    for (int s = 0; s < weights.length; s++) {
      CellLayout.Stage stage = layout.stages().get(s);
      for (int g = 0; g < stage.targets().length; g++) {
        for (int p = 0; p < hidden; p++) {
          double operand = mask[p] * state[stage.source() * hidden + p];
          axpy(operand, s, g, p, work, stage.targets()[g] * hidden);
        }
      }
      int gate = stage.gate() * hidden;
      int aux = stage.aux() * hidden;
      kernels.cell(stage.kind(), work, gate, aux, state, 0, own, 0, hidden, hidden);
    }
    System.arraycopy(state, 0, next, 0, next.length);
    return jacobian(work);
  }

  /** {@code into_j += factor w[p][g, j]} for the units j of p's head. */
  private void axpy(double factor, int s, int g, int p, double[] into, int at) {
    int block = inputs.block();
    int columns = layout.stages().get(s).targets().length * block;
    int first = p / block * block;
    for (int j = 0; j < block; j++) {
      into[at + first + j] += factor * weights[s][p * columns + g * block + j];
    }
  }

  /**
   * Reverse mode with a whole matrix of cotangents, one row per number of the next state, through
   * the stages.
   */
  private double[][] jacobian(double[] work) {
    int size = parts * hidden;
    double[][] gState = new double[size][layout.stateSlots() * hidden];
    double[][] gGates = new double[size][layout.gates() * hidden];
    for (int j = 0; j < size; j++) {
      gState[j][j] = 1;
    }
    for (int s = weights.length - 1; s >= 0; s--) {
      CellLayout.Stage stage = layout.stages().get(s);
      Slopes slopes = new Slopes(stage, work);
      for (int row = 0; row < size; row++) {
        slopes.pull(gState[row], gGates[row]);
        throughWeights(s, gGates[row], gState[row]);
      }
    }
    double[][] jacobian = new double[size][];
    for (int row = 0; row < size; row++) {
      jacobian[row] = Arrays.copyOf(gState[row], size);
    }
    return jacobian;
  }

  private void throughWeights(int s, double[] gGates, double[] gState) {
    CellLayout.Stage stage = layout.stages().get(s);
    int block = inputs.block();
    int columns = stage.targets().length * block;
    for (int g = 0; g < stage.targets().length; g++) {
      for (int j = 0; j < hidden; j++) {
        double gradient = gGates[stage.targets()[g] * hidden + j];
        // Before the last stage, one unit's row has one such gate alone.
        if (gradient != 0) {
          int first = j / block * block;
          for (int p = first; p < first + block; p++) {
            gState[stage.source() * hidden + p] +=
                mask[p] * gradient * weights[s][p * columns + g * block + j - first];
          }
        }
      }
    }
  }

  /** How each part of the next state depends on the gates and parts of the same unit. */
  private final class Slopes {
    private final int states;
    private final int gates;
    private final int gate;
    private final double[][] byState;
    private final double[][] byGate;

    Slopes(CellLayout.Stage stage, double[] work) {
      this.states = layout.stateSlots();
      this.gates = stage.kind().gates();
      this.gate = stage.gate() * hidden;
      this.byState = new double[states][states * hidden];
      this.byGate = new double[states][gates * hidden];
      int aux = stage.aux() * hidden;
      for (int q = 0; q < states; q++) {
        Arrays.fill(byState[q], q * hidden, (q + 1) * hidden, 1);
        kernels.cellPullback(
            stage.kind(), work, gate, aux, byState[q], 0, byGate[q], 0, own, 0, hidden, hidden);
      }
    }

    /** Cotangents of the state after the stage to those before it, and of its gates. */
    void pull(double[] gState, double[] gGates) {
      double[] before = new double[gState.length];
      for (int q = 0; q < states; q++) {
        for (int j = 0; j < hidden; j++) {
          double given = gState[q * hidden + j];
          if (given == 0) {
            continue;
          }
          for (int p = 0; p < states; p++) {
            before[p * hidden + j] += given * byState[q][p * hidden + j];
          }
          for (int g = 0; g < gates; g++) {
            gGates[gate + g * hidden + j] += given * byGate[q][g * hidden + j];
          }
        }
      }
      System.arraycopy(before, 0, gState, 0, before.length);
    }
  }

  private static double[] numbers(INDArray array) {
    return array.dup('c').data().asDouble();
  }

  private static double[][] identity(int rows, int columns) {
    double[][] identity = new double[rows][columns];
    for (int j = 0; j < rows; j++) {
      identity[j][j] = 1;
    }
    return identity;
  }
}
