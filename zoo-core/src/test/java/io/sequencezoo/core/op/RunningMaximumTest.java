package io.sequencezoo.core.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Poison;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RunningMaximumTest {
  /** A few additions and one exponential of numbers near one. */
  private static final double EXACT = 1e-12;

  private static INDArray random(long seed, double low, double high, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(length, low, high).toArray())
        .reshape('c', shape);
  }

  @Test
  void decaysAndWeights_areThoseOfTheEquation() {
    INDArray x = random(1, -3, 3, 2, 9, 3);
    INDArray l = random(2, -2, 0, 2, 9, 3);
    INDArray m0 = random(3, -1, 1, 2, 3);
    int[] lengths = {9, 4};
    Poison.during(
        () -> {
          Tape tape = Tape.detached();
          Variable[] y =
              RunningMaximum.apply(
                  tape, tape.constant(x), tape.constant(l), tape.constant(m0), lengths);
          for (int b = 0; b < 2; b++) {
            for (int d = 0; d < 3; d++) {
              double m = m0.getDouble(b, d);
              for (int t = 0; t < 9; t++) {
                boolean valid = t < lengths[b];
                double kept = l.getDouble(b, t, d) + m;
                double next = valid ? Math.max(kept, x.getDouble(b, t, d)) : m;
                double[] expected =
                    valid
                        ? new double[] {kept - next, Math.exp(x.getDouble(b, t, d) - next), next}
                        : new double[3];
                for (int i = 0; i < 3; i++) {
                  assertThat(y[i].value().getDouble(b, t, d)).isCloseTo(expected[i], within(EXACT));
                }
                m = next;
              }
              assertThat(y[3].value().getDouble(b, d)).isCloseTo(m, within(EXACT));
            }
          }
        });
  }

  @Test
  void gradients_areCentralDifferences() {
    for (int[] lengths : new int[][] {null, {7, 2}}) {
      GradientCheck.of(
              (tape, in) -> List.of(RunningMaximum.apply(tape, in[0], in[1], in[2], lengths)))
          .input("x", random(4, -3, 3, 2, 7, 2))
          .input("l", random(5, -2, 0, 2, 7, 2))
          .input("m", random(6, -1, 1, 2, 2))
          .run()
          .assertPassed();
    }
  }

  @Test
  void extremeLogits_staySafeInFloat() {
    Tape tape = Tape.detached();
    INDArray x = Nd4j.createFromArray(new float[] {5, 1e4f, -1e4f}).reshape('c', 1, 3, 1);
    INDArray l = Nd4j.zeros(DataType.FLOAT, 1, 3, 1);
    INDArray m0 = Nd4j.createFromArray(new float[] {-1e38f}).reshape('c', 1, 1);
    Variable[] y =
        RunningMaximum.apply(tape, tape.constant(x), tape.constant(l), tape.constant(m0), null);
    assertThat(y[0].value().ravel().toFloatVector()).containsExactly(-1e38f, -9995, 0);
    assertThat(y[1].value().ravel().toFloatVector()).containsExactly(1, 1, 0);
    assertThat(y[3].value().getFloat(0, 0)).isEqualTo(1e4f);
  }

  @Test
  void wrongArguments_areRefused() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.zeros(2, 3, 4));
    Variable flat = tape.constant(Nd4j.zeros(2, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunningMaximum.apply(tape, x, flat, null, null))
        .withMessage(
            "running maximum: logits and log decays must be [B, T, ...] of one shape, got [2, 3,"
                + " 4] and [2, 3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunningMaximum.apply(tape, x, x, flat, null))
        .withMessageContaining("running maximum state");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunningMaximum.apply(tape, x, x, null, new int[3]))
        .withMessage("running maximum: lengths must have one entry per row, got 3 for B=2");
  }
}
