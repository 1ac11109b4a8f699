package io.sequencezoo.core.dynamics.nonlinear;

import static io.sequencezoo.core.dynamics.nonlinear.NonlinearRecurrenceTest.evolve;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Cells that are one method: structures found, solved by both solvers, differentiated. */
@Tag("double")
class TapeCellTest {
  /** Rounding over thousands of contractive steps in double. */
  private static final double TOLERANCE = 1e-11;

  /** Leaky integrate-and-fire with a smooth spike, as documented in docs/cells.md. */
  static TapeCell leakyIntegrateAndFire(int neurons) {
    return TapeCell.named("lif")
        .state("v", neurons)
        .state("s", neurons)
        .output()
        .parameters("leak", "threshold")
        .step(
            (tape, h, x, theta) -> {
              Variable[] parts = Primitives.split(tape, h, 1, neurons, neurons);
              Variable leak = Primitives.map(tape, Unary.SIGMOID, theta.get("leak"));
              Variable silent = Primitives.affine(tape, -1, parts[1], 1);
              Variable kept = Primitives.multiply(tape, parts[0], silent);
              Variable v = Primitives.add(tape, Primitives.multiply(tape, leak, kept), x);
              Variable over = Primitives.subtract(tape, v, theta.get("threshold"));
              Variable s = Primitives.map(tape, Unary.SIGMOID, Primitives.affine(tape, 4, over, 0));
              return Primitives.concat(tape, 1, v, s);
            });
  }

  static TapeCell elman(int n, JacobianStructure declared) {
    return TapeCell.named("elman")
        .state("h", n)
        .parameters("w")
        .structure(declared)
        .step(
            (tape, h, x, theta) ->
                Primitives.map(
                    tape,
                    Unary.TANH,
                    Primitives.add(tape, Primitives.matmul(tape, h, theta.get("w")), x)));
  }

  private static TapeCell decay(int n) {
    return TapeCell.named("decay")
        .state("h", n)
        .parameters("a")
        .step(
            (tape, h, x, theta) ->
                Primitives.map(
                    tape,
                    Unary.TANH,
                    Primitives.add(tape, Primitives.multiply(tape, h, theta.get("a")), x)));
  }

  private static INDArray random(long seed, double scale, long... shape) {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    double[] values = new SplittableRandom(seed).doubles(n, -scale, scale).toArray();
    return Nd4j.createFromArray(values).reshape('c', shape);
  }

  private static Map<String, INDArray> inputs(TapeCell cell, int batch, int steps, int n) {
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    inputs.put("x", random(1, 1.5, batch, steps, n));
    for (String parameter : cell.parameters()) {
      inputs.put(
          parameter,
          parameter.equals("w") ? random(2, 0.5, n, n) : random(parameter.hashCode(), 0.9, n));
    }
    return inputs;
  }

  @Test
  void structure_isFoundByProbing() {
    assertThat(shape(decay(3), 3).structure()).isEqualTo(JacobianStructure.DIAGONAL);
    assertThat(shape(elman(3, null), 3).structure()).isEqualTo(JacobianStructure.DENSE);
    CellShape lif = shape(leakyIntegrateAndFire(3), 3);
    assertThat(lif.structure()).isEqualTo(JacobianStructure.BLOCKS);
    assertThat(lif.blocks()).isEqualTo(2);
  }

  private static CellShape shape(TapeCell cell, int n) {
    Map<String, INDArray> inputs = inputs(cell, 1, 1, n);
    // Zero at initialisation: the structure must not be taken from it.
    inputs.values().forEach(value -> value.muli(0));
    return cell.shape(n, inputs);
  }

