package io.sequencezoo.core.dynamics.nonlinear.dense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Every cell against plain loops over its equations. */
class CellRecurrenceTest {
  /** Both sides sum the same few hundred products in double. */
  private static final double DOUBLE = 1e-12;

  /** The design's tolerance for single precision. */
  private static final double FLOAT = 1e-4;

  /** Central differences with step 1e-5 leave a relative error of about 1e-10 over |f| / |f'|. */
  private static final double DIFFERENCES = 1e-7;

  private static final double STEP = 1e-5;

  @ParameterizedTest
  @EnumSource
  void evolve_equalsLoops(CellOracle cell) {
    int[][] sizes = {{1, 1, 2}, {3, 7, 6}, {5, 4, 4}, {9, 6, 18}, {2, 1, 4}, {1, 33, 2}};
    for (int[] size : sizes) {
      for (boolean masked : new boolean[] {false, true}) {
        CellCase data = new CellCase(cell, size[0], size[1], size[2], null, masked);
        double[] expected = data.oracle();
        assertThat(data.run(DataType.DOUBLE)).containsExactly(expected, within(DOUBLE));
        assertThat(data.run(DataType.FLOAT)).containsExactly(expected, within(FLOAT));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void evolve_stopsRowsAtTheirLength(CellOracle cell) {
    CellCase data = new CellCase(cell, 5, 6, 4, new int[] {6, 0, 3, 1, 5}, false);
    assertThat(data.run(DataType.DOUBLE)).containsExactly(data.oracle(), within(DOUBLE));
  }

  @ParameterizedTest
  @EnumSource
  void pullback_equalsDifferencesOfTheLoops(CellOracle cell) {
    for (int[] lengths : new int[][] {null, {4, 0, 2}}) {
      CellCase data = new CellCase(cell, 3, 4, 4, lengths, lengths == null);
      Map<String, double[]> gradients = data.gradients(DataType.DOUBLE);
      assertThat(gradients.keySet()).isEqualTo(data.inputs.keySet());
      data.inputs.forEach(
          (name, values) ->
              assertThat(gradients.get(name))
                  .as(name)
                  .containsExactly(differences(data, values), within(DIFFERENCES)));
    }
  }

  private static double[] differences(CellCase data, double[] input) {
    double[] result = new double[input.length];
    for (int i = 0; i < input.length; i++) {
      double saved = input[i];
      input[i] = saved + STEP;
      double above = data.loss();
      input[i] = saved - STEP;
      result[i] = (above - data.loss()) / (2 * STEP);
      input[i] = saved;
    }
    return result;
  }

  /** At 128 units threads share the units of a row; at 18 they don't. */
  @ParameterizedTest
  @EnumSource
  void pullback_sameBitsForAnyThreadsAndPoison(CellOracle cell) {
    CellCase[] cases = {
      new CellCase(cell, 9, 5, 18, new int[] {5, 4, 3, 2, 1, 0, 5, 5, 2}, true),
      new CellCase(cell, 2, 4, 128, new int[] {4, 2}, false)
    };
    int before = Parallel.threads();
    for (CellCase data : cases) {
      try {
        Parallel.setThreads(1);
        Map<String, double[]> reference = data.gradients(DataType.FLOAT);
        for (int threads = 1; threads <= 3; threads++) {
          Parallel.setThreads(threads);
          Map<String, double[]> again = new LinkedHashMap<>();
          Poison.during(() -> again.putAll(data.gradients(DataType.FLOAT)));
          reference.forEach(
              (name, values) -> assertThat(again.get(name)).as(name).containsExactly(values));
        }
      } finally {
        Parallel.setThreads(before);
      }
    }
  }

  /** The scan with shared units against the loops. */
  @ParameterizedTest
  @EnumSource
  void evolve_equalsLoopsWhereThreadsShareUnits(CellOracle cell) {
    CellCase data = new CellCase(cell, 2, 9, 128, null, true);
    assertThat(data.run(DataType.FLOAT)).containsExactly(data.oracle(), within(FLOAT));
  }

  @ParameterizedTest
  @EnumSource
  void step_equalsLoops(CellOracle cell) {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      CellCase data = new CellCase(cell, 2, 5, 6, null, true);
      double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
      Tape tape = Tape.detached();
      Map<String, Variable> leaves = new LinkedHashMap<>();
      data.evolve(tape, type, leaves);
      State state = data.state(leaves);
      double[] expected = data.oracle();
      int driven = data.cell.layout().inputGates() * 6;
      for (int t = 0; t < 5; t++) {
        double[] token = new double[2 * driven];
        for (int b = 0; b < 2; b++) {
          System.arraycopy(data.inputs.get("x"), (b * 5 + t) * driven, token, b * driven, driven);
        }
        Map<String, Variable> coefficients = data.coefficients(tape, type, leaves);
        coefficients.put("x", tape.constant(data.array(token, type, 2, 1, driven)));
        Recurrence.Evolution next = cell.recurrence().step(tape, coefficients, state);
        state = next.state();
        for (int b = 0; b < 2; b++) {
          for (int j = 0; j < 6; j++) {
            assertThat(next.outputs().value().getDouble(b, 0, j))
                .isCloseTo(expected[(b * 5 + t) * 6 + j], within(tolerance));
          }
        }
      }
      assertThat(state.consumed()).containsExactly(5, 5);
      assertThat(state.bytesPerRow())
          .isEqualTo((long) cell.layout().parts().size() * 6 * type.width());
    }
  }

  @ParameterizedTest
  @EnumSource
  void linearize_reproducesOutputsAndItsTransitionIsTheJacobian(CellOracle cell) {
    CellCase data = new CellCase(cell, 2, 4, 4, null, true);
    LinearSystem system = linearize(data, 1);
    double[][] outputs = system.simulate(system.inputs());
    double[] expected = data.oracle();
    for (int t = 0; t < 4; t++) {
      for (int j = 0; j < 4; j++) {
        assertThat(outputs[t][j]).isCloseTo(expected[(4 + t) * 4 + j], within(DOUBLE));
      }
    }
    CellCase one = new CellCase(cell, 1, 1, 4, null, true);
    double[][] jacobian = linearize(one, 0).transition(0).toDense();
    int parts = cell.layout().parts().size();
    for (int p = 0; p < parts * 4; p++) {
      double[] state = one.inputs.get("state " + cell.layout().parts().get(p / 4));
      double saved = state[p % 4];
      state[p % 4] = saved + STEP;
      double[] above = one.oracle();
      state[p % 4] = saved - STEP;
      double[] below = one.oracle();
      state[p % 4] = saved;
      for (int q = 0; q < parts * 4; q++) {
        // The oracle returns y first, then the parts.
        assertThat(jacobian[q][p])
            .isCloseTo((above[4 + q] - below[4 + q]) / (2 * STEP), within(DIFFERENCES));
      }
    }
  }

  private static LinearSystem linearize(CellCase data, int row) {
    Tape tape = Tape.detached();
    Map<String, Variable> leaves = new LinkedHashMap<>();
    data.evolve(tape, DataType.DOUBLE, leaves);
    return data.cell
        .recurrence()
        .linearize(data.coefficients(tape, DataType.DOUBLE, leaves), data.state(leaves), row, 0);
  }

  /** sLSTM's stabiliser keeps gates finite that would overflow or vanish without it. */
  @Test
  void slstm_staysFiniteWithExtremeGates() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      for (double size : new double[] {-2000, 2000}) {
        Tape tape = Tape.detached();
        Variable x = tape.variable(Nd4j.zeros(type, 1, 6, 16).addi(size));
        Variable w = tape.variable(Nd4j.zeros(type, 4, 16).addi(0.1));
        Recurrence.Evolution evolution =
            new CellRecurrence(CellLayout.slstm())
                .evolve(tape, Solver.AUTO, Map.of("x", x, "w", w), null, null);
        tape.backward(
            java.util.List.of(evolution.outputs()), java.util.List.of(Nd4j.ones(type, 1, 6, 4)));
        assertThat(evolution.outputs().value().isNaN().any()).isFalse();
        assertThat(x.gradient().isNaN().any()).isFalse();
        assertThat(w.gradient().isNaN().any()).isFalse();
      }
    }
  }

