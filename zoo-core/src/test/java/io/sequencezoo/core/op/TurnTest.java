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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Running angles, and what they turn. */
class TurnTest {
  /** A few sums and products of numbers near one. */
  private static final double EXACT = 1e-12;

  private static INDArray random(long seed, double size, long... shape) {
    long length = 1;
    for (long each : shape) {
      length *= each;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(length, -size, size).toArray())
        .reshape('c', shape);
  }

  @Test
  void angles_areSumsWithoutWholeTurns() {
    INDArray x = random(1, 3, 2, 9, 2, 3);
    INDArray start = random(2, 9, 2, 2, 3);
    int[] lengths = {9, 4};
    Poison.during(
        () -> {
          Tape tape = Tape.detached();
          Variable[] y = RunningAngle.apply(tape, tape.constant(x), tape.constant(start), lengths);
          for (int b = 0; b < 2; b++) {
            double sum = start.getDouble(b, 1, 2);
            for (int t = 0; t < lengths[b]; t++) {
              sum += x.getDouble(b, t, 1, 2);
              double angle = y[0].value().getDouble(b, t, 1, 2);
              assertThat(angle).isBetween(0.0, 2 * Math.PI);
              assertThat(Math.cos(angle)).isCloseTo(Math.cos(sum), within(EXACT));
              assertThat(Math.sin(angle)).isCloseTo(Math.sin(sum), within(EXACT));
            }
            assertThat(Math.cos(y[1].value().getDouble(b, 1, 2)))
                .isCloseTo(Math.cos(sum), within(EXACT));
          }
          assertThat(y[0].value().getDouble(1, 5, 0, 0)).isZero();
        });
  }

  @Test
  void turn_movesPairsAndKeepsTheRest() {
    INDArray x = random(3, 1, 2, 3, 2, 5);
    INDArray angles = random(4, 4, 2, 3, 2, 2);
    Tape tape = Tape.detached();
    INDArray y = Turn.apply(tape, tape.constant(x), tape.constant(angles)).value();
    for (int j = 0; j < 2; j++) {
      double cos = Math.cos(angles.getDouble(1, 2, 1, j));
      double sin = Math.sin(angles.getDouble(1, 2, 1, j));
      double u = x.getDouble(1, 2, 1, 2 * j);
      double v = x.getDouble(1, 2, 1, 2 * j + 1);
      assertThat(y.getDouble(1, 2, 1, 2 * j)).isCloseTo(u * cos - v * sin, within(EXACT));
      assertThat(y.getDouble(1, 2, 1, 2 * j + 1)).isCloseTo(u * sin + v * cos, within(EXACT));
    }
    assertThat(y.getDouble(1, 2, 1, 4)).isEqualTo(x.getDouble(1, 2, 1, 4));
  }

  @Test
  void gradients_areCentralDifferences() {
    GradientCheck.of((tape, in) -> List.of(Turn.apply(tape, in[0], in[1])))
        .input("x", random(5, 1, 2, 3, 2, 5))
        .input("angles", random(6, 4, 2, 3, 2, 2))
        .run()
        .assertPassed();
    for (int[] lengths : new int[][] {null, {5, 2}}) {
      GradientCheck.of((tape, in) -> List.of(RunningAngle.apply(tape, in[0], in[1], lengths)))
          .input("x", random(7, .3, 2, 5, 2, 3))
          .input("start", random(8, .3, 2, 2, 3).add(3))
          .run()
          .assertPassed();
    }
  }

  @Test
  void shapes_areChecked() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.zeros(2, 3, 2, 5));
    Variable angles = tape.constant(Nd4j.zeros(2, 3, 2, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Turn.apply(tape, x, angles))
        .withMessage(
            "turn: features must be at least twice the angles, got [2, 3, 2, 5] and [2, 3, 2, 3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunningAngle.apply(tape, x, angles, null))
        .withMessageContaining("running angle state");
  }
}
