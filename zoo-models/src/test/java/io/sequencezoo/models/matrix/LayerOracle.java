package io.sequencezoo.models.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the transcriptions of layers share: plain loops over arrays, nothing of the library's. */
final class LayerOracle {
  /** A layer of reordered double sums. */
  static final double DOUBLE = 1e-10;

  /** Odd, and more than a block of the chunked solver. */
  static final int STEPS = 19;

  private LayerOracle() {}

  /** A layer as papers write it, from {@code [T, D]} to {@code [T, D]}. */
  @FunctionalInterface
  interface Transcription {
    double[][] apply(double[][] x, Parameters parameters);
  }

  /** Runs a layer in double on two sequences and compares it with its transcription. */
  static void assertTranscribed(MixerConfig config, int width, Transcription transcription) {
    assertTranscribed(config, MixerConfig.Place.alone(width), transcription);
  }

  static void assertTranscribed(
      MixerConfig config, MixerConfig.Place place, Transcription transcription) {
    SequenceMixer mixer = config.build(place);
    Parameters parameters = parameters(mixer);
    double[][][] x = {input(1, place.width()), input(2, place.width())};
    try (Tape tape = Tape.inference()) {
      INDArray y =
          mixer
              .forward(
                  Context.inference(tape, parameters), tape.constant(Nd4j.createFromArray(x)), null)
              .outputs()
              .value();
      for (int b = 0; b < 2; b++) {
        double[][] expected = transcription.apply(x[b], parameters);
        for (int t = 0; t < STEPS; t++) {
          for (int d = 0; d < place.width(); d++) {
            assertThat(y.getDouble(b, t, d))
                .as("%s row %s t=%s d=%s", config, b, t, d)
                .isCloseTo(expected[t][d], within(DOUBLE));
          }
        }
      }
    }
  }

  /** Parameters far from their small start, so that every part matters. */
  static Parameters parameters(SequenceMixer mixer) {
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(5);
    INDArray values = parameters.values();
    for (long i = 0; i < values.length(); i++) {
      values.putScalar(i, random.nextDouble(-1, 1));
    }
    return parameters;
  }

  static double[][] input(long seed, int width) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      x[t] = random.doubles(width, -1, 1).toArray();
    }
    return x;
  }

  /** {@code x W} for {@code W [in, out]}. */
  static double[] times(double[] x, Parameters parameters, String name) {
    INDArray w = parameters.value(name);
    double[] y = new double[(int) w.size(1)];
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += x[i] * w.getDouble(i, o);
      }
    }
    return y;
  }

  /** A projection of every position. */
  static double[][] projected(double[][] x, Parameters p, String name) {
    double[][] projected = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      projected[t] = times(x[t], p, name);
    }
    return projected;
  }

  /** The same through the causal convolution of that name, before any activation. */
  static double[][] convolved(double[][] x, Parameters p, String name, int span) {
    double[][] projected = projected(x, p, name);
    if (span == 0) {
      return projected;
    }
    INDArray w = p.value("conv_" + name);
    double[][] out = new double[x.length][projected[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int d = 0; d < out[t].length; d++) {
        for (int j = 0; j < span; j++) {
          int s = t - span + 1 + j;
          out[t][d] += s < 0 ? 0 : w.getDouble(d, j) * projected[s][d];
        }
      }
    }
    return out;
  }

  /** SiLU of every entry, where there is a convolution. */
  static double[][] activated(double[][] x, int span) {
    for (double[] row : x) {
      for (int i = 0; span > 0 && i < row.length; i++) {
        row[i] = silu(row[i]);
      }
    }
    return x;
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double silu(double x) {
    return x * sigmoid(x);
  }

  /** Divides entries from to from + n - 1 by their root mean square; eps 1e-5. */
  static void normalise(double[] x, int from, int n) {
    double square = 0;
    for (int i = from; i < from + n; i++) {
      square += x[i] * x[i] / n;
    }
    for (int i = from; i < from + n; i++) {
      x[i] /= Math.sqrt(square + 1e-5);
    }
  }

  /** Every group of n entries of every row over its length; eps 1e-6. */
  static double[][] unit(double[][] x, int n) {
    for (double[] row : x) {
      for (int from = 0; from < row.length; from += n) {
        double square = 1e-6;
        for (int i = from; i < from + n; i++) {
          square += row[i] * row[i];
        }
        for (int i = from; i < from + n; i++) {
          row[i] /= Math.sqrt(square);
        }
      }
    }
    return x;
  }

  /** Gauss and Jordan on {@code [A | b]}; the systems are positive definite. */
  static double[] eliminated(double[][] system) {
    int n = system.length;
    for (int i = 0; i < n; i++) {
      for (int row = 0; row < n; row++) {
        double factor = row == i ? 0 : system[row][i] / system[i][i];
        for (int j = i; j <= n; j++) {
          system[row][j] -= factor * system[i][j];
        }
      }
    }
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = system[i][n] / system[i][i];
    }
    return x;
  }

  /** Takes the mean off entries from to from + n - 1 and divides them by their deviation. */
  static void standardise(double[] x, int from, int n, double eps) {
    double mean = 0;
    for (int i = from; i < from + n; i++) {
      mean += x[i] / n;
    }
    double variance = 0;
    for (int i = from; i < from + n; i++) {
      variance += (x[i] - mean) * (x[i] - mean) / n;
    }
    for (int i = from; i < from + n; i++) {
      x[i] = (x[i] - mean) / Math.sqrt(variance + eps);
    }
  }
}
