package io.sequencezoo.core.dynamics.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ElementwiseRecurrenceTest {
  /** Products of decays in another order than the oracle's. */
  private static final double DOUBLE = 1e-12;

  /** Sixteen thousand roundings that decays of .999 forget after some thousand steps. */
  private static final double LONG_FLOAT = 1e-4;

  private final ElementwiseRecurrence recurrence = new ElementwiseRecurrence();

  static Stream<Arguments> cases() {
    return Stream.of(new int[][] {{1, 1, 1}, {3, 65, 5}, {2, 33, 130}, {1, 300, 70}, {9, 40, 600}})
        .flatMap(
            shape ->
                Stream.of(Solver.SEQUENTIAL, Solver.ASSOCIATIVE_SCAN)
                    .map(solver -> Arguments.of(solver, shape[0], shape[1], shape[2])));
  }

  private static double[] random(long seed, int n, double low, double high) {
    return new SplittableRandom(seed).doubles(n, low, high).toArray();
  }

  /** Outputs, then gradients, by the definition; all as flat arrays. */
  private static final class Oracle {
    private final double[] y;
    private final double[] last;
    private final double[] gx;
    private final double[] ga;
    private final double[] gh;

    Oracle(
        double[] x, double[] a, double[] h, double[] gy, double[] gl, int[] lengths, int t, int d) {
      y = new double[x.length];
      gx = new double[x.length];
      ga = new double[x.length];
      last = h.clone();
      gh = gl.clone();
      for (int b = 0; b < lengths.length; b++) {
        for (int i = 0; i < d; i++) {
          int state = b * d + i;
          for (int s = 0; s < lengths[b]; s++) {
            int at = (b * t + s) * d + i;
            last[state] = a[at] * last[state] + x[at];
            y[at] = last[state];
          }
          for (int s = lengths[b] - 1; s >= 0; s--) {
            int at = (b * t + s) * d + i;
            double before = s == 0 ? h[state] : y[at - d];
            gx[at] = gy[at] + gh[state];
            ga[at] = gx[at] * before;
            gh[state] = gx[at] * a[at];
          }
        }
      }
    }
  }

  private static Variable variable(Tape tape, double[] values, long... shape) {
    return tape.variable(Nd4j.createFromArray(values).reshape('c', shape));
  }

  private static void assertSame(String what, INDArray actual, double[] expected) {
    double[] got = actual.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    assertThat(got).as(what).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(got[i] - expected[i]) <= DOUBLE * (1 + Math.abs(expected[i])))) {
        assertThat(got[i]).as("%s at %s", what, i).isCloseTo(expected[i], within(DOUBLE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputsAndGradients_areTheOracles(Solver solver, int b, int t, int d) {
    double[] x = random(1, b * t * d, -1, 1);
    double[] a = random(2, b * t * d, 0.2, 1);
    double[] h = random(3, b * d, -1, 1);
    double[] gy = random(4, b * t * d, -1, 1);
    double[] gl = random(5, b * d, -1, 1);
    int[] lengths = new SplittableRandom(6).ints(b, 0, t + 1).toArray();
    lengths[0] = t;
    Oracle oracle = new Oracle(x, a, h, gy, gl, lengths, t, d);
    for (boolean log : new boolean[] {false, true}) {
      Tape tape = Tape.detached();
      Variable xs = variable(tape, x, b, t, d);
      double[] decays = a.clone();
      for (int i = 0; log && i < a.length; i++) {
        decays[i] = Math.log(a[i]);
      }
      Variable decay = variable(tape, decays, b, t, d);
      Variable start = variable(tape, h, b, d);
      Evolution evolution =
          recurrence.evolve(
              tape,
              solver,
              Map.of("x", xs, log ? "g" : "a", decay),
              new State(Map.of("h", start), new int[b]),
              lengths);
      assertThat(evolution.state().consumed()).isEqualTo(lengths);
      assertSame("y", evolution.outputs().value(), oracle.y);
      assertSame("h", evolution.state().get("h").value(), oracle.last);
      tape.backward(
          List.of(evolution.outputs(), evolution.state().get("h")),
          List.of(
              Nd4j.createFromArray(gy).reshape('c', b, t, d),
              Nd4j.createFromArray(gl).reshape('c', b, d)));
      double[] gDecay = oracle.ga.clone();
      for (int i = 0; log && i < a.length; i++) {
        gDecay[i] *= a[i];
      }
      assertSame("gx", xs.gradient(), oracle.gx);
      assertSame("gDecay", decay.gradient(), gDecay);
      assertSame("gh", start.gradient(), oracle.gh);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SEQUENTIAL", "ASSOCIATIVE_SCAN"})
  void decaysOfZeroAndOne_areExact(Solver solver) {
    int steps = 100;
    double[] logs = new double[steps];
    logs[37] = Double.NEGATIVE_INFINITY;
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      Tape tape = Tape.detached();
      Variable x = tape.variable(Nd4j.ones(type, 1, steps, 1));
      Variable g = tape.variable(Nd4j.createFromArray(logs).castTo(type).reshape('c', 1, steps, 1));
      Evolution evolution = recurrence.evolve(tape, solver, Map.of("x", x, "g", g), null, null);
      for (int t = 0; t < steps; t++) {
        assertThat(evolution.outputs().value().getDouble(0, t, 0))
            .isEqualTo(t < 37 ? t + 1 : t - 36);
      }
      tape.backward(List.of(evolution.state().get("h")), List.of(Nd4j.ones(type, 1, 1)));
      for (int t = 0; t < steps; t++) {
        assertThat(x.gradient().getDouble(0, t, 0)).isEqualTo(t < 37 ? 0 : 1);
        assertThat(g.gradient().getDouble(0, t, 0)).isEqualTo(t <= 37 ? 0 : t - 37);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "SEQUENTIAL", "ASSOCIATIVE_SCAN"})
  void sixteenThousandSteps_inFloatAreThoseInDouble(Solver solver) {
    int steps = 16384;
    INDArray x = Nd4j.createFromArray(random(1, steps * 3, -1, 1)).reshape('c', 1, steps, 3);
    INDArray a = Nd4j.createFromArray(random(2, steps * 3, .998, 1)).reshape('c', 1, steps, 3);
    INDArray[] y = new INDArray[2];
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      Tape tape = Tape.detached();
      // Both see the decays that float has.
      Variable decay = tape.constant(a.castTo(DataType.FLOAT).castTo(type));
      Variable input = tape.constant(x.castTo(DataType.FLOAT).castTo(type));
      y[type == DataType.FLOAT ? 0 : 1] =
          recurrence
              .evolve(tape, solver, Map.of("x", input, "a", decay), null, null)
              .outputs()
              .value()
              .castTo(DataType.DOUBLE);
    }
    double largest = y[1].amaxNumber().doubleValue();
    assertThat(y[0].sub(y[1]).amaxNumber().doubleValue()).isLessThan(LONG_FLOAT * largest);
  }

  @Test
  void misfits_areRefused() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.ones(DataType.FLOAT, 2, 3, 4));
    Variable narrow = tape.constant(Nd4j.ones(DataType.FLOAT, 2, 3, 5));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, Map.of("x", x), null, null))
        .withMessage("elementwise: coefficients must be x and either a or g, got [x]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> recurrence.evolve(tape, Solver.AUTO, Map.of("x", x, "a", narrow), null, null))
        .withMessage("elementwise decay: D must be 4, got 5 in shape [2, 3, 5]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> recurrence.evolve(tape, Solver.CHUNKED, Map.of("x", x, "a", x), null, null))
        .withMessageStartingWith("elementwise: solver must be AUTO or one of");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                recurrence.evolve(
                    tape, Solver.AUTO, Map.of("x", x, "a", x), null, new int[] {4, 1}))
        .withMessage("elementwise: length of a row must be from 0 to T=3, got 4");
  }
}
