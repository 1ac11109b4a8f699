package io.sequencezoo.core.dynamics.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

class SelectiveRecurrenceTest {
  /** Sums over N states in the oracle's order but for the skip. */
  private static final double DOUBLE = 1e-12;

  /** Float: its shorter exponential is good to 1e-6; sums over channels and time cost a digit. */
  private static final double FLOAT = 5e-5;

  /** What the decays of float may differ by, relative. */
  private static final double EXPONENTIAL = 1e-6;

  private static Map<String, INDArray> inputs(int b, int t, int d, int n) {
    SplittableRandom random = new SplittableRandom(b + 31L * t + 1001L * d);
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("u", random(random, -1, 1, b, t, d));
    inputs.put("delta", random(random, -2, 1, b, t, d));
    inputs.put("A", random(random, -3, -0.1, n, d));
    inputs.put("B", random(random, -1, 1, b, t, n));
    inputs.put("C", random(random, -1, 1, b, t, n));
    inputs.put("D", random(random, -1, 1, d));
    inputs.put("z", random(random, -2, 2, b, t, d));
    inputs.put("delta_bias", random(random, -1, 0, d));
    inputs.put("h", random(random, -1, 1, b, n, d));
    return inputs;
  }

  private static INDArray random(SplittableRandom random, double low, double high, long... shape) {
    return Nd4j.createFromArray(
            random.doubles(Nd4j.createUninitialized(shape).length(), low, high).toArray())
        .reshape('c', shape);
  }

  private static Evolution run(
      Tape tape, Map<String, Variable> variables, boolean softplus, int[] lengths) {
    Map<String, Variable> coefficients = new LinkedHashMap<>(variables);
    Variable h = coefficients.remove("h");
    State initial = h == null ? null : new State(Map.of("h", h), new int[h.size(0)]);
    return new SelectiveRecurrence(softplus)
        .evolve(tape, Solver.AUTO, coefficients, initial, lengths);
  }

