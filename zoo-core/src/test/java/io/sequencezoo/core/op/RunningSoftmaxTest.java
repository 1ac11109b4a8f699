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

class RunningSoftmaxTest {
  /** A few additions and logarithms of numbers near one. */
  private static final double EXACT = 1e-12;

  private static INDArray random(long seed, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(length, -3, 3).toArray())
        .reshape('c', shape);
  }

  @Test
  void weights_areThoseOfASoftmaxOverTime() {
    INDArray x = random(1, 2, 9, 3);
    int[] lengths = {9, 4};
    Poison.during(
        () -> {
          Tape tape = Tape.detached();
          Variable[] y = RunningSoftmax.apply(tape, tape.constant(x), null, lengths);
          for (int b = 0; b < 2; b++) {
            for (int d = 0; d < 3; d++) {
              double sum = 0;
              for (int t = 0; t < lengths[b]; t++) {
                double e = Math.exp(x.getDouble(b, t, d));
                double before = sum;
                sum += e;
                assertThat(Math.exp(y[0].value().getDouble(b, t, d)))
                    .isCloseTo(before / sum, within(EXACT));
                assertThat(y[1].value().getDouble(b, t, d)).isCloseTo(e / sum, within(EXACT));
              }
              assertThat(y[2].value().getDouble(b, d)).isCloseTo(Math.log(sum), within(EXACT));
            }
          }
        });
  }

  @Test
  void extremeLogits_staySafeInFloat() {
    Tape tape = Tape.detached();
    INDArray x = Nd4j.createFromArray(new float[] {-1e4f, 1e4f, -1e4f}).reshape('c', 1, 3, 1);
    Variable[] y = RunningSoftmax.apply(tape, tape.constant(x), null, null);
    assertThat(y[1].value().ravel().toFloatVector()).containsExactly(1, 1, 0);
    assertThat(y[0].value().ravel().toFloatVector())
        .containsExactly(Float.NEGATIVE_INFINITY, -2e4f, 0);
    assertThat(y[2].value().getFloat(0, 0)).isEqualTo(1e4f);
  }

  /** Before the first token there is nothing, but NaN isn't all of it. */
  @Test
  void nanLogits_haveNaNWeights() {
    Tape tape = Tape.detached();
    INDArray x = Nd4j.createFromArray(Double.NaN, 1).reshape('c', 1, 2, 1);
    for (Variable y : RunningSoftmax.apply(tape, tape.constant(x), null, null)) {
      assertThat(y.value().ravel().toDoubleVector()).containsOnly(Double.NaN);
    }
  }

  @Test
  void gradients_areCentralDifferences() {
    for (int[] lengths : new int[][] {null, {5, 3}}) {
      GradientCheck.of((tape, in) -> List.of(RunningSoftmax.apply(tape, in[0], in[1], lengths)))
          .input("x", random(2, 2, 5, 2, 3))
          .input("z", random(3, 2, 2, 3))
          .run()
          .assertPassed();
    }
  }

  @Test
  void gradientsWithoutState_areCentralDifferences() {
    // The first log decay is minus infinity and has no differences: the rest has.
    GradientCheck.of(
            (tape, in) -> {
              Variable[] y = RunningSoftmax.apply(tape, in[0], null, null);
              return List.of(y[1], y[2]);
            })
        .input("x", random(4, 2, 6, 5))
        .run()
        .assertPassed();
  }

  @Test
  void shapes_areChecked() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 3, 2, 4));
    Variable z = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 2, 5));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunningSoftmax.apply(tape, x, z, null))
        .withMessage("running softmax state: K must be 4, got 5 in shape [2, 2, 5]");
  }
}
