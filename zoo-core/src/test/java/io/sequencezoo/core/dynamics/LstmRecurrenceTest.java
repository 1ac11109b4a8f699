package io.sequencezoo.core.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The LSTM recurrence against triple loops over {@code double[]}. */
class LstmRecurrenceTest {
  /** Both sides sum the same few hundred products in double. */
  private static final double DOUBLE = 1e-12;

  /** The design's tolerance for single precision. */
  private static final double FLOAT = 1e-4;

  /** Central differences with step 1e-5 leave a relative error of about 1e-10 over |f| / |f'|. */
  private static final double DIFFERENCES = 1e-7;

  private static final double STEP = 1e-5;

  private final LstmRecurrence lstm = new LstmRecurrence();

  @ParameterizedTest
  @CsvSource({"1,1,1", "3,7,5", "5,4,3", "9,6,17", "2,1,4", "1,33,2"})
  void evolve_equalsLoops(int batch, int steps, int hidden) {
    Case data = new Case(batch, steps, hidden, null);
    assertThat(data.run(DataType.DOUBLE)).containsExactly(data.oracle(), within(DOUBLE));
    assertThat(data.run(DataType.FLOAT)).containsExactly(data.oracle(), within(FLOAT));
  }

  @Test
  void evolve_stopsRowsAtTheirLength() {
    Case data = new Case(5, 6, 3, new int[] {6, 0, 3, 1, 5});
    assertThat(data.run(DataType.DOUBLE)).containsExactly(data.oracle(), within(DOUBLE));
  }

  @Test
  void pullback_equalsDifferencesOfTheLoops() {
    for (int[] lengths : new int[][] {null, {4, 0, 2}}) {
      Case data = new Case(3, 4, 3, lengths);
      List<double[]> gradients = data.gradients(DataType.DOUBLE);
      double[][] inputs = {data.x, data.w, data.h0, data.c0};
      for (int i = 0; i < inputs.length; i++) {
        assertThat(gradients.get(i))
            .containsExactly(data.differences(inputs[i]), within(DIFFERENCES));
      }
    }
  }

