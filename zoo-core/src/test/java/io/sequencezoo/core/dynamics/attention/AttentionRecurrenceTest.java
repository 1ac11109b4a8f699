package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

final class AttentionRecurrenceTest {
  // Sums of at most 600 terms of size one in another order.
  private static final double DOUBLE = 1e-12;

  // The same sums in single precision: 600 ulp.
  private static final double FLOAT = 1e-4;

  // Central differences with h = 1e-5 lose about 1e-16/1e-5 to rounding and h² to curvature.
  private static final double DIFFERENCES = 1e-7;

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#all")
  void outputsAndGradients_equalTheOracle(Cases c) {
    compareWithOracle(c, DataType.DOUBLE, DOUBLE, null);
  }

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#all")
  void outputsAndGradients_equalTheOracleInFloat(Cases c) {
    compareWithOracle(c, DataType.FLOAT, FLOAT, null);
  }

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#all")
  void paddedPositions_changeNothing(Cases c) {
    int[] lengths = new int[c.batch()];
    for (int b = 0; b < lengths.length; b++) {
      lengths[b] = Math.max(1, c.steps() - 1 - 2 * b);
    }
    compareWithOracle(c, DataType.DOUBLE, DOUBLE, lengths);
  }

  private static void compareWithOracle(Cases c, DataType type, double tolerance, int[] lengths) {
    Map<String, INDArray> arrays = c.arrays(type, 1);
    INDArray gy = c.cotangent(type, 1);
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    Evolution evolution = c.recurrence().evolve(tape, Solver.AUTO, in, null, lengths);
    tape.backward(List.of(evolution.outputs()), List.of(gy));
    if (c.sinks()) {
      assertSinks(c, arrays, lengths, gy, in.get("sink").gradient(), tolerance);
    }
    for (int b = 0; b < c.batch(); b++) {
      int n = lengths == null ? c.steps() : lengths[b];
      AttentionOracle oracle = c.oracle(arrays, b, n);
      assertRows(evolution.outputs().value(), b, oracle.y, tolerance);
      double[][][][] gradients = oracle.gradients(Cases.row(gy, b, n));
      assertRows(in.get("q").gradient(), b, gradients[0], tolerance);
      assertRows(in.get("k").gradient(), b, gradients[1], tolerance);
      assertRows(in.get("v").gradient(), b, gradients[2], tolerance);
      if (c.forgets()) {
        assertGates(
            in.get("g").gradient(), b, oracle.gateGradients(Cases.row(gy, b, n)), tolerance);
      }
      assertThat(evolution.state().consumed()[b]).isEqualTo(n);
      for (String name : List.of("q", "k", "v")) {
        double[][][] all = Cases.row(in.get(name).gradient(), b, c.steps());
        for (int t = n; t < c.steps(); t++) {
          assertThat(all[t][0]).containsOnly(0.0);
        }
      }
    }
  }

