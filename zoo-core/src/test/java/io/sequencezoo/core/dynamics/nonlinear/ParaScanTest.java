package io.sequencezoo.core.dynamics.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The fused scans of ParaGRU and ParaLSTM against Newton's method with its transposed solve, which
 * shares none of their arithmetic: outputs, last states, and all gradients.
 */
class ParaScanTest {
  private static final int STEPS = 45;

  /** Rounding of sums over rows and steps, in double. */
  private static final double DOUBLE = 1e-11;

  /** The same in float: some hundred terms of order 1, a few roundings each. */
  private static final double FLOAT = 1e-5;

  /** One tile, two, padded ones, and many rows of one tile; rows of every length. */
  static Stream<Arguments> shapes() {
    List<Arguments> shapes = new ArrayList<>();
    for (boolean gru : new boolean[] {true, false}) {
      shapes.add(Arguments.of(gru, 3, 5));
      shapes.add(Arguments.of(gru, 2, 48));
      shapes.add(Arguments.of(gru, 2, 300));
      shapes.add(Arguments.of(gru, 9, 272));
    }
    return shapes.stream();
  }

  /** Everything that a pass gives. */
  private static Map<String, INDArray> pass(
      boolean gru, Solver solver, DataType type, int batch, int n, boolean outputOnly) {
    Nd4j.getRandom().setSeed(17);
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("x", random(batch, STEPS, 3L * n));
    inputs.put("a", random(3, n).muli(0.5));
    inputs.put("h", random(batch, n).muli(0.5));
    if (!gru) {
      inputs.put("peephole", random(2, n).muli(0.5));
      inputs.put("c", random(batch, n).muli(0.5));
    }
    int[] lengths = new int[batch];
    for (int b = 0; b < batch; b++) {
      lengths[b] = b == 1 ? 0 : STEPS - 3 * b;
    }
    Tape tape = Tape.detached();
    Map<String, Variable> variables = new LinkedHashMap<>();
    inputs.forEach((name, value) -> variables.put(name, tape.variable(value.castTo(type))));
    Map<String, Variable> state = new LinkedHashMap<>();
    state.put("h", variables.get("h"));
    if (!gru) {
      state.put("c", variables.get("c"));
    }
    Cell cell = gru ? new ParaGruCell() : new ParaLstmCell();
    Evolution evolution =
        new NonlinearRecurrence(cell)
            .evolve(tape, solver, variables, new State(state, new int[batch]), lengths);
    Map<String, INDArray> results = new LinkedHashMap<>();
    List<Variable> ends = new ArrayList<>();
    ends.add(evolution.outputs());
    results.put("y", evolution.outputs().value());
    evolution
        .state()
        .parts()
        .forEach(
            (name, value) -> {
              results.put("last " + name, value.value());
              if (!outputOnly) {
                ends.add(value);
              }
            });
    List<INDArray> cotangents = ends.stream().map(v -> random(v.shape()).castTo(type)).toList();
    tape.backward(ends, cotangents);
    variables.forEach((name, value) -> results.put("gradient of " + name, value.gradient()));
    return results;
  }

  private static INDArray random(long... shape) {
    return Nd4j.rand(DataType.DOUBLE, shape).muli(4).subi(2);
  }

  private static void compare(Map<String, INDArray> got, Map<String, INDArray> wanted, double to) {
    assertThat(got.keySet()).isEqualTo(wanted.keySet());
    got.forEach(
        (name, value) -> {
          INDArray exact = wanted.get(name);
          assertThat(value.isNaN().any()).as(name).isFalse();
          double size = Math.max(1, exact.amaxNumber().doubleValue());
          double error = value.castTo(DataType.DOUBLE).sub(exact).amaxNumber().doubleValue() / size;
          assertThat(error).as(name).isLessThan(to);
        });
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void passes_equalNewtons(boolean gru, int batch, int n) {
    for (boolean outputOnly : new boolean[] {false, true}) {
      Map<String, INDArray> wanted =
          pass(gru, Solver.NEWTON, DataType.DOUBLE, batch, n, outputOnly);
      compare(pass(gru, Solver.SEQUENTIAL, DataType.DOUBLE, batch, n, outputOnly), wanted, DOUBLE);
      compare(pass(gru, Solver.SEQUENTIAL, DataType.FLOAT, batch, n, outputOnly), wanted, FLOAT);
    }
  }

  @Test
  void passes_dontDependOnThreads() {
    int before = Parallel.threads();
    try {
      for (boolean gru : new boolean[] {true, false}) {
        Parallel.setThreads(1);
        Map<String, INDArray> one = pass(gru, Solver.SEQUENTIAL, DataType.FLOAT, 2, 300, false);
        Parallel.setThreads(3);
        pass(gru, Solver.SEQUENTIAL, DataType.FLOAT, 2, 300, false)
            .forEach((name, value) -> assertThat(value).as(name).isEqualTo(one.get(name)));
      }
    } finally {
      Parallel.setThreads(before);
    }
  }
}