  @Test
  void pullback_sameBitsForAnyThreadsAndPoison() {
    Case data = new Case(9, 5, 8, new int[] {5, 4, 3, 2, 1, 0, 5, 5, 2});
    List<double[]> reference = data.gradients(DataType.FLOAT);
    int before = Parallel.threads();
    try {
      for (int threads = 1; threads <= 3; threads++) {
        Parallel.setThreads(threads);
        List<double[]> again = new ArrayList<>();
        Poison.during(() -> again.addAll(data.gradients(DataType.FLOAT)));
        for (int i = 0; i < reference.size(); i++) {
          assertThat(again.get(i)).containsExactly(reference.get(i));
        }
      }
    } finally {
      Parallel.setThreads(before);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void step_equalsEvolve(DataType type) {
    Case data = new Case(2, 5, 6, null);
    double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
    Tape tape = Tape.detached();
    Variable w = tape.constant(data.array(data.w, type, 6, 24));
    State state =
        new State(
            Map.of(
                "h", tape.constant(data.array(data.h0, type, 2, 6)),
                "c", tape.constant(data.array(data.c0, type, 2, 6))),
            new int[2]);
    double[] oracle = data.oracle();
    for (int t = 0; t < 5; t++) {
      double[] token = new double[2 * 24];
      System.arraycopy(data.x, t * 24, token, 0, 24);
      System.arraycopy(data.x, (5 + t) * 24, token, 24, 24);
      Variable x = tape.constant(data.array(token, type, 2, 1, 24));
      Recurrence.Evolution next = lstm.step(tape, Map.of("x", x, "w", w), state);
      state = next.state();
      for (int b = 0; b < 2; b++) {
        for (int j = 0; j < 6; j++) {
          assertThat(next.outputs().value().getDouble(b, 0, j))
              .isCloseTo(oracle[(b * 5 + t) * 6 + j], within(tolerance));
        }
      }
    }
    assertThat(state.consumed()).containsExactly(5, 5);
    assertThat(state.bytesPerRow()).isEqualTo(2L * 6 * type.width());
  }

  @Test
  void linearize_reproducesOutputsAndItsTransitionIsTheJacobian() {
    Case data = new Case(2, 4, 3, null);
    Tape tape = Tape.detached();
    Map<String, Variable> coefficients =
        Map.of(
            "x", tape.constant(data.array(data.x, DataType.DOUBLE, 2, 4, 12)),
            "w", tape.constant(data.array(data.w, DataType.DOUBLE, 3, 12)));
    State start =
        new State(
            Map.of(
                "h", tape.constant(data.array(data.h0, DataType.DOUBLE, 2, 3)),
                "c", tape.constant(data.array(data.c0, DataType.DOUBLE, 2, 3))),
            new int[2]);
    double[] oracle = data.oracle();
    LinearSystem system = lstm.linearize(coefficients, start, 1, 0);
    double[][] outputs = system.simulate(system.inputs());
    for (int t = 0; t < 4; t++) {
      for (int j = 0; j < 3; j++) {
        assertThat(outputs[t][j]).isCloseTo(oracle[(4 + t) * 3 + j], within(DOUBLE));
      }
    }
    Case one = new Case(1, 1, 3, null);
    System.arraycopy(data.w, 0, one.w, 0, one.w.length);
    System.arraycopy(data.x, 4 * 12, one.x, 0, 12);
    System.arraycopy(data.h0, 3, one.h0, 0, 3);
    System.arraycopy(data.c0, 3, one.c0, 0, 3);
    double[][] jacobian = system.transition(0).toDense();
    for (int p = 0; p < 6; p++) {
      double[] state = p < 3 ? one.h0 : one.c0;
      double saved = state[p % 3];
      state[p % 3] = saved + STEP;
      double[] above = one.oracle();
      state[p % 3] = saved - STEP;
      double[] below = one.oracle();
      state[p % 3] = saved;
      for (int q = 0; q < 6; q++) {
        // The oracle returns y, h, c; with one step y = h.
        assertThat(jacobian[q][p])
            .isCloseTo((above[3 + q] - below[3 + q]) / (2 * STEP), within(DIFFERENCES));
      }
    }
  }

  @Test
  void evolve_refusesWrongShapesAndSolvers() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 3, 8));
    Variable w = tape.constant(Nd4j.zeros(DataType.DOUBLE, 3, 12));
    assertThatThrownBy(() -> lstm.evolve(tape, Solver.AUTO, Map.of("x", x, "w", w), null, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("lstm: G must be 12, got 8 in shape [2, 3, 8]");
    Variable w2 = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 8));
    assertThatThrownBy(() -> lstm.evolve(tape, Solver.CHUNKED, Map.of("x", x, "w", w2), null, null))
        .hasMessage("lstm: solver must be AUTO or SEQUENTIAL, got CHUNKED");
  }

  private static final class Case {
    private final int batch;
    private final int steps;
    private final int hidden;
    private final int[] lengths;
    private final double[] x;
    private final double[] w;
    private final double[] h0;
    private final double[] c0;
    private final double[] cotangents;

    Case(int batch, int steps, int hidden, int[] lengths) {
      SplittableRandom random = new SplittableRandom(20261122);
      this.batch = batch;
      this.steps = steps;
      this.hidden = hidden;
      this.lengths = lengths;
      this.x = normal(random, batch * steps * 4 * hidden);
      this.w = normal(random, hidden * 4 * hidden);
      this.h0 = normal(random, batch * hidden);
      this.c0 = normal(random, batch * hidden);
      this.cotangents = normal(random, batch * steps * hidden + 2 * batch * hidden);
    }

    private static double[] normal(SplittableRandom random, int n) {
      return random.doubles(n, -1, 1).toArray();
    }

    INDArray array(double[] values, DataType type, long... shape) {
      return Nd4j.createFromArray(values).castTo(type).reshape('c', shape);
    }

    /** Outputs, last hidden and last cell state, one after the other. */
    double[] oracle() {
      double[] result = new double[cotangents.length];
      for (int b = 0; b < batch; b++) {
        double[] h = new double[hidden];
        double[] c = new double[hidden];
        System.arraycopy(h0, b * hidden, h, 0, hidden);
        System.arraycopy(c0, b * hidden, c, 0, hidden);
        for (int t = 0; t < (lengths == null ? steps : lengths[b]); t++) {
          double[] next = new double[hidden];
          for (int j = 0; j < hidden; j++) {
            double[] a = new double[4];
            for (int gate = 0; gate < 4; gate++) {
              a[gate] = x[((b * steps + t) * 4 + gate) * hidden + j];
              for (int p = 0; p < hidden; p++) {
                a[gate] += h[p] * w[(p * 4 + gate) * hidden + j];
              }
            }
            c[j] = sigmoid(a[1]) * c[j] + sigmoid(a[0]) * Math.tanh(a[2]);
            next[j] = sigmoid(a[3]) * Math.tanh(c[j]);
          }
          h = next;
          System.arraycopy(h, 0, result, (b * steps + t) * hidden, hidden);
        }
        System.arraycopy(h, 0, result, (batch * steps + b) * hidden, hidden);
        System.arraycopy(c, 0, result, (batch * steps + batch + b) * hidden, hidden);
      }
      return result;
    }

    private double loss() {
      double[] outputs = oracle();
      double loss = 0;
      for (int i = 0; i < outputs.length; i++) {
        loss += cotangents[i] * outputs[i];
      }
      return loss;
    }

    double[] differences(double[] input) {
      double[] result = new double[input.length];
      for (int i = 0; i < input.length; i++) {
        double saved = input[i];
        input[i] = saved + STEP;
        double above = loss();
        input[i] = saved - STEP;
        result[i] = (above - loss()) / (2 * STEP);
        input[i] = saved;
      }
      return result;
    }

    double[] run(DataType type) {
      List<double[]> parts = new ArrayList<>();
      for (Variable output : evolve(Tape.detached(), type, new ArrayList<>())) {
        parts.add(output.value().dup('c').data().asDouble());
      }
      return parts.stream().flatMapToDouble(java.util.Arrays::stream).toArray();
    }

    List<double[]> gradients(DataType type) {
      Tape tape = Tape.detached();
      List<Variable> leaves = new ArrayList<>();
      List<Variable> outputs = evolve(tape, type, leaves);
      List<INDArray> given = new ArrayList<>();
      int at = 0;
      for (Variable output : outputs) {
        int n = (int) output.value().length();
        double[] part = java.util.Arrays.copyOfRange(cotangents, at, at + n);
        given.add(array(part, type, output.shape()));
        at += n;
      }
      tape.backward(outputs, given);
      return leaves.stream().map(leaf -> leaf.gradient().dup('c').data().asDouble()).toList();
    }

    private List<Variable> evolve(Tape tape, DataType type, List<Variable> leaves) {
      leaves.add(tape.variable(array(x, type, batch, steps, 4L * hidden)));
      leaves.add(tape.variable(array(w, type, hidden, 4L * hidden)));
      leaves.add(tape.variable(array(h0, type, batch, hidden)));
      leaves.add(tape.variable(array(c0, type, batch, hidden)));
      State start = new State(Map.of("h", leaves.get(2), "c", leaves.get(3)), new int[batch]);
      Recurrence.Evolution evolution =
          new LstmRecurrence()
              .evolve(
                  tape,
                  Solver.SEQUENTIAL,
                  Map.of("x", leaves.get(0), "w", leaves.get(1)),
                  start,
                  lengths);
      return List.of(evolution.outputs(), evolution.state().get("h"), evolution.state().get("c"));
    }

    private static double sigmoid(double a) {
      return 1 / (1 + Math.exp(-a));
    }
  }
}