  private static void assertGates(INDArray actual, int row, double[][] expected, double scale) {
    double largest =
        Arrays.stream(expected).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0);
    for (int t = 0; t < actual.size(1); t++) {
      for (int h = 0; h < actual.size(2); h++) {
        double gradient = t < expected.length ? expected[t][h] : 0;
        assertThat(actual.getDouble(row, t, h))
            .isCloseTo(gradient, within(scale * Math.max(1, largest)));
      }
    }
  }

  private static void assertSinks(
      Cases c,
      Map<String, INDArray> arrays,
      int[] lengths,
      INDArray gy,
      INDArray actual,
      double scale) {
    double[] sums = new double[c.queryHeads()];
    for (int b = 0; b < c.batch(); b++) {
      int n = lengths == null ? c.steps() : lengths[b];
      double[] ofRow = c.oracle(arrays, b, n).sinkGradients(Cases.row(gy, b, n));
      Arrays.setAll(sums, h -> sums[h] + ofRow[h]);
    }
    assertThat(actual.toDoubleVector()).containsExactly(sums, within(scale * c.steps()));
  }

  private static void assertRows(INDArray actual, int row, double[][][] expected, double scale) {
    double largest = 1;
    for (double[][] heads : expected) {
      for (double[] values : heads) {
        for (double value : values) {
          largest = Math.max(largest, Math.abs(value));
        }
      }
    }
    double[][][] values = Cases.row(actual, row, expected.length);
    for (int t = 0; t < expected.length; t++) {
      for (int h = 0; h < expected[t].length; h++) {
        assertThat(values[t][h]).containsExactly(expected[t][h], within(scale * largest));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#causal")
  void steps_equalTheSequence(Cases c) {
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 2);
    AttentionRecurrence recurrence = c.causalRecurrence();
    Tape tape = Tape.detached();
    Evolution whole =
        recurrence.evolve(tape, Solver.AUTO, Cases.variables(tape, arrays), null, null);
    State state = recurrence.initialState(Cases.variables(tape, arrays), DataType.DOUBLE);
    for (int t = 0; t < c.steps(); t++) {
      try (Tape token = Tape.inference()) {
        Map<String, Variable> one = Cases.variables(token, Cases.slice(arrays, t, t + 1));
        Evolution step = recurrence.step(token, one, state);
        assertClose(step.outputs().value(), Cases.slice(whole.outputs().value(), t, t + 1), DOUBLE);
        state = step.state().detach();
      }
    }
    assertState(state, whole.state());
  }

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#causal")
  void handOver_isTheWholeSequenceAtEverySplit(Cases c) {
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 3);
    INDArray gy = c.cotangent(DataType.DOUBLE, 3);
    Tape reference = Tape.detached();
    Map<String, Variable> all = Cases.variables(reference, arrays);
    Evolution whole = c.recurrence().evolve(reference, Solver.AUTO, all, null, null);
    reference.backward(List.of(whole.outputs()), List.of(gy));
    int stride = Math.max(1, c.steps() / 11);
    for (int split = 1; split < c.steps(); split += stride) {
      Tape tape = Tape.detached();
      Map<String, Variable> left = Cases.variables(tape, Cases.slice(arrays, 0, split));
      Map<String, Variable> right = Cases.variables(tape, Cases.slice(arrays, split, c.steps()));
      Evolution first = c.recurrence().evolve(tape, Solver.AUTO, left, null, null);
      Evolution second = c.recurrence().evolve(tape, Solver.AUTO, right, first.state(), null);
      tape.backward(
          List.of(first.outputs(), second.outputs()),
          List.of(Cases.slice(gy, 0, split), Cases.slice(gy, split, c.steps())));
      assertParts(first.outputs().value(), second.outputs().value(), whole.outputs().value());
      for (String name : all.keySet()) {
        INDArray before = left.get(name).gradient();
        INDArray after = right.get(name).gradient();
        if (name.equals("sink")) {
          assertThat(before.add(after).toDoubleVector())
              .containsExactly(
                  all.get(name).gradient().toDoubleVector(), within(DOUBLE * c.steps()));
        } else {
          assertParts(before, after, all.get(name).gradient());
        }
      }
      assertState(second.state(), whole.state());
    }
  }

  @Test
  void handOver_keepsRowsOfDifferentLengthsApart() {
    Cases c = new Cases(3, 9, 4, 2, 3, 3, 5, false, true, 0);
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 4);
    INDArray gy = c.cotangent(DataType.DOUBLE, 4);
    int[] first = {2, 7, 0};
    int[] second = {6, 1, 9};
    Tape tape = Tape.detached();
    Map<String, Variable> left = Cases.variables(tape, arrays);
    Map<String, INDArray> more = c.arrays(DataType.DOUBLE, 5);
    Map<String, Variable> right = Cases.variables(tape, more);
    Evolution before = c.recurrence().evolve(tape, Solver.AUTO, left, null, first);
    Evolution after = c.recurrence().evolve(tape, Solver.AUTO, right, before.state(), second);
    tape.backward(List.of(after.outputs()), List.of(gy));
    for (int b = 0; b < 3; b++) {
      Cases row = new Cases(1, 0, 4, 2, 3, 3, 5, false, true, 0);
      AttentionOracle oracle =
          new AttentionOracle(
              Cases.row(more.get("q"), b, second[b]),
              joined(arrays.get("k"), more.get("k"), b, first[b], second[b]),
              joined(arrays.get("v"), more.get("v"), b, first[b], second[b]),
              row.window(),
              false,
              AlibiSlopes.of(4),
              Math.pow(3, -0.5));
      assertRows(after.outputs().value(), b, oracle.y, DOUBLE);
      double[][][][] gradients = oracle.gradients(Cases.row(gy, b, second[b]));
      assertRows(right.get("q").gradient(), b, gradients[0], DOUBLE);
      assertRows(left.get("k").gradient(), b, head(gradients[1], first[b]), DOUBLE);
      assertRows(left.get("v").gradient(), b, head(gradients[2], first[b]), DOUBLE);
      assertThat(after.state().consumed()[b]).isEqualTo(first[b] + second[b]);
    }
    assertThat(after.state().get("k").size(1)).isEqualTo(5);
    // And on by single tokens.
    Map<String, INDArray> token = Cases.slice(c.arrays(DataType.DOUBLE, 6), 0, 1);
    Evolution step = c.causalRecurrence().step(tape, Cases.variables(tape, token), after.state());
    Evolution same =
        c.recurrence().evolve(tape, Solver.AUTO, Cases.variables(tape, token), after.state(), null);
    assertClose(step.outputs().value(), same.outputs().value(), DOUBLE);
  }

  private static double[][][] joined(INDArray left, INDArray right, int row, int n, int m) {
    List<double[][]> all = new ArrayList<>(List.of(Cases.row(left, row, n)));
    all.addAll(List.of(Cases.row(right, row, m)));
    return all.toArray(new double[0][][]);
  }

  private static double[][][] head(double[][][] values, int n) {
    return Arrays.copyOf(values, n);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradients_equalCentralDifferencesAlsoForTheInitialState(boolean forgets) {
    Cases c = new Cases(2, 5, 4, 2, 3, 2, 4, false, !forgets, 0, forgets, forgets);
    AttentionRecurrence recurrence = c.causalRecurrence();
    Map<String, INDArray> prefix = c.arrays(DataType.DOUBLE, 7);
    Tape start = Tape.detached();
    State state =
        recurrence
            .evolve(start, Solver.AUTO, Cases.variables(start, prefix), null, new int[] {3, 5})
            .state();
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 8);
    INDArray gy = c.cotangent(DataType.DOUBLE, 8);
    Tape tape = Tape.detached();
    State leaves = state.detach().asVariables(tape);
    Map<String, Variable> in = Cases.variables(tape, arrays);
    int[] lengths = {5, 3};
    Evolution evolution = recurrence.evolve(tape, Solver.AUTO, in, leaves, lengths);
    // The final state also carries a gradient.
    INDArray gk = Cases.normal(new Random(9), evolution.state().get("k").shape());
    tape.backward(List.of(evolution.outputs(), evolution.state().get("k")), List.of(gy, gk));
    DoubleSupplier loss =
        () -> {
          Tape again = Tape.detached();
          Evolution e =
              recurrence.evolve(
                  again, Solver.AUTO, Cases.variables(again, arrays), leaves, lengths);
          return valid(e.outputs().value(), gy, lengths)
              + valid(e.state().get("k").value(), gk, new int[] {4, 4});
        };
    arrays.forEach((name, array) -> assertDifferences(loss, array, in.get(name).gradient()));
    leaves.parts().forEach((n, part) -> assertDifferences(loss, part.value(), part.gradient()));
  }

  private static double valid(INDArray y, INDArray gy, int[] lengths) {
    double sum = 0;
    for (int b = 0; b < lengths.length; b++) {
      double[][][] rows = Cases.row(y, b, lengths[b]);
      double[][][] weights = Cases.row(gy, b, lengths[b]);
      for (int t = 0; t < rows.length; t++) {
        for (int h = 0; h < rows[t].length; h++) {
          for (int i = 0; i < rows[t][h].length; i++) {
            sum += rows[t][h][i] * weights[t][h][i];
          }
        }
      }
    }
    return sum;
  }

  private static void assertDifferences(DoubleSupplier loss, INDArray array, INDArray gradient) {
    double step = 1e-5;
    for (long i = 0; i < array.length(); i++) {
      double value = array.getDouble(i);
      array.putScalar(i, value + step);
      double above = loss.getAsDouble();
      array.putScalar(i, value - step);
      double below = loss.getAsDouble();
      array.putScalar(i, value);
      assertThat(gradient.getDouble(i))
          .isCloseTo((above - below) / (2 * step), within(DIFFERENCES));
    }
  }

  @ParameterizedTest
  @MethodSource("io.sequencezoo.core.dynamics.attention.Cases#causal")
  void linearSystem_reproducesTheOutputs(Cases c) {
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 10);
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    Evolution whole = c.recurrence().evolve(tape, Solver.AUTO, in, null, null);
    int row = c.batch() - 1;
    int head = c.queryHeads() - 1;
    LinearSystem system = c.causalRecurrence().linearize(in, null, row, head);
    double[][] y = system.simulate(system.inputs());
    double[][][] expected = Cases.row(whole.outputs().value(), row, c.steps());
    for (int t = 0; t < c.steps(); t++) {
      assertThat(y[t]).containsExactly(expected[t][head], within(DOUBLE));
    }
    if (c.steps() > 100) {
      return;
    }
    double[][] mixing = system.mixingMatrix();
    double[] u = Arrays.stream(system.inputs()).flatMapToDouble(Arrays::stream).toArray();
    for (int i = 0; i < mixing.length; i++) {
      double sum = 0;
      for (int j = 0; j < u.length; j++) {
        sum += mixing[i][j] * u[j];
      }
      assertThat(sum).isCloseTo(y[i / c.valueDim()][i % c.valueDim()], within(DOUBLE));
    }
  }

  @Test
  void linearSystem_isConsistentInItsMatrices() {
    Cases c = new Cases(1, 6, 2, 1, 3, 2, 4, false, false, 0);
    Tape tape = Tape.detached();
    Map<String, Variable> prefix = Cases.variables(tape, c.arrays(DataType.DOUBLE, 11));
    State state = c.recurrence().evolve(tape, Solver.AUTO, prefix, null, null).state();
    Map<String, Variable> in = Cases.variables(tape, c.arrays(DataType.DOUBLE, 12));
    LinearSystem system = c.causalRecurrence().linearize(in, state, 0, 1);
    double[][] y = system.simulate(system.inputs());
    double[] h = system.initialState();
    for (int t = 0; t < 6; t++) {
      h = system.transition(t).apply(h);
      double[][] b = system.inputMatrix(t);
      for (int i = 0; i < h.length; i++) {
        h[i] += b[i][0] * system.inputs()[t][0] + b[i][1] * system.inputs()[t][1];
      }
      double[][] out = system.outputMatrix(t);
      for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int j = 0; j < h.length; j++) {
          sum += out[i][j] * h[j];
        }
        assertThat(sum).isCloseTo(y[t][i], within(DOUBLE));
      }
    }
    Evolution evolution = c.recurrence().evolve(tape, Solver.AUTO, in, state, null);
    double[][][] expected = Cases.row(evolution.outputs().value(), 0, 6);
    for (int t = 0; t < 6; t++) {
      assertThat(y[t]).containsExactly(expected[t][1], within(DOUBLE));
    }
  }

  @Test
  void window_keepsTheStateConstant() {
    Cases c = new Cases(1, 40, 2, 1, 4, 4, 8, false, false, 0);
    Map<String, INDArray> arrays = c.arrays(DataType.FLOAT, 13);
    AttentionRecurrence recurrence = c.causalRecurrence();
    Tape tape = Tape.detached();
    State state = recurrence.initialState(Cases.variables(tape, arrays), DataType.FLOAT);
    assertThat(state.bytesPerRow()).isZero();
    for (int t = 0; t < 40; t++) {
      Map<String, Variable> one = Cases.variables(tape, Cases.slice(arrays, t, t + 1));
      state = recurrence.step(tape, one, state).state();
      assertThat(state.bytesPerRow()).isEqualTo(2L * Math.min(t + 1, 8) * 4 * Float.BYTES);
    }
    Evolution whole =
        recurrence.evolve(tape, Solver.AUTO, Cases.variables(tape, arrays), null, null);
    assertThat(whole.state().bytesPerRow()).isEqualTo(state.bytesPerRow());
  }

  @Test
  void finalState_isTheCoefficientsThemselvesAtTheStart() {
    Cases c = new Cases(2, 12, 2, 2, 4, 4, 0, false, false, 0);
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, c.arrays(DataType.FLOAT, 14));
    State state = c.recurrence().evolve(tape, Solver.AUTO, in, null, null).state();
    assertThat(state.get("k")).isSameAs(in.get("k"));
    assertThat(state.get("v")).isSameAs(in.get("v"));
  }

  @Test
  void step_growsWithoutCopyAndLeavesOlderStatesAlone() {
    Cases c = new Cases(2, 6, 2, 1, 3, 3, 0, false, false, 0);
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 15);
    AttentionRecurrence recurrence = c.causalRecurrence();
    Tape tape = Tape.detached();
    State state = recurrence.initialState(Cases.variables(tape, arrays), DataType.DOUBLE);
    List<State> states = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      Map<String, Variable> one = Cases.variables(tape, Cases.slice(arrays, t, t + 1));
      state = recurrence.step(tape, one, state).state();
      states.add(state);
    }
    assertThat(states.get(2).get("k").value().data())
        .isSameAs(states.get(0).get("k").value().data());
    Map<String, Variable> three = Cases.variables(tape, Cases.slice(arrays, 3, 4));
    Map<String, Variable> four = Cases.variables(tape, Cases.slice(arrays, 4, 5));
    Evolution one = recurrence.step(tape, three, state);
    INDArray key = one.state().get("k").value().dup('c');
    Evolution other = recurrence.step(tape, four, state);
    assertThat(one.state().get("k").value().dup('c')).isEqualTo(key);
    assertThat(other.state().get("k").value().dup('c')).isNotEqualTo(key);
    assertClose(
        recurrence.step(tape, three, state).outputs().value(), one.outputs().value(), DOUBLE);
  }

  @Test
  void largeLogits_stayFiniteInFloat() {
    Cases c = new Cases(1, 300, 2, 1, 4, 4, 0, false, false, 0);
    Map<String, INDArray> arrays = c.arrays(DataType.FLOAT, 16);
    arrays.get("q").muli(40);
    arrays.get("k").muli(40);
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    Evolution evolution = c.recurrence().evolve(tape, Solver.AUTO, in, null, null);
    tape.backward(List.of(evolution.outputs()), List.of(c.cotangent(DataType.FLOAT, 16)));
    assertThat(evolution.outputs().value().isNaN().any()).isFalse();
    assertThat(evolution.outputs().value().isInfinite().any()).isFalse();
    in.values()
        .forEach(
            v -> {
              assertThat(v.gradient().isNaN().any()).isFalse();
              assertThat(v.gradient().isInfinite().any()).isFalse();
            });
    assertRows(evolution.outputs().value(), 0, c.oracle(arrays, 0, 300).y, 0.01);
  }

  @Test
  void threads_changeNoBit() {
    Cases c = new Cases(2, 130, 4, 2, 5, 5, 70, false, true, 0);
    int before = Parallel.threads();
    try {
      List<INDArray> one = resultsWith(1, c);
      List<INDArray> three = resultsWith(3, c);
      for (int i = 0; i < one.size(); i++) {
        assertThat(three.get(i).dup().data().asFloat()).isEqualTo(one.get(i).data().asFloat());
      }
    } finally {
      Parallel.setThreads(before);
    }
  }

  private static List<INDArray> resultsWith(int threads, Cases c) {
    Parallel.setThreads(threads);
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, c.arrays(DataType.FLOAT, 17));
    Evolution evolution = c.recurrence().evolve(tape, Solver.AUTO, in, null, null);
    tape.backward(List.of(evolution.outputs()), List.of(c.cotangent(DataType.FLOAT, 17)));
    return List.of(
        evolution.outputs().value(),
        in.get("q").gradient(),
        in.get("k").gradient(),
        in.get("v").gradient());
  }

  @Test
  void alibiSlopes_areThePublishedOnes() {
    assertThat(AlibiSlopes.of(8))
        .containsExactly(
            new double[] {.5, .25, .125, .0625, .03125, .015625, .0078125, .00390625},
            within(DOUBLE));
    // Not a power of two: those of 4 heads, then every other one of 8.
    assertThat(AlibiSlopes.of(6))
        .containsExactly(new double[] {.25, .0625, .015625, .00390625, .5, .125}, within(DOUBLE));
  }

  @Test
  void mistakes_areNamed() {
    Tape tape = Tape.detached();
    Map<String, INDArray> arrays =
        new Cases(1, 3, 2, 2, 4, 4, 0, false, false, 0).arrays(DataType.FLOAT, 18);
    Map<String, Variable> in = Cases.variables(tape, arrays);
    AttentionRecurrence recurrence = AttentionRecurrence.causal();
    assertThatThrownBy(() -> recurrence.evolve(tape, Solver.CHUNKED, in, null, null))
        .hasMessage("softmax_attention: solver must be AUTO or one of [BLOCKWISE], got CHUNKED");
    assertThatThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, in, null, new int[] {4}))
        .hasMessage("softmax_attention: length of a row must be from 0 to T=3, got 4");
    assertThatThrownBy(() -> recurrence.withWindow(0))
        .hasMessage("attention: window must be at least 1, got 0");
    assertThat(AttentionRecurrence.causal().bidirectional())
        .isNotInstanceOf(CausalRecurrence.class);
  }

  private static void assertState(State actual, State expected) {
    assertThat(actual.consumed()).isEqualTo(expected.consumed());
    assertThat(actual.parts().keySet()).isEqualTo(expected.parts().keySet());
    for (String name : expected.parts().keySet()) {
      INDArray a = actual.get(name).value();
      INDArray e = expected.get(name).value();
      assertThat(a.shape()).isEqualTo(e.shape());
      assertClose(a, e, 0);
    }
  }

  private static void assertParts(INDArray left, INDArray right, INDArray whole) {
    int split = (int) left.size(1);
    assertClose(left, Cases.slice(whole, 0, split), DOUBLE);
    assertClose(right, Cases.slice(whole, split, (int) whole.size(1)), DOUBLE);
  }

  private static void assertClose(INDArray actual, INDArray expected, double tolerance) {
    double largest = Math.max(1, expected.amaxNumber().doubleValue());
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.dup('c').data().asDouble())
        .containsExactly(expected.dup('c').data().asDouble(), within(tolerance * largest));
  }
}