  @Test
  void evolve_refusesWrongShapesAndSolvers() {
    CellRecurrence lstm = new CellRecurrence(CellLayout.lstm());
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 3, 8));
    Variable w = tape.constant(Nd4j.zeros(DataType.DOUBLE, 3, 12));
    assertThatThrownBy(() -> lstm.evolve(tape, Solver.AUTO, Map.of("x", x, "w", w), null, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("lstm: G must be 12, got 8 in shape [2, 3, 8]");
    Variable w2 = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 8));
    assertThatThrownBy(() -> lstm.evolve(tape, Solver.CHUNKED, Map.of("x", x, "w", w2), null, null))
        .hasMessage("lstm: solver must be AUTO or one of [SEQUENTIAL, NEWTON], got CHUNKED");
    assertThatThrownBy(() -> lstm.evolve(tape, Solver.AUTO, Map.of("x", x), null, null))
        .hasMessage("lstm: needs coefficient w, got [x]");
    CellRecurrence heads = new CellRecurrence(CellLayout.slstm(), 3);
    assertThatThrownBy(() -> heads.evolve(tape, Solver.AUTO, Map.of("x", x, "w", w2), null, null))
        .hasMessage("slstm: hidden 2 must be divisible by heads 3");
    CellRecurrence peephole = new CellRecurrence(CellLayout.peepholeLstm());
    assertThatThrownBy(
            () -> peephole.evolve(tape, Solver.AUTO, Map.of("x", x, "w", w2), null, null))
        .hasMessageStartingWith("lstm: needs coefficient p, got [");
    assertThatThrownBy(() -> CellLayout.highway(0))
        .hasMessage("rhn: depth must be at least 1, got 0");
  }

  @Test
  void newton_takesNoMask() {
    CellCase data = new CellCase(CellOracle.LSTM, 1, 3, 4, null, true);
    assertThatThrownBy(
            () ->
                data.evolve(Tape.detached(), DataType.DOUBLE, new LinkedHashMap<>(), Solver.NEWTON))
        .hasMessage(
            "lstm: NEWTON takes no mask of the state; set dropout.state to 0 or use SEQUENTIAL");
  }
}