  @Test
  void structure_isVerifiedWhereDeclared() {
    assertThatThrownBy(() -> shape(elman(3, JacobianStructure.DIAGONAL), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "cell elman: Jacobian must be DIAGONAL as declared, got number 0 of the next state"
                + " depending on number 1 of the last; declare DENSE, or nothing");
  }

  @Test
  void step_mustKeepRowsApartAndShapes() {
    TapeCell mixing =
        TapeCell.named("mixing")
            .state("h", 2)
            .step(
                (tape, h, x, theta) ->
                    Primitives.add(
                        tape,
                        x,
                        Primitives.expand(tape, Primitives.mean(tape, h, 0, true), h.shape())));
    assertThatThrownBy(() -> mixing.shape(2, Map.of()))
        .hasMessageContaining("cell mixing: row i of the next states must depend on row i");
    TapeCell wrong = TapeCell.named("wrong").state("h", 2).step((tape, h, x, theta) -> x);
    assertThatThrownBy(() -> wrong.shape(3, Map.of()))
        .hasMessageContaining("cell wrong: step must return states [N, d] like h");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 1024, 4096})
  void newton_equalsSequential(int steps) {
    int n = 3;
    List<TapeCell> cells = List.of(leakyIntegrateAndFire(n), elman(n, null), decay(n));
    // Stepping through the longest takes a second and more for each cell.
    for (TapeCell cell : steps > 1024 ? cells.subList(0, 1) : cells) {
      Map<String, INDArray> inputs = inputs(cell, 2, steps, n);
      int[] lengths = {steps, (steps + 1) / 2};
      Tape tape = Tape.detached();
      double[] stepped =
          evolve(tape, cell, Solver.SEQUENTIAL, inputs, lengths)
              .outputs()
              .value()
              .data()
              .asDouble();
      double[] solved =
          evolve(tape, cell, Solver.NEWTON, inputs, lengths).outputs().value().data().asDouble();
      assertThat(solved).as(cell.name()).containsExactly(stepped, within(TOLERANCE));
    }
  }

  @Test
  void auto_solvesLongSequencesByNewton() {
    assertThat(decay(3).fastest(shape(decay(3), 3), 16)).isEqualTo(Solver.SEQUENTIAL);
    assertThat(decay(3).fastest(shape(decay(3), 3), 17)).isEqualTo(Solver.NEWTON);
    TapeCell dense = elman(3, null);
    assertThat(dense.fastest(shape(dense, 3), 48)).isEqualTo(Solver.SEQUENTIAL);
    assertThat(dense.fastest(shape(dense, 3), 49)).isEqualTo(Solver.NEWTON);
  }

  @Test
  void leakyIntegrateAndFire_equalsItsEquations() {
    int n = 3;
    int steps = 20;
    Map<String, INDArray> inputs = inputs(leakyIntegrateAndFire(n), 1, steps, n);
    INDArray y =
        evolve(Tape.detached(), leakyIntegrateAndFire(n), Solver.NEWTON, inputs, null)
            .outputs()
            .value();
    for (int j = 0; j < n; j++) {
      double v = 0;
      double s = 0;
      for (int t = 0; t < steps; t++) {
        double leak = 1 / (1 + Math.exp(-inputs.get("leak").getDouble(j)));
        v = leak * v * (1 - s) + inputs.get("x").getDouble(0, t, j);
        s = 1 / (1 + Math.exp(-4 * (v - inputs.get("threshold").getDouble(j))));
        assertThat(y.getDouble(0, t, j)).isCloseTo(s, within(TOLERANCE));
      }
    }
  }

  @Test
  void gradients_equalDifferences() {
    int n = 2;
    for (TapeCell cell : List.of(leakyIntegrateAndFire(n), elman(n, null))) {
      for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.NEWTON}) {
        Map<String, INDArray> inputs = inputs(cell, 2, 6, n);
        List<String> names = new ArrayList<>(inputs.keySet());
        List<String> parts = cell.name().equals("lif") ? List.of("v", "s") : List.of("h");
        GradientCheck check =
            GradientCheck.of((tape, in) -> outputs(tape, cell, solver, names, parts, in));
        names.forEach(name -> check.input(name, inputs.get(name)));
        parts.forEach(part -> check.input(part, random(part.hashCode(), 1, 2, n)));
        check.run().assertPassed();
      }
    }
  }

  private static List<Variable> outputs(
      Tape tape,
      TapeCell cell,
      Solver solver,
      List<String> names,
      List<String> parts,
      Variable[] in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    Map<String, Variable> state = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      coefficients.put(names.get(i), in[i]);
    }
    for (int i = 0; i < parts.size(); i++) {
      state.put(parts.get(i), in[names.size() + i]);
    }
    Evolution evolution =
        new NonlinearRecurrence(cell)
            .evolve(tape, solver, coefficients, new State(state, new int[2]), new int[] {6, 4});
    List<Variable> outputs = new ArrayList<>(evolution.state().parts().values());
    outputs.add(evolution.outputs());
    return outputs;
  }
}
