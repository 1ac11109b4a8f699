package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What transcriptions of layers share: weights far from their start, products, convolutions. */
final class LayerOracle {
  static final int WIDTH = 8;
  static final int STEPS = 21;

  /** A layer of reordered double sums. */
  private static final double DOUBLE = 1e-10;

  private final Parameters parameters;
  private final SequenceMixer mixer;

  private LayerOracle(SequenceMixer mixer) {
    this.mixer = mixer;
    this.parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(5);
    INDArray values = parameters.values();
    for (long i = 0; i < values.length(); i++) {
      values.putScalar(i, random.nextDouble(-1, 1));
    }
  }

  static LayerOracle of(MixerConfig config, MixerConfig.Place place) {
    return new LayerOracle(config.build(place));
  }

  static LayerOracle of(MixerConfig config) {
    return of(config, MixerConfig.Place.alone(WIDTH));
  }

  /** From inputs {@code [T][D]} to outputs. */
  interface Transcription {
    double[][] apply(double[][] x);
  }

  /** Two rows of the layer are what the transcription makes of them. */
  void assertForward(Transcription transcription) {
    double[][][] x = {input(1), input(2)};
    try (Tape tape = Tape.inference()) {
      INDArray y =
          mixer
              .forward(
                  Context.inference(tape, parameters), tape.constant(Nd4j.createFromArray(x)), null)
              .outputs()
              .value();
      for (int b = 0; b < 2; b++) {
        double[][] expected = transcription.apply(x[b]);
        for (int t = 0; t < STEPS; t++) {
          for (int d = 0; d < WIDTH; d++) {
            assertThat(y.getDouble(b, t, d))
                .as("row %s, step %s, feature %s", b, t, d)
                .isCloseTo(expected[t][d], within(DOUBLE * (1 + Math.abs(expected[t][d]))));
          }
        }
      }
    }
  }

  private static double[][] input(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      x[t] = random.doubles(WIDTH, -1, 1).toArray();
    }
    return x;
  }

  double[] vector(String name) {
    return parameters.value(name).dup('c').data().asDouble();
  }

  /** {@code x_t W + b} for all t, with b where it was declared. */
  double[][] times(double[][] x, String name) {
    INDArray w = parameters.value(name);
    int out = (int) w.size(1);
    double[] flat = w.dup('c').data().asDouble();
    double[] bias = parameters.contains(name + "_bias") ? vector(name + "_bias") : new double[out];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = Arrays.copyOf(bias, out);
      for (int i = 0; i < x[t].length; i++) {
        for (int o = 0; o < out; o++) {
          y[t][o] += x[t][i] * flat[i * out + o];
        }
      }
    }
    return y;
  }

  /** The causal convolution {@code conv_NAME} with its bias, before any activation. */
  double[][] convolved(double[][] x, String name) {
    INDArray w = parameters.value("conv_" + name);
    int span = (int) w.size(1);
    String bias = "conv_" + name + "_bias";
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int d = 0; d < y[t].length; d++) {
        y[t][d] = parameters.contains(bias) ? parameters.value(bias).getDouble(d) : 0;
        for (int j = 0; j < span; j++) {
          int s = t - span + 1 + j;
          y[t][d] += s < 0 ? 0 : w.getDouble(d, j) * x[s][d];
        }
      }
    }
    return y;
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double silu(double x) {
    return x * sigmoid(x);
  }

  static double softplus(double x) {
    return Math.log(1 + Math.exp(x));
  }

  Parameters parameters() {
    return parameters;
  }

  SequenceMixer mixer() {
    return mixer;
  }
}