  private static Map<String, Variable> variables(
      Tape tape, Map<String, INDArray> inputs, DataType type) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    inputs.forEach(
        (name, value) ->
            variables.put(name, tape.variable(value.castTo(DataType.FLOAT).castTo(type))));
    return variables;
  }

  /** The equations of the class comment, number by number; returns y and leaves h moved. */
  private static double[][][] oracle(
      Map<String, INDArray> in, boolean softplus, int[] lengths, double[][][] h) {
    int d = (int) in.get("u").size(2);
    double[][][] y = new double[lengths.length][(int) in.get("u").size(1)][d];
    for (int b = 0; b < lengths.length; b++) {
      for (int t = 0; t < lengths[b]; t++) {
        for (int i = 0; i < d; i++) {
          double u = in.get("u").getDouble(b, t, i);
          double delta = in.get("delta").getDouble(b, t, i);
          delta += in.containsKey("delta_bias") ? in.get("delta_bias").getDouble(i) : 0;
          double dt = softplus ? Math.log(1 + Math.exp(delta)) : delta;
          double sum = in.containsKey("D") ? in.get("D").getDouble(i) * u : 0;
          for (int s = 0; s < h[b].length; s++) {
            h[b][s][i] =
                Math.exp(dt * in.get("A").getDouble(s, i)) * h[b][s][i]
                    + dt * in.get("B").getDouble(b, t, s) * u;
            sum += in.get("C").getDouble(b, t, s) * h[b][s][i];
          }
          double z = in.containsKey("z") ? in.get("z").getDouble(b, t, i) : 0;
          y[b][t][i] = in.containsKey("z") ? sum * z / (1 + Math.exp(-z)) : sum;
        }
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({
    "2,37,5,3,true,''",
    "1,16,70,4,false,'D z delta_bias'",
    "3,33,20,1,true,'delta_bias h'"
  })
  void forward_isTheOracle(int b, int t, int d, int n, boolean softplus, String absent) {
    Map<String, INDArray> in = inputs(b, t, d, n);
    for (String name : absent.split(" ", -1)) {
      in.remove(name);
    }
    if (!softplus) {
      in.put("delta", Transforms.abs(in.get("delta")));
    }
    int[] lengths = new SplittableRandom(7).ints(b, 0, t + 1).toArray();
    double[][][] h = new double[b][n][d];
    for (int r = 0; in.containsKey("h") && r < b; r++) {
      h[r] = in.get("h").get(NDArrayIndex.point(r)).toDoubleMatrix();
    }
    double[][][] y = oracle(in, softplus, lengths, h);
    Tape tape = Tape.detached();
    Map<String, Variable> variables = new LinkedHashMap<>();
    in.forEach((name, value) -> variables.put(name, tape.constant(value)));
    Evolution evolution = run(tape, variables, softplus, lengths);
    for (int r = 0; r < b; r++) {
      for (int s = 0; s < t; s++) {
        for (int i = 0; i < d; i++) {
          assertThat(evolution.outputs().value().getDouble(r, s, i))
              .isCloseTo(y[r][s][i], within(DOUBLE * 10));
        }
      }
      for (int s = 0; s < n; s++) {
        for (int i = 0; i < d; i++) {
          assertThat(evolution.state().get("h").value().getDouble(r, s, i))
              .isCloseTo(h[r][s][i], within(DOUBLE));
        }
      }
    }
  }

  /** Two tiles of channels, three chunks of time, every part present. */
  @Test
  void gradients_areCentralDifferences() {
    Map<String, INDArray> in = inputs(1, 35, 70, 3);
    List<String> names = new ArrayList<>(in.keySet());
    GradientCheck check =
        GradientCheck.of(
                (tape, values) -> {
                  Map<String, Variable> variables = new LinkedHashMap<>();
                  for (int i = 0; i < names.size(); i++) {
                    variables.put(names.get(i), values[i]);
                  }
                  Evolution evolution = run(tape, variables, true, new int[] {34});
                  return List.of(evolution.outputs(), evolution.state().get("h"));
                })
            .samples(8);
    in.forEach(check::input);
    check.run().assertPassed();
  }

  @ParameterizedTest
  @CsvSource({"2,40,70,5", "8,20,33,16", "1,16384,16,2"})
  void float_isDouble(int b, int t, int d, int n) {
    Map<String, INDArray> in = inputs(b, t, d, n);
    List<List<INDArray>> results = new ArrayList<>();
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      Tape tape = Tape.detached();
      Map<String, Variable> variables = variables(tape, in, type);
      Evolution evolution = run(tape, variables, true, null);
      tape.backward(
          List.of(evolution.outputs()),
          List.of(random(new SplittableRandom(9), -1, 1, b, t, d).castTo(type)));
      List<INDArray> result = new ArrayList<>();
      result.add(evolution.outputs().value().castTo(DataType.DOUBLE));
      variables.values().forEach(v -> result.add(v.gradient().castTo(DataType.DOUBLE)));
      results.add(result);
    }
    for (int i = 0; i < results.get(0).size(); i++) {
      INDArray exact = results.get(0).get(i);
      double scale = exact.amaxNumber().doubleValue();
      double error = exact.sub(results.get(1).get(i)).amaxNumber().doubleValue();
      assertThat(error / scale).as("result %s", i).isLessThan(FLOAT);
    }
  }

  /** With nothing written and one state of 1, the output is the decay. */
  @Test
  void decay_isTheExponential() {
    int d = 4096;
    double[] exponents = new SplittableRandom(3).doubles(d, -16, 0).toArray();
    exponents[0] = 0;
    exponents[1] = -200;
    exponents[2] = -1e6;
    exponents[3] = -1e12;
    exponents[4] = Double.NEGATIVE_INFINITY;
    for (int i = 5; i < 16; i++) {
      exponents[i] = -5 * i;
    }
    INDArray delta = Nd4j.createFromArray(exponents).castTo(DataType.FLOAT);
    Tape tape = Tape.detached();
    Map<String, Variable> variables = new LinkedHashMap<>();
    variables.put("u", tape.constant(Nd4j.zeros(DataType.FLOAT, 1, 1, d)));
    variables.put("delta", tape.constant(delta.neg().reshape('c', 1, 1, d)));
    variables.put("A", tape.constant(Nd4j.ones(DataType.FLOAT, 1, d).neg()));
    variables.put("B", tape.constant(Nd4j.zeros(DataType.FLOAT, 1, 1, 1)));
    variables.put("C", tape.constant(Nd4j.ones(DataType.FLOAT, 1, 1, 1)));
    variables.put("h", tape.constant(Nd4j.ones(DataType.FLOAT, 1, 1, d)));
    INDArray h = run(tape, variables, false, null).state().get("h").value();
    for (int i = 0; i < d; i++) {
      double exact = Math.exp(delta.getFloat(i));
      // Below the normal floats there is no relative precision.
      double tolerance = exact < Float.MIN_NORMAL ? Float.MIN_NORMAL : exact * EXPONENTIAL;
      if (i == 4) {
        continue; // infinite steps write infinity times nothing
      }
      assertThat((double) h.getFloat(0, 0, i))
          .as("e^%s", delta.getFloat(i))
          .isCloseTo(exact, within(i < 16 && i > 4 ? 4 * tolerance : tolerance));
    }
    assertThat(h.getFloat(0, 0, 0)).isEqualTo(1);
    assertThat(h.getFloat(0, 0, 3)).isZero();
  }

  /** Huge steps forget, vanishing ones keep; neither makes anything but finite numbers. */
  @ParameterizedTest
  @CsvSource({"FLOAT", "DOUBLE"})
  void extremeSteps_forgetOrKeep(DataType type) {
    Map<String, INDArray> in = inputs(1, 20, 18, 2);
    INDArray delta = in.get("delta");
    for (int t = 0; t < 20; t++) {
      for (int i = 0; i < 18; i++) {
        delta.putScalar(0, t, i, i % 2 == 0 ? -1e4 : 1e4);
      }
    }
    Tape tape = Tape.detached();
    Map<String, Variable> variables = variables(tape, in, type);
    Evolution evolution = run(tape, variables, true, null);
    INDArray h = evolution.state().get("h").value();
    for (int s = 0; s < 2; s++) {
      assertThat(h.getDouble(0, s, 4)).isEqualTo(variables.get("h").value().getDouble(0, s, 4));
      double written =
          (1e4 + variables.get("delta_bias").value().getDouble(5))
              * variables.get("B").value().getDouble(0, 19, s)
              * variables.get("u").value().getDouble(0, 19, 5);
      assertThat(h.getDouble(0, s, 5)).isCloseTo(written, within(Math.abs(written) * EXPONENTIAL));
    }
    tape.backward(List.of(evolution.outputs()), List.of(Nd4j.ones(type, 1, 20, 18)));
    variables.forEach(
        (name, variable) ->
            assertThat(variable.gradient().sumNumber().doubleValue()).as(name).isFinite());
  }

  /** Padded positions that hold infinities touch neither gradients nor states. */
  @Test
  void padding_isNeverRead() {
    Map<String, INDArray> in = inputs(2, 24, 20, 3);
    int[] lengths = {24, 17};
    for (String name : new String[] {"u", "delta", "B", "C", "z"}) {
      in.get(name)
          .get(NDArrayIndex.point(1), NDArrayIndex.interval(lengths[1], 24), NDArrayIndex.all())
          .assign(Double.POSITIVE_INFINITY);
    }
    Tape tape = Tape.detached();
    Map<String, Variable> variables = new LinkedHashMap<>();
    in.forEach((name, value) -> variables.put(name, tape.variable(value)));
    Evolution evolution = run(tape, variables, true, lengths);
    tape.backward(List.of(evolution.outputs()), List.of(Nd4j.ones(DataType.DOUBLE, 2, 24, 20)));
    assertThat(evolution.outputs().value().sumNumber().doubleValue()).isFinite();
    variables.forEach(
        (name, variable) -> {
          assertThat(variable.gradient().sumNumber().doubleValue()).as(name).isFinite();
          if (variable.value().rank() == 3 && !name.equals("h")) {
            for (int t = lengths[1]; t < 24; t++) {
              assertThat(
                      variable
                          .gradient()
                          .get(NDArrayIndex.point(1), NDArrayIndex.point(t), NDArrayIndex.all())
                          .amaxNumber()
                          .doubleValue())
                  .as(name)
                  .isZero();
            }
          }
        });
  }

  @Test
  void misfits_areRefused() {
    Map<String, INDArray> in = inputs(2, 3, 4, 5);
    in.put("C", Nd4j.ones(DataType.DOUBLE, 2, 3, 4));
    Tape tape = Tape.detached();
    Map<String, Variable> variables = new LinkedHashMap<>();
    in.forEach((name, value) -> variables.put(name, tape.constant(value)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(tape, variables, true, null))
        .withMessage("selective C: N must be 5, got 4 in shape [2, 3, 4]");
    variables.remove("A");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(tape, variables, true, null))
        .withMessageStartingWith("selective: coefficients must have A, got [u, delta, B");
  }
}
