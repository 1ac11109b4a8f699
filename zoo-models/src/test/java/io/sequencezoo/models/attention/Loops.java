package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The plain loops that transcriptions of layers have in common; rows are time steps. */
public final class Loops {
  private Loops() {}

  /** Every parameter random, since biases of zero and gains of one hide where they enter. */
  public static Parameters random(SequenceMixer mixer, long seed) {
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (long i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, 2 * random.nextDouble() - 1);
    }
    return parameters;
  }

  /** {@code [1, steps, width]} of numbers in (-1, 1). */
  public static INDArray input(long seed, int steps, int width) {
    double[] x = new SplittableRandom(seed).doubles((long) steps * width, -1, 1).toArray();
    return Nd4j.createFromArray(x).reshape('c', 1, steps, width);
  }

  /** The mixer makes expected rows of x, up to sums of a few dozen products in another order. */
  public static void assertForward(
      SequenceMixer mixer, Parameters parameters, double[][] x, double[][] expected) {
    try (Tape tape = Tape.inference()) {
      INDArray y =
          mixer
              .forward(
                  Context.inference(tape, parameters),
                  tape.constant(Nd4j.createFromArray(new double[][][] {x})),
                  null)
              .outputs()
              .value();
      for (int t = 0; t < x.length; t++) {
        for (int d = 0; d < x[t].length; d++) {
          assertThat(y.getDouble(0, t, d)).isCloseTo(expected[t][d], within(1e-11));
        }
      }
    }
  }

  /** {@code x W + b}; without bias where there is none of this name. */
  public static double[][] map(Parameters parameters, String weight, String bias, double[][] x) {
    double[][] w = parameters.value(weight).toDoubleMatrix();
    double[][] y = new double[x.length][w[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int j = 0; j < w[0].length; j++) {
        y[t][j] = bias == null ? 0 : parameters.value(bias).getDouble(j);
        for (int i = 0; i < w.length; i++) {
          y[t][j] += x[t][i] * w[i][j];
        }
      }
    }
    return y;
  }

  /** RMS norm of groups of n features; gains are as many as features or as a group has. */
  public static void norm(double[][] x, int n, double[] gain, double eps) {
    for (double[] row : x) {
      for (int from = 0; from < row.length; from += n) {
        double squares = 0;
        for (int i = from; i < from + n; i++) {
          squares += row[i] * row[i];
        }
        for (int i = from; i < from + n; i++) {
          row[i] *= gain[i % gain.length] / Math.sqrt(squares / n + eps);
        }
      }
    }
  }

  /** Rotates pairs (j, j + r/2), or (2j, 2j + 1), of the first r of every n features. */
  public static void rotate(double[][] x, int n, int r, boolean half, double base) {
    for (int t = 0; t < x.length; t++) {
      for (int from = 0; from < x[t].length; from += n) {
        for (int j = 0; j < r / 2; j++) {
          double angle = t * Math.pow(base, -2.0 * j / r);
          int first = from + (half ? j : 2 * j);
          int second = from + (half ? j + r / 2 : 2 * j + 1);
          double a = x[t][first];
          double b = x[t][second];
          x[t][first] = a * Math.cos(angle) - b * Math.sin(angle);
          x[t][second] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  }

  public static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
