package io.sequencezoo.core.dynamics.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Newton's method and the sequential solver on ParaGRU and ParaLSTM. */
@Tag("double")
class NonlinearRecurrenceTest {
  /** Rounding of sums and functions over thousands of contractive steps. */
  private static final double DOUBLE = 1e-12;

  private static INDArray random(SplittableRandom random, double scale, long... shape) {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    double[] values = new double[(int) n];
    for (int i = 0; i < n; i++) {
      values[i] = scale * random.nextDouble(-1, 1);
    }
    return Nd4j.createFromArray(values).reshape('c', shape);
  }

  private static Map<String, INDArray> inputs(
      Cell cell, int batch, int steps, int n, double scale) {
    SplittableRandom random = new SplittableRandom(7);
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("x", random(random, 2, batch, steps, 3L * n));
    inputs.put("a", random(random, scale, 3, n));
    if (cell instanceof ParaLstmCell) {
      inputs.put("peephole", random(random, scale, 2, n));
    }
    return inputs;
  }

  static Evolution evolve(
      Tape tape, Cell cell, Solver solver, Map<String, INDArray> inputs, int[] lengths) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    inputs.forEach((name, value) -> coefficients.put(name, tape.variable(value)));
    return new NonlinearRecurrence(cell).evolve(tape, solver, coefficients, null, lengths);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 1024, 4096})
  void newton_equalsSequential(int steps) {
    for (Cell cell : new Cell[] {new ParaGruCell(), new ParaLstmCell()}) {
      for (int n : new int[] {3, 20}) {
        Map<String, INDArray> inputs = inputs(cell, 3, steps, n, 0.7);
        int[] lengths = {steps, Math.max(0, steps - 5), (steps + 1) / 2};
        Tape tape = Tape.detached();
        Evolution a = evolve(tape, cell, Solver.SEQUENTIAL, inputs, lengths);
        Evolution b = evolve(tape, cell, Solver.NEWTON, inputs, lengths);
        assertThat(b.outputs().value().distance2(a.outputs().value())).isLessThan(DOUBLE);
        a.state()
            .parts()
            .forEach(
                (part, value) ->
                    assertThat(b.state().get(part).value().distance2(value.value()))
                        .isLessThan(DOUBLE));
      }
    }
  }

  @Test
  void gradients_equalDifferences() {
    for (Cell cell : new Cell[] {new ParaGruCell(), new ParaLstmCell()}) {
      for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.NEWTON}) {
        Map<String, INDArray> inputs = inputs(cell, 2, 9, 3, 1.2);
        List<String> names = new ArrayList<>(inputs.keySet());
        SplittableRandom random = new SplittableRandom(3);
        List<String> parts = cell instanceof ParaGruCell ? List.of("h") : List.of("h", "c");
        GradientCheck check =
            GradientCheck.of(
                (tape, in) -> {
                  Map<String, Variable> coefficients = new LinkedHashMap<>();
                  for (int i = 0; i < names.size(); i++) {
                    coefficients.put(names.get(i), in[i]);
                  }
                  Map<String, Variable> state = new LinkedHashMap<>();
                  for (int i = 0; i < parts.size(); i++) {
                    state.put(parts.get(i), in[names.size() + i]);
                  }
                  Evolution e =
                      new NonlinearRecurrence(cell)
                          .evolve(
                              tape,
                              solver,
                              coefficients,
                              new State(state, new int[2]),
                              new int[] {9, 4});
                  List<Variable> outputs = new ArrayList<>(e.state().parts().values());
                  outputs.add(e.outputs());
                  return outputs;
                });
        for (String name : names) {
          check.input(name, inputs.get(name));
        }
        for (String part : parts) {
          check.input(part, random(random, 1, 2, 3));
        }
        check.run().assertPassed();
      }
    }
  }

  @Test
  void divergence_isSolvedAndReported() {
    for (Cell cell : new Cell[] {new ParaGruCell(), new ParaLstmCell()}) {
      SplittableRandom random = new SplittableRandom(11);
      Map<String, INDArray> inputs = inputs(cell, 2, 512, 16, 1);
      inputs.put("a", random(random, 0.75, 3, 16).addi(2.25));
      if (cell instanceof ParaLstmCell) {
        inputs.put("peephole", random(random, 0.75, 2, 16).addi(2.25));
      }
      Tape tape = Tape.detached();
      Map<String, Variable> coefficients = new LinkedHashMap<>();
      inputs.forEach(
          (name, value) -> coefficients.put(name, tape.variable(value.castTo(DataType.DOUBLE))));
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell);
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, coefficients, null, null, null);
      Evolution expected = recurrence.evolve(tape, Solver.SEQUENTIAL, coefficients, null, null);
      assertThat(solution.evolution().outputs().value().distance2(expected.outputs().value()))
          .isLessThan(1e-9);
    }
  }
}
