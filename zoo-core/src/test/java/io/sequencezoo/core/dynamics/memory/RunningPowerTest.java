package io.sequencezoo.core.dynamics.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The power sums against matrices that are there, and their differences. */
@Tag("double")
class RunningPowerTest {
  private static final int STEPS = 5;
  private static final int IN = 3;
  private static final int OUT = 4;

  private final INDArray a = random(1, 0, 1, 2, 2, STEPS, 1);
  private final INDArray x = random(2, -1, 1, 2, 2, STEPS, IN);
  private final INDArray d = random(3, -1, 1, 2, 2, STEPS, OUT);
  private final INDArray start = random(4, -1, 1, 2, 2, IN, OUT);

  private static INDArray random(long seed, double low, double high, long... shape) {
    long n = 1;
    for (long size : shape) {
      n *= size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(n, low, high).toArray())
        .reshape('c', shape);
  }

  @ParameterizedTest
  @ValueSource(doubles = {2.5, 3, 4})
  void powers_areThoseOfTheMatrices(double q) {
    Tape tape = Tape.detached();
    INDArray powers =
        RunningPower.run(
                tape, tape.constant(a), tape.constant(x), tape.constant(d), tape.constant(start), q)
            .value();
    for (int b = 0; b < 2; b++) {
      for (int h = 0; h < 2; h++) {
        double[][] matrix = new double[IN][OUT];
        for (int i = 0; i < IN; i++) {
          for (int j = 0; j < OUT; j++) {
            matrix[i][j] = start.getDouble(b, h, i, j);
          }
        }
        for (int t = 0; t < STEPS; t++) {
          double sum = 0;
          for (int i = 0; i < IN; i++) {
            for (int j = 0; j < OUT; j++) {
              matrix[i][j] =
                  a.getDouble(b, h, t, 0) * matrix[i][j]
                      + x.getDouble(b, h, t, i) * d.getDouble(b, h, t, j);
              sum += Math.pow(Math.abs(matrix[i][j]), q);
            }
          }
          assertThat(powers.getDouble(b, h, t, 0)).isCloseTo(sum, within(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {2.5, 3, 4})
  void pullbacks_areTheDifferences(double q) {
    GradientCheck.ofOne((tape, in) -> RunningPower.run(tape, in[0], in[1], in[2], in[3], q))
        .input("a", a)
        .input("x", x)
        .input("d", d)
        .input("start", start)
        .run()
        .assertPassed();
  }
}
