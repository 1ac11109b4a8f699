package io.sequencezoo.core.dynamics.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport.Path;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig.Fallback;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig.Iteration;
import io.sequencezoo.core.kernel.Parallel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** When Newton's method stops, what follows where it fails, and what the report says. */
class ConvergenceTest {
  /** Rounding of a converged solution in double, at weights that amplify it. */
  private static final double SOLVED = 1e-9;

  private static Map<String, INDArray> inputs(Cell cell, double low, double high) {
    SplittableRandom random = new SplittableRandom(5);
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("x", uniform(random, -2, 2, 3, 128, 12));
    inputs.put("a", uniform(random, low, high, 3, 4));
    if (cell instanceof ParaLstmCell) {
      inputs.put("peephole", uniform(random, low, high, 2, 4));
    }
    return inputs;
  }

  private static INDArray uniform(SplittableRandom random, double low, double high, long... shape) {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    return Nd4j.createFromArray(random.doubles(n, low, high).toArray()).reshape('c', shape);
  }

  private static Map<String, Variable> variables(Tape tape, Map<String, INDArray> inputs) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    inputs.forEach((name, value) -> variables.put(name, tape.variable(value)));
    return variables;
  }

  private static double error(
      NonlinearRecurrence recurrence, Map<String, INDArray> inputs, INDArray actual) {
    Tape tape = Tape.detached();
    INDArray expected =
        recurrence
            .evolve(tape, Solver.SEQUENTIAL, variables(tape, inputs), null, null)
            .outputs()
            .value();
    return expected.sub(actual).amaxNumber().doubleValue();
  }

  private static final Cell[] CELLS = {new ParaGruCell(), new ParaLstmCell()};

  @Test
  void newton_convergesQuadraticallyAndSaysSo() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, -0.5, 0.5);
      List<ConvergenceReport> reports = new ArrayList<>();
      NonlinearRecurrence recurrence =
          new NonlinearRecurrence(cell, NewtonConfig.standard(), reports::add);
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, new int[] {128, 40, 0}, null);
      ConvergenceReport report = solution.report();
      assertThat(reports).containsExactly(report);
      assertThat(report.converged()).isTrue();
      assertThat(report.count(Path.NEWTON)).isEqualTo(3);
      assertThat(report.windows()).isEqualTo(1);
      assertThat(report.sequences().get(2).iterations()).isZero();
      double[] residuals = report.residuals();
      assertThat(report.iterations()).isEqualTo(residuals.length).isBetween(3, 7);
      int last = residuals.length - 1;
      assertThat(residuals[last]).isLessThan(1e-13);
      assertThat(residuals[last - 1]).isLessThan(residuals[last - 2] * residuals[last - 2] * 10);
      assertThat(recurrence.stepped() + recurrence.trusted()).isZero();
    }
  }

  @Test
  void warmStart_savesIterations() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, -0.9, 0.9);
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell);
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution cold =
          recurrence.solve(tape, variables(tape, inputs), null, null, null);
      inputs.put("x", inputs.get("x").add(1e-4));
      NonlinearRecurrence.Solution warm =
          recurrence.solve(tape, variables(tape, inputs), null, null, cold.trajectory());
      assertThat(warm.report().iterations()).isLessThan(cold.report().iterations());
      assertThat(error(recurrence, inputs, warm.evolution().outputs().value())).isLessThan(SOLVED);
    }
  }

  @Test
  void damping_convergesMoreSlowly() {
    Cell cell = new ParaGruCell();
    Map<String, INDArray> inputs = inputs(cell, -0.5, 0.5);
    Tape tape = Tape.detached();
    NonlinearRecurrence damped =
        new NonlinearRecurrence(
            cell, Configs.with(NewtonConfig.standard(), "damping", 0.7), report -> {});
    NonlinearRecurrence.Solution solution =
        damped.solve(tape, variables(tape, inputs), null, null, null);
    assertThat(solution.report().count(Path.NEWTON)).isEqualTo(3);
    assertThat(solution.report().iterations()).isBetween(15, 30);
    assertThat(error(damped, inputs, solution.evolution().outputs().value())).isLessThan(SOLVED);
  }

  @Test
  void trustRegion_solvesWhatTwoIterationsLeave() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, 0.8, 1.6);
      NonlinearRecurrence recurrence =
          new NonlinearRecurrence(
              cell,
              Configs.with(
                  NewtonConfig.standard(), Map.of("iterations", 2, "fallback", Fallback.FAIL)),
              report -> {});
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, null, null);
      assertThat(solution.report().count(Path.TRUST_REGION))
          .as("%s", solution.report())
          .isPositive();
      assertThat(solution.report().converged()).isTrue();
      assertThat(recurrence.trusted()).isEqualTo(solution.report().count(Path.TRUST_REGION));
      assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
          .isLessThan(SOLVED);
    }
  }

  /** The trust region alone, from {@code f(0, x)}. */
  private static NewtonConfig trusting() {
    return Configs.with(
        NewtonConfig.standard(), Map.of("iterations", 0, "fallback", Fallback.FAIL));
  }

  @Test
  void trustRegion_leavesWrongBasins() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, 1.5, 3);
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell, trusting(), report -> {});
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, null, null);
      assertThat(solution.report().count(Path.TRUST_REGION)).isEqualTo(3);
      assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
          .isLessThan(SOLVED);
    }
  }

  @Test
  void trustRegion_solvesLongDivergentTrajectoriesInTheirBudget() {
    for (Cell cell : CELLS) {
      for (long seed = 1; seed <= 3; seed++) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, INDArray> inputs = new LinkedHashMap<>();
        inputs.put("x", uniform(random, -2, 2, 2, 1024, 3 * 20));
        inputs.put("a", uniform(random, 1.5, 3, 3, 20));
        if (cell instanceof ParaLstmCell) {
          inputs.put("peephole", uniform(random, 1.5, 3, 2, 20));
        }
        NonlinearRecurrence recurrence = new NonlinearRecurrence(cell, trusting(), report -> {});
        Tape tape = Tape.detached();
        NonlinearRecurrence.Solution solution =
            recurrence.solve(tape, variables(tape, inputs), null, null, null);
        assertThat(solution.report().count(Path.TRUST_REGION)).isEqualTo(2);
        assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
            .isLessThan(SOLVED);
      }
    }
  }

  @Test
  void trustRegion_returnsSolutionsOrSaysThatItFailed() {
    for (Cell cell : CELLS) {
      // Memory that hardly fades: nearly as many sweeps as there are chunks.
      Map<String, INDArray> inputs = inputs(cell, 4, 12);
      for (int budget : new int[] {1, 2, 3, 8, 100}) {
        NewtonConfig config =
            Configs.with(
                trusting(), Map.of("trustIterations", budget, "fallback", Fallback.REPORT));
        NonlinearRecurrence recurrence = new NonlinearRecurrence(cell, config, report -> {});
        Tape tape = Tape.detached();
        NonlinearRecurrence.Solution solution =
            recurrence.solve(tape, variables(tape, inputs), null, null, null);
        double error = error(recurrence, inputs, solution.evolution().outputs().value());
        boolean converged = solution.report().converged();
        assertThat(error < SOLVED).as("%s, %s", cell.name(), budget).isEqualTo(converged);
        assertThat(converged).isEqualTo(budget >= 8);
      }
    }
  }

  @Test
  void trustRegion_solvesShortSequences() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, 1.5, 3);
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell, trusting(), report -> {});
      for (int[] lengths : new int[][] {{1, 2, 3}, {16, 17, 0}, {33, 1, 64}}) {
        Tape tape = Tape.detached();
        NonlinearRecurrence.Solution solution =
            recurrence.solve(tape, variables(tape, inputs), null, lengths, null);
        assertThat(solution.report().converged()).isTrue();
        INDArray expected =
            recurrence
                .evolve(tape, Solver.SEQUENTIAL, variables(tape, inputs), null, lengths)
                .outputs()
                .value();
        assertThat(expected.sub(solution.evolution().outputs().value()).amaxNumber().doubleValue())
            .isLessThan(SOLVED);
      }
    }
  }

  @Test
  void trustRegion_dependsOnNoNumberOfThreads() {
    int before = Parallel.threads();
    try {
      for (Cell cell : CELLS) {
        Map<String, INDArray> inputs = inputs(cell, 1.5, 3);
        List<INDArray> trajectories = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
          Parallel.setThreads(threads);
          Tape tape = Tape.detached();
          trajectories.add(
              new NonlinearRecurrence(cell, trusting(), report -> {})
                  .solve(tape, variables(tape, inputs), null, null, null)
                  .trajectory());
        }
        assertThat(trajectories.get(1)).isEqualTo(trajectories.get(0));
        assertThat(trajectories.get(2)).isEqualTo(trajectories.get(0));
      }
    } finally {
      Parallel.setThreads(before);
    }
  }

  @Test
  void sequential_isTheLastResortAndCounted() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, 1.5, 3);
      NewtonConfig config =
          Configs.with(NewtonConfig.standard(), Map.of("iterations", 2, "trustIterations", 1));
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell, config, report -> {});
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, null, null);
      assertThat(solution.report().count(Path.SEQUENTIAL)).isEqualTo(3);
      assertThat(recurrence.stepped()).isEqualTo(3);
      // A cell's own scan adds in another order than its steps.
      assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
          .isLessThan(SOLVED);
      NonlinearRecurrence strict =
          new NonlinearRecurrence(
              cell, Configs.with(config, "fallback", Fallback.FAIL), report -> {});
      assertThatThrownBy(() -> strict.solve(tape, variables(tape, inputs), null, null, null))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(cell.name() + ": Newton's method must converge, got residual")
          .hasMessageContaining("use fallback SEQUENTIAL");
      NonlinearRecurrence open = new NonlinearRecurrence(cell, NewtonConfig.fixed(2), report -> {});
      ConvergenceReport report =
          open.solve(tape, variables(tape, inputs), null, null, null).report();
      assertThat(report.converged()).isFalse();
      assertThat(report.count(Path.UNCONVERGED)).isEqualTo(3);
    }
  }

  @Test
  void divergence_ofOneRow_leavesTheOthersAlone() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = inputs(cell, -0.5, 0.5);
      NonlinearRecurrence recurrence = new NonlinearRecurrence(cell);
      Tape tape = Tape.detached();
      INDArray guess =
          recurrence.solve(tape, variables(tape, inputs), null, null, null).trajectory().dup('c');
      guess.tensorAlongDimension(1, 1, 2).assign(Double.NaN);
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, null, guess);
      assertThat(solution.report().sequences())
          .extracting(ConvergenceReport.Outcome::path)
          .containsExactly(Path.NEWTON, Path.TRUST_REGION, Path.NEWTON);
      assertThat(solution.report().sequences().get(0).iterations()).isEqualTo(1);
      assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
          .isLessThan(SOLVED);
    }
  }

  @Test
  void quasiNewton_solvesDenseCells() {
    int n = 6;
    TapeCell cell = TapeCellTest.elman(n, null);
    SplittableRandom random = new SplittableRandom(3);
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("x", uniform(random, -1, 1, 2, 100, n));
    inputs.put("w", uniform(random, -0.3, 0.3, n, n));
    int[] iterations = new int[2];
    for (Iteration which : new Iteration[] {Iteration.FULL, Iteration.DIAGONAL}) {
      NonlinearRecurrence recurrence =
          new NonlinearRecurrence(
              cell,
              Configs.with(NewtonConfig.standard(), Map.of("jacobian", which, "iterations", 60)),
              report -> {});
      Tape tape = Tape.detached();
      NonlinearRecurrence.Solution solution =
          recurrence.solve(tape, variables(tape, inputs), null, null, null);
      assertThat(solution.report().count(Path.NEWTON)).as("%s", solution.report()).isEqualTo(2);
      assertThat(error(recurrence, inputs, solution.evolution().outputs().value()))
          .isLessThan(SOLVED);
      NonlinearRecurrence trusting =
          new NonlinearRecurrence(cell, Configs.with(trusting(), "jacobian", which), report -> {});
      NonlinearRecurrence.Solution trusted =
          trusting.solve(tape, variables(tape, inputs), null, null, null);
      assertThat(trusted.report().count(Path.TRUST_REGION)).isEqualTo(2);
      assertThat(error(trusting, inputs, trusted.evolution().outputs().value())).isLessThan(SOLVED);
      iterations[which == Iteration.FULL ? 0 : 1] = solution.report().iterations();
    }
    assertThat(iterations[1]).isGreaterThan(iterations[0]);
  }

  @Test
  void gradients_inFloat_equalThoseOfTheSequentialSolver() {
    for (Cell cell : CELLS) {
      Map<String, INDArray> inputs = new LinkedHashMap<>();
      inputs(cell, -0.7, 0.7)
          .forEach((name, value) -> inputs.put(name, value.castTo(DataType.FLOAT)));
      List<Map<String, INDArray>> gradients = new ArrayList<>();
      for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.NEWTON}) {
        Tape tape = Tape.detached();
        Map<String, Variable> variables = variables(tape, inputs);
        Variable y =
            new NonlinearRecurrence(cell).evolve(tape, solver, variables, null, null).outputs();
        tape.backward(Primitives.sum(tape, Primitives.multiply(tape, y, y)));
        Map<String, INDArray> own = new LinkedHashMap<>();
        variables.forEach((name, variable) -> own.put(name, variable.gradient()));
        gradients.add(own);
      }
      gradients
          .get(0)
          .forEach(
              (name, expected) -> {
                double size = expected.amaxNumber().doubleValue();
                double error = gradients.get(1).get(name).sub(expected).amaxNumber().doubleValue();
                // The reference's own figure for float: 2e-7 to 9e-7.
                assertThat(error / size).as(cell.name() + " " + name).isLessThan(1e-6);
              });
    }
  }
}
