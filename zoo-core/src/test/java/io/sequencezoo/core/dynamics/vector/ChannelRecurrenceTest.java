package io.sequencezoo.core.dynamics.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Several chunks, groups of channels and groups of rows, against loops over time. */
class ChannelRecurrenceTest {
  /** Sums of hundreds of terms in another order, for states of up to a hundred. */
  private static final double DOUBLE = 1e-9;

  /** The same in float, over the largest entry. */
  private static final double FLOAT = 1e-5;

  private static final int BATCH = 4;
  private static final int STEPS = 3 * ChannelShape.CHUNK + 21;
  private static final int CHANNELS = 35;
  private static final int MODES = 3;
  private static final int[] LENGTHS = {STEPS, 2 * ChannelShape.CHUNK, 0, 70};

  private final ChannelRecurrence recurrence = new ChannelRecurrence();

  static List<Solver> solvers() {
    return new ChannelRecurrence().solvers().stream().sorted().toList();
  }

  private static INDArray draw(long seed, long... shape) {
    SplittableRandom random = new SplittableRandom(seed);
    INDArray array = Nd4j.zeros(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextDouble(-1, 1));
    }
    return array;
  }

  /** Coefficients, with modes from quickly forgotten to nearly undamped. */
  private static Map<String, INDArray> arrays() {
    INDArray log = Nd4j.zeros(DataType.DOUBLE, CHANNELS, 2, MODES);
    for (int d = 0; d < CHANNELS; d++) {
      for (int i = 0; i < MODES; i++) {
        log.putScalar(new int[] {d, 0, i}, -Math.pow(10, -i) * (1 + d));
        log.putScalar(new int[] {d, 1, i}, 0.3 * d * i);
      }
    }
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("u", draw(1, BATCH, STEPS, CHANNELS));
    arrays.put("log_lambda", log);
    arrays.put("w", draw(2, CHANNELS, 2, MODES));
    arrays.put("d", draw(3, CHANNELS));
    return arrays;
  }

  private static Map<String, Variable> variables(
      Tape tape, Map<String, INDArray> arrays, DataType type) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    arrays.forEach((name, array) -> variables.put(name, tape.variable(array.castTo(type))));
    return variables;
  }

  /** Outputs of a channel of a row; leaves the last state in x. */
  private static double[] oracle(Map<String, INDArray> in, Complex[] x, int row, int d, int n) {
    double[] y = new double[n];
    for (int t = 0; t < n; t++) {
      double u = in.get("u").getDouble(row, t, d);
      y[t] = in.get("d").getDouble(d) * u;
      for (int i = 0; i < MODES; i++) {
        INDArray log = in.get("log_lambda");
        Complex lambda = new Complex(log.getDouble(d, 0, i), log.getDouble(d, 1, i)).exp();
        x[i] = lambda.times(x[i]).plus(new Complex(u, 0));
        INDArray w = in.get("w");
        y[t] += new Complex(w.getDouble(d, 0, i), w.getDouble(d, 1, i)).times(x[i]).re();
      }
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("solvers")
  void solvers_areTheDefinition(Solver solver) {
    Map<String, INDArray> arrays = arrays();
    INDArray start = draw(4, BATCH, CHANNELS, 2, MODES);
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      Tape tape = Tape.detached();
      State state = new State(Map.of("x", tape.constant(start.castTo(type))), new int[BATCH]);
      Evolution evolution =
          recurrence.evolve(tape, solver, variables(tape, arrays, type), state, LENGTHS);
      INDArray y = evolution.outputs().value();
      INDArray last = evolution.state().get("x").value();
      double tolerance = type == DataType.DOUBLE ? DOUBLE : 100 * FLOAT;
      for (int row = 0; row < BATCH; row++) {
        for (int d = 0; d < CHANNELS; d += 17) {
          Complex[] x = new Complex[MODES];
          for (int i = 0; i < MODES; i++) {
            x[i] = new Complex(start.getDouble(row, d, 0, i), start.getDouble(row, d, 1, i));
          }
          double[] expected = oracle(arrays, x, row, d, LENGTHS[row]);
          for (int t = 0; t < STEPS; t++) {
            assertThat(y.getDouble(row, t, d, 0))
                .as("%s row %s t %s channel %s", type, row, t, d)
                .isCloseTo(t < LENGTHS[row] ? expected[t] : 0, within(tolerance));
          }
          for (int i = 0; i < MODES; i++) {
            assertThat(last.getDouble(row, d, 0, i)).isCloseTo(x[i].re(), within(tolerance));
            assertThat(last.getDouble(row, d, 1, i)).isCloseTo(x[i].im(), within(tolerance));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("solvers")
  void gradients_areThoseOfTheRecurrence(Solver solver) {
    INDArray start = draw(4, BATCH, CHANNELS, 2, MODES);
    Map<String, INDArray> expected = gradients(Solver.SEQUENTIAL, DataType.DOUBLE, start, true);
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      Map<String, INDArray> got = gradients(solver, type, start, true);
      double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
      expected.forEach(
          (name, array) ->
              assertThat(
                      got.get(name)
                          .castTo(DataType.DOUBLE)
                          .sub(array)
                          .normmaxNumber()
                          .doubleValue())
                  .as("%s %s", type, name)
                  .isLessThan(tolerance * array.normmaxNumber().doubleValue()));
    }
  }

  @ParameterizedTest
  @MethodSource("solvers")
  void gradients_dontDependOnWhetherThatOfTheFirstStateIsWanted(Solver solver) {
    for (double scale : new double[] {0, 1}) {
      INDArray start = draw(4, BATCH, CHANNELS, 2, MODES).mul(scale);
      Map<String, INDArray> wanted = gradients(solver, DataType.DOUBLE, start, true);
      Map<String, INDArray> unwanted = gradients(solver, DataType.DOUBLE, start, false);
      assertThat(unwanted.remove("x")).isNull();
      unwanted.forEach((name, array) -> assertThat(array).as(name).isEqualTo(wanted.get(name)));
    }
  }

  private Map<String, INDArray> gradients(
      Solver solver, DataType type, INDArray start, boolean startWanted) {
    Tape tape = Tape.detached();
    Map<String, Variable> variables = variables(tape, arrays(), type);
    INDArray given = start.castTo(type);
    Variable x = startWanted ? tape.variable(given) : tape.constant(given);
    Evolution evolution =
        recurrence.evolve(
            tape, solver, variables, new State(Map.of("x", x), new int[BATCH]), LENGTHS);
    tape.backward(
        List.of(evolution.outputs(), evolution.state().get("x")),
        List.of(
            draw(5, BATCH, STEPS, CHANNELS, 1).castTo(type),
            draw(6, BATCH, CHANNELS, 2, MODES).castTo(type)));
    Map<String, INDArray> gradients = new LinkedHashMap<>();
    gradients.put("x", x.gradient());
    variables.forEach((name, variable) -> gradients.put(name, variable.gradient()));
    return gradients;
  }

  @ParameterizedTest
  @MethodSource("solvers")
  void memory_isAsLongAsTheModesAre(Solver solver) {
    // One impulse through a mode of time constant 4000 steps, in float over 16384 steps.
    int steps = 16384;
    INDArray u = Nd4j.zeros(DataType.FLOAT, 1, steps, 1);
    u.putScalar(0, 1);
    float rate = (float) (-1 / 4000.0);
    float angle = 0.9f;
    Tape tape = Tape.detached();
    Map<String, Variable> in = new LinkedHashMap<>();
    in.put("u", tape.constant(u));
    in.put("log_lambda", tape.constant(Nd4j.createFromArray(new float[][][] {{{rate}, {angle}}})));
    in.put("w", tape.constant(Nd4j.createFromArray(new float[][][] {{{1}, {0}}})));
    INDArray y = recurrence.evolve(tape, solver, in, null, null).outputs().value();
    for (int t = 0; t < steps; t += 501) {
      double expected = Math.exp(rate * (double) t) * Math.cos((double) angle * t);
      // λ, or its power over a chunk, is rounded once and then multiplied up.
      assertThat(y.getDouble(0, t, 0, 0)).as("t=%s", t).isCloseTo(expected, within(1e-4));
    }
  }

  @Test
  void shapes_areChecked() {
    Tape tape = Tape.detached();
    Map<String, Variable> in = variables(tape, arrays(), DataType.DOUBLE);
    in.put("w", tape.constant(draw(1, CHANNELS, 2, MODES + 1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, in, null, null))
        .withMessageContaining("channel_diagonal w: N must be 3, got 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recurrence.evolve(tape, Solver.NEWTON, in, null, null))
        .withMessageContaining("solver must be AUTO or one of");
  }
}
