package io.sequencezoo.core.dynamics.nonlinear.dense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Newton's method on trajectories of dense cells against taking one step after the other. */
@Tag("double")
class CellNewtonTest {
  /** The residual that stops the iteration, a few hundred roundings, carried along. */
  private static final double SAME = 1e-10;

  /** Recurrent weights within ±0.4/√H: contracting, as at PyTorch's initialisation. */
  private static final double BENIGN = 0.4 / 1.5;

  @ParameterizedTest
  @EnumSource
  void newton_equalsSequential(CellOracle cell) {
    for (int steps : new int[] {1, 2, 63, 64, 1024, 4096}) {
      CellCase data = new CellCase(cell, 1, steps, 2, null, false).scaled(BENIGN);
      List<ConvergenceReport> reports = new ArrayList<>();
      List<Variable> stepped = run(data, Solver.SEQUENTIAL, NewtonConfig.standard(), reports);
      List<Variable> solved = run(data, Solver.NEWTON, NewtonConfig.standard(), reports);
      assertSame(cell + " T=" + steps, solved, stepped);
      assertThat(reports).hasSize(1);
      assertThat(reports.get(0).count(ConvergenceReport.Path.SEQUENTIAL)).isZero();
    }
  }

  /** What dense cells of more units than a few take: the diagonal alone, more iterations. */
  @ParameterizedTest
  @EnumSource
  void quasiNewton_equalsSequential(CellOracle cell) {
    CellCase data = new CellCase(cell, 2, 64, 4, new int[] {64, 17}, false).scaled(BENIGN);
    NewtonConfig config =
        Configs.with(
            NewtonConfig.standard(),
            Map.of("jacobian", NewtonConfig.Iteration.DIAGONAL, "iterations", 100));
    List<Variable> stepped = run(data, Solver.SEQUENTIAL, config, new ArrayList<>());
    assertSame(cell.name(), run(data, Solver.NEWTON, config, new ArrayList<>()), stepped);
  }

  @ParameterizedTest
  @EnumSource
  void gradients_equalThoseOfTheScan(CellOracle cell) {
    CellCase data = new CellCase(cell, 3, 20, 4, new int[] {20, 0, 7}, false).scaled(BENIGN);
    Map<String, double[]> expected = data.gradients(DataType.DOUBLE);
    Map<String, double[]> solved = data.gradients(DataType.DOUBLE, Solver.NEWTON);
    expected.forEach(
        (name, values) ->
            assertThat(solved.get(name)).as(name).containsExactly(values, within(SAME)));
  }

  private static List<Variable> run(
      CellCase data, Solver solver, NewtonConfig config, List<ConvergenceReport> reports) {
    CellRecurrence recurrence =
        new CellRecurrence(data.cell.layout(), data.cell.heads(), config, reports::add);
    return data.evolve(Tape.detached(), DataType.DOUBLE, new LinkedHashMap<>(), solver, recurrence);
  }

  private static void assertSame(String what, List<Variable> solved, List<Variable> stepped) {
    for (int i = 0; i < stepped.size(); i++) {
      assertThat(solved.get(i).value().dup('c').data().asDouble())
          .as("%s output %s", what, i)
          .containsExactly(stepped.get(i).value().dup('c').data().asDouble(), within(SAME));
    }
  }
}
