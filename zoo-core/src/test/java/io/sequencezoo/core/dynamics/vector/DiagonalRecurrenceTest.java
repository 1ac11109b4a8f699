package io.sequencezoo.core.dynamics.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Longer than a segment, against loops over time; the contract covers short sequences. */
class DiagonalRecurrenceTest {
  /** Sums of hundreds of terms in another order. */
  private static final double DOUBLE = 1e-11;

  /** The same in float, relative to the largest entry. */
  private static final double FLOAT = 2e-5;

  private static final int BATCH = 3;
  private static final int STEPS = 2 * ComplexScan.SEGMENT + 88;
  private static final int WIDTH = 3;
  private static final int MODES = 5;
  private static final int[] LENGTHS = {STEPS, ComplexScan.SEGMENT, 0};

  private final SplittableRandom random = new SplittableRandom(7);

  private INDArray draw(long... shape) {
    INDArray array = Nd4j.zeros(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextDouble(-1, 1));
    }
    return array;
  }

  /** Coefficients, with modes from quickly forgotten to nearly undamped. */
  private Map<String, INDArray> arrays(int readings) {
    INDArray log = Nd4j.zeros(DataType.DOUBLE, 2, MODES);
    for (int i = 0; i < MODES; i++) {
      log.putScalar(0, i, -Math.pow(10, -i));
      log.putScalar(1, i, 0.6 * i);
    }
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("u", draw(BATCH, STEPS, WIDTH));
    arrays.put("log_lambda", log);
    arrays.put("b", draw(WIDTH, 2 * MODES));
    arrays.put("c", draw(2L * MODES * readings, WIDTH));
    arrays.put("d", draw(WIDTH));
    return arrays;
  }

  private static Map<String, Variable> variables(
      Tape tape, Map<String, INDArray> arrays, DataType type) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    arrays.forEach((name, array) -> variables.put(name, tape.variable(array.castTo(type))));
    return variables;
  }

  /** States of a row, forwards or backwards, by the definition. */
  private static Complex[][] states(
      Map<String, INDArray> arrays, INDArray start, int row, int length, boolean reversed) {
    Complex[] x = new Complex[MODES];
    for (int i = 0; i < MODES; i++) {
      x[i] = new Complex(start.getDouble(row, 0, i), start.getDouble(row, 1, i));
    }
    Complex[][] all = new Complex[length][];
    for (int k = 0; k < length; k++) {
      int t = reversed ? length - 1 - k : k;
      for (int i = 0; i < MODES; i++) {
        INDArray log = arrays.get("log_lambda");
        x[i] = x[i].times(new Complex(log.getDouble(0, i), log.getDouble(1, i)).exp());
        for (int d = 0; d < WIDTH; d++) {
          INDArray b = arrays.get("b");
          Complex write = new Complex(b.getDouble(d, i), b.getDouble(d, MODES + i));
          x[i] = x[i].plus(write.times(arrays.get("u").getDouble(row, t, d)));
        }
      }
      all[t] = x.clone();
    }
    return all;
  }

  private static double output(
      Map<String, INDArray> arrays, Complex[][][] directions, int row, int t, int d) {
    double y = arrays.get("d").getDouble(d) * arrays.get("u").getDouble(row, t, d);
    INDArray c = arrays.get("c");
    for (int direction = 0; direction < directions.length; direction++) {
      for (int i = 0; i < MODES; i++) {
        Complex x = directions[direction][t][i];
        int at = direction * 2 * MODES + i;
        y += c.getDouble(at, d) * x.re() + c.getDouble(at + MODES, d) * x.im();
      }
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "ASSOCIATIVE_SCAN", "AUTO"})
  void solvers_areTheDefinition(Solver solver) {
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      Map<String, INDArray> arrays = arrays(1);
      INDArray start = draw(BATCH, 2, MODES);
      Tape tape = Tape.detached();
      State state = new State(Map.of("x", tape.constant(start.castTo(type))), new int[BATCH]);
      Evolution evolution =
          DiagonalRecurrence.causal()
              .evolve(tape, solver, variables(tape, arrays, type), state, LENGTHS);
      double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
      for (int row = 0; row < BATCH; row++) {
        Complex[][] states = states(arrays, start, row, LENGTHS[row], false);
        for (int t = 0; t < LENGTHS[row]; t++) {
          for (int d = 0; d < WIDTH; d++) {
            double expected = output(arrays, new Complex[][][] {states}, row, t, d);
            assertThat(evolution.outputs().value().getDouble(row, t, d))
                .as("%s row %s t %s", type, row, t)
                .isCloseTo(expected, within(100 * tolerance));
          }
        }
        for (int i = 0; i < MODES; i++) {
          double expected =
              LENGTHS[row] == 0 ? start.getDouble(row, 0, i) : states[LENGTHS[row] - 1][i].re();
          assertThat(evolution.state().get("x").value().getDouble(row, 0, i))
              .isCloseTo(expected, within(100 * tolerance));
        }
      }
      assertThat(evolution.state().consumed()).isEqualTo(LENGTHS);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "ASSOCIATIVE_SCAN"})
  void bidirectional_isTheSumOfBothDirections(Solver solver) {
    Map<String, INDArray> arrays = arrays(2);
    Tape tape = Tape.detached();
    INDArray y =
        DiagonalRecurrence.bidirectional()
            .evolve(tape, solver, variables(tape, arrays, DataType.DOUBLE), null, LENGTHS)
            .outputs()
            .value();
    INDArray zero = Nd4j.zeros(DataType.DOUBLE, BATCH, 2, MODES);
    for (int row = 0; row < BATCH; row++) {
      Complex[][][] both = {
        states(arrays, zero, row, LENGTHS[row], false),
        states(arrays, zero, row, LENGTHS[row], true)
      };
      for (int t = 0; t < LENGTHS[row]; t++) {
        assertThat(y.getDouble(row, t, 1))
            .isCloseTo(output(arrays, both, row, t, 1), within(100 * DOUBLE));
      }
    }
  }

  @Test
  void gradients_ofSegmentsAreThoseOfOneRun() {
    for (boolean bidirectional : new boolean[] {false, true}) {
      Map<String, INDArray> arrays = arrays(bidirectional ? 2 : 1);
      INDArray start = draw(BATCH, 2, MODES);
      INDArray gy = draw(BATCH, STEPS, WIDTH);
      INDArray gx = draw(BATCH, 2, MODES);
      Map<String, INDArray> expected =
          gradients(Solver.SEQUENTIAL, bidirectional, arrays, start, gy, gx);
      Map<String, INDArray> got =
          gradients(Solver.ASSOCIATIVE_SCAN, bidirectional, arrays, start, gy, gx);
      expected.forEach(
          (name, array) ->
              assertThat(got.get(name).distance2(array))
                  .as("%s", name)
                  .isLessThan(DOUBLE * (1 + array.norm2Number().doubleValue())));
    }
  }

  private static Map<String, INDArray> gradients(
      Solver solver,
      boolean bidirectional,
      Map<String, INDArray> arrays,
      INDArray start,
      INDArray gy,
      INDArray gx) {
    Tape tape = Tape.detached();
    Map<String, Variable> variables = variables(tape, arrays, DataType.DOUBLE);
    Variable x = tape.variable(start);
    Map<String, INDArray> gradients = new LinkedHashMap<>();
    if (bidirectional) {
      Evolution evolution =
          DiagonalRecurrence.bidirectional().evolve(tape, solver, variables, null, LENGTHS);
      tape.backward(List.of(evolution.outputs()), List.of(gy));
    } else {
      Evolution evolution =
          DiagonalRecurrence.causal()
              .evolve(tape, solver, variables, new State(Map.of("x", x), new int[BATCH]), LENGTHS);
      tape.backward(List.of(evolution.outputs(), evolution.state().get("x")), List.of(gy, gx));
      gradients.put("x", x.gradient());
    }
    variables.forEach((name, variable) -> gradients.put(name, variable.gradient()));
    return gradients;
  }

  @Test
  void memory_isAsLongAsTheModesAre() {
    // One impulse through a mode of time constant 4000 steps, in float over 16384 steps.
    int steps = 16384;
    INDArray u = Nd4j.zeros(DataType.FLOAT, 1, steps, 1);
    u.putScalar(0, 1);
    double rate = -1 / 4000.0;
    double angle = 0.9;
    for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.ASSOCIATIVE_SCAN}) {
      Tape tape = Tape.detached();
      Map<String, Variable> in = new LinkedHashMap<>();
      in.put("u", tape.constant(u));
      in.put("log_lambda", constant(tape, new float[][] {{(float) rate}, {(float) angle}}));
      in.put("b", constant(tape, new float[][] {{1, 0}}));
      in.put("c", constant(tape, new float[][] {{1}, {0}}));
      INDArray y =
          DiagonalRecurrence.causal().evolve(tape, solver, in, null, null).outputs().value();
      for (int t = 0; t < steps; t += 501) {
        double expected = Math.exp((float) rate * (double) t) * Math.cos((float) angle * t);
        // λ is rounded once and then multiplied up; its error grows while its power shrinks.
        assertThat(y.getDouble(0, t, 0)).as("t=%s", t).isCloseTo(expected, within(1e-4));
      }
    }
  }

  private static Variable constant(Tape tape, float[][] values) {
    return tape.constant(Nd4j.createFromArray(values));
  }

  @Test
  void shapes_areChecked() {
    Tape tape = Tape.detached();
    Map<String, Variable> in = variables(tape, arrays(1), DataType.DOUBLE);
    in.put("b", tape.constant(draw(WIDTH, MODES)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DiagonalRecurrence.causal().evolve(tape, Solver.AUTO, in, null, null))
        .withMessageContaining("diagonal b: N must be 10, got 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DiagonalRecurrence.causal().evolve(tape, Solver.CHUNKED, in, null, null))
        .withMessageContaining("solver must be AUTO or one of");
    assertThat(DiagonalRecurrence.bidirectional()).isNotInstanceOf(CausalRecurrence.class);
  }
}
