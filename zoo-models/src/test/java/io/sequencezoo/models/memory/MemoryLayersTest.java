package io.sequencezoo.models.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.GateActivation;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Layers with memories against plain loops, from input to output. */
@Tag("double")
class MemoryLayersTest {
  static final int WIDTH = 6;
  static final int STEPS = 11;

  /** A layer of reordered double sums, some of them through norms. */
  private static final double TOLERANCE = 1e-9;

  interface Transcription {
    double[][] apply(double[][] x, Parameters p);
  }

  static void assertTranscribed(MixerConfig config, Transcription transcription) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(5);
    INDArray values = parameters.values();
    for (long i = 0; i < values.length(); i++) {
      values.putScalar(i, random.nextDouble(-1, 1));
    }
    double[][] x = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      x[t] = random.doubles(WIDTH, -1, 1).toArray();
    }
    try (Tape tape = Tape.inference()) {
      INDArray input = Nd4j.createFromArray(new double[][][] {x});
      INDArray y =
          mixer
              .forward(Context.inference(tape, parameters), tape.constant(input), null)
              .outputs()
              .value();
      double[][] expected = transcription.apply(x, parameters);
      for (int t = 0; t < STEPS; t++) {
        for (int d = 0; d < WIDTH; d++) {
          assertThat(y.getDouble(0, t, d))
              .as("%s t=%s d=%s", config, t, d)
              .isCloseTo(expected[t][d], within(TOLERANCE));
        }
      }
    }
  }

  @Test
  void titans_isTheOracle() {
    int heads = 2;
    int size = WIDTH / heads;
    int chunk = 4;
    assertTranscribed(
        new TitansConfig(heads, 1, 1, true, chunk, 0.8, 2, GateActivation.SILU, true),
        (x, p) -> {
          double[][] q = activated(x, p, "q");
          double[][] k = activated(x, p, "k");
          double[][] v = activated(x, p, "v");
          double[][] read = new double[STEPS][WIDTH];
          for (int h = 0; h < heads; h++) {
            double[][] w = start(p, "start_W", h);
            double[][] base = copy(w);
            double[][] s = new double[size][size];
            for (int t = 0; t < STEPS; t++) {
              double[] key = unit(part(k[t], h, size));
              double[] value = part(v[t], h, size);
              double[] slope = slope(key, value, times(key, base), p, h);
              double theta = 0.8 / (chunk * size) * rate(x[t], p, "theta", h);
              double alpha = rate(x[t], p, "alpha", h);
              double eta = rate(x[t], p, "eta", h);
              for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                  s[i][j] = eta * s[i][j] - theta * key[i] * slope[j];
                  w[i][j] = alpha * w[i][j] + s[i][j];
                }
              }
              double[] query = unit(part(q[t], h, size));
              double[] o = residual(query, times(query, w), p, h);
              double square = 0;
              for (double e : o) {
                square += e * e / size;
              }
              for (int i = 0; i < size; i++) {
                double gain = p.value("norm").getDouble(i);
                read[t][h * size + i] = o[i] / Math.sqrt(square + 1e-5) * gain;
              }
              if ((t + 1) % chunk == 0) {
                base = copy(w);
              }
            }
          }
          double[][] y = new double[STEPS][];
          for (int t = 0; t < STEPS; t++) {
            double[] gate = times(x[t], p, "output_gate");
            for (int i = 0; i < WIDTH; i++) {
              read[t][i] *= gate[i] * sigmoid(gate[i]);
            }
            y[t] = times(read[t], p, "output");
          }
          return y;
        });
  }

  @Test
  void ttt_isTheOracle() {
    int chunk = 4;
    assertTranscribed(
        new TttConfig.Linear(1, chunk, 0.9, 0, true),
        (x, p) -> {
          double[][] w = start(p, "start_W", 0);
          double[] b = start(p, "start_b", 0)[0];
          double[][] s = new double[WIDTH][WIDTH];
          double[] sb = new double[WIDTH];
          double[][] y = new double[STEPS][];
          for (int t = 0; t < STEPS; t++) {
            int place = t % chunk;
            double[] q = turned(times(x[t], p, "q"), place);
            double[] k = turned(times(x[t], p, "k"), place);
            double[] v = times(x[t], p, "v");
            double[] slope = slope(k, v, plus(times(k, w), b, 1), p, 0);
            double theta = 0.9 / WIDTH * rate(x[t], p, "theta", 0);
            double rho = Math.max(1.0 / (place + 1) + p.value("token_index").getDouble(place), 0);
            double[][] now = copy(w);
            for (int i = 0; i < WIDTH; i++) {
              sb[i] -= theta * slope[i];
              for (int j = 0; j < WIDTH; j++) {
                s[i][j] -= theta * k[i] * slope[j];
                now[i][j] += rho * s[i][j];
              }
            }
            double[] bias = plus(b, sb, rho);
            double[] o = residual(q, plus(times(q, now), bias, 1), p, 0);
            double mean = mean(o);
            double deviation = deviation(o, mean);
            double[] gate = times(x[t], p, "output_gate");
            double[] gated = new double[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
              double normed =
                  (o[i] - mean) / deviation * p.value("output_norm").getDouble(i)
                      + p.value("output_norm_bias").getDouble(i);
              double u = Math.sqrt(2 / Math.PI) * (gate[i] + 0.044715 * Math.pow(gate[i], 3));
              gated[i] = 0.5 * gate[i] * (1 + Math.tanh(u)) * normed;
            }
            y[t] = times(gated, p, "output");
            if (place == chunk - 1) {
              w = now;
              b = bias;
              s = new double[WIDTH][WIDTH];
              sb = new double[WIDTH];
            }
          }
          return y;
        });
  }

  @Test
  void atlas_isTheOracle() {
    int heads = 2;
    int size = WIDTH / heads;
    int chunk = 4;
    int window = 3;
    int features = 1 + size + size * (size + 1) / 2;
    assertTranscribed(
        new AtlasConfig(heads, 1, 1, 2, window, false, chunk, 0.8, 0, GateActivation.NONE, false),
        (x, p) -> {
          double[][] read = new double[STEPS][WIDTH];
          for (int h = 0; h < heads; h++) {
            double[][] w = start(p, "start_W", h);
            double[][] base = copy(w);
            for (int t = 0; t < STEPS; t++) {
              double[][] step = new double[features][size];
              for (int s = Math.max(0, t - window + 1); s <= t; s++) {
                double[] key = features(unit(part(times(x[s], p, "k"), h, size)));
                double[] error = plus(times(key, base), part(times(x[s], p, "v"), h, size), -1);
                for (int i = 0; i < features; i++) {
                  for (int j = 0; j < size; j++) {
                    step[i][j] += rate(x[s], p, "gamma", h) * key[i] * error[j];
                  }
                }
              }
              double theta = 0.8 / chunk * rate(x[t], p, "theta", h);
              double alpha = rate(x[t], p, "alpha", h);
              for (int i = 0; i < features; i++) {
                for (int j = 0; j < size; j++) {
                  w[i][j] = alpha * w[i][j] - theta * step[i][j];
                }
              }
              double[] query = features(unit(part(times(x[t], p, "q"), h, size)));
              System.arraycopy(times(query, w), 0, read[t], h * size, size);
              if ((t + 1) % chunk == 0) {
                base = copy(w);
              }
            }
          }
          return Arrays.stream(read).map(r -> times(r, p, "output")).toArray(double[][]::new);
        });
  }

  /**
   * 1, every number, and every product of two, so that products of features are 1 + xy + (xy)²/2.
   */
  private static double[] features(double[] x) {
    double[] y = new double[1 + x.length + x.length * (x.length + 1) / 2];
    y[0] = 1;
    int at = 1 + x.length;
    for (int i = 0; i < x.length; i++) {
      y[1 + i] = x[i];
      for (int j = 0; j <= i; j++) {
        y[at++] = x[i] * x[j] * (i == j ? Math.sqrt(0.5) : 1);
      }
    }
    return y;
  }

  /** {@code ∂/∂z |k + LN(z) - v|²/2}, by the norm's Jacobian entry by entry. */
  static double[] slope(double[] k, double[] v, double[] z, Parameters p, int head) {
    int n = z.length;
    double mean = mean(z);
    double deviation = deviation(z, mean);
    double[] recalled = residual(k, z, p, head);
    double[] slope = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double along = (z[i] - mean) * (z[j] - mean) / (n * deviation * deviation);
        double jacobian = ((i == j ? 1 : 0) - 1.0 / n - along) / deviation;
        slope[i] += (recalled[j] - v[j]) * p.value("memory_norm").getDouble(head, j) * jacobian;
      }
    }
    return slope;
  }

  static double[] residual(double[] x, double[] z, Parameters p, int head) {
    double mean = mean(z);
    double deviation = deviation(z, mean);
    double[] out = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      out[i] =
          x[i]
              + (z[i] - mean) / deviation * p.value("memory_norm").getDouble(head, i)
              + p.value("memory_norm_bias").getDouble(head, i);
    }
    return out;
  }

  private static double mean(double[] z) {
    double sum = 0;
    for (double e : z) {
      sum += e / z.length;
    }
    return sum;
  }

  private static double deviation(double[] z, double mean) {
    double sum = 0;
    for (double e : z) {
      sum += (e - mean) * (e - mean) / z.length;
    }
    return Math.sqrt(sum + 1e-6);
  }

  private static double[] turned(double[] x, int place) {
    int half = x.length / 2;
    double[] y = new double[x.length];
    for (int j = 0; j < half; j++) {
      double angle = place * Math.pow(10000, -2.0 * j / x.length);
      y[j] = x[j] * Math.cos(angle) - x[half + j] * Math.sin(angle);
      y[half + j] = x[half + j] * Math.cos(angle) + x[j] * Math.sin(angle);
    }
    return y;
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double rate(double[] x, Parameters p, String name, int head) {
    return sigmoid(times(x, p, name)[head] + p.value(name + "_bias").getDouble(head));
  }

  static double[] part(double[] x, int head, int size) {
    return Arrays.copyOfRange(x, head * size, (head + 1) * size);
  }

  static double[] unit(double[] x) {
    double square = 1e-6;
    for (double e : x) {
      square += e * e;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / Math.sqrt(square);
    }
    return y;
  }

  private static double[] plus(double[] x, double[] y, double factor) {
    double[] z = new double[x.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = x[i] + factor * y[i];
    }
    return z;
  }

  /** The projection through its convolution of width 2, with SiLU. */
  static double[][] activated(double[][] x, Parameters p, String name) {
    double[][] y = new double[x.length][WIDTH];
    for (int t = 0; t < x.length; t++) {
      double[] now = times(x[t], p, name);
      double[] before = t == 0 ? new double[WIDTH] : times(x[t - 1], p, name);
      for (int i = 0; i < WIDTH; i++) {
        double sum =
            p.value("conv_" + name).getDouble(i, 0) * before[i]
                + p.value("conv_" + name).getDouble(i, 1) * now[i];
        y[t][i] = sum * sigmoid(sum);
      }
    }
    return y;
  }

  static double[] times(double[] x, Parameters p, String name) {
    INDArray w = p.value(name);
    double[] y = new double[(int) w.size(1)];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        y[j] += x[i] * w.getDouble(i, j);
      }
    }
    return y;
  }

  static double[] times(double[] x, double[][] w) {
    double[] y = new double[w[0].length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        y[j] += x[i] * w[i][j];
      }
    }
    return y;
  }

  static double[][] start(Parameters p, String name, int head) {
    INDArray value = p.value(name);
    double[][] w = new double[(int) value.size(1)][(int) value.size(2)];
    for (int i = 0; i < w.length; i++) {
      for (int j = 0; j < w[i].length; j++) {
        w[i][j] = value.getDouble(head, i, j);
      }
    }
    return w;
  }

  static double[][] copy(double[][] x) {
    double[][] copy = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      copy[i] = x[i].clone();
    }
    return copy;
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new TitansConfig(2, 2, 2, true, 4, 1, 4, GateActivation.SILU, true)
            .build(MixerConfig.Place.alone(8))
            .parametrisation();
    // Weights, momentum and where the chunk started; last inputs of the convolutions.
    assertThat(layer.stateBytes(9, DataType.FLOAT))
        .isEqualTo(4 * (3 * 2 * (4 * 8 + 8 * 4) + 3 * 3 * 8));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(8 * 8 * 5 + 3 * 8 * 2 + 3 * 8 * 4 + 2 * ((3 + 1 + 3) * (4 * 8 + 8 * 4) + 2 * 4));
  }

  @Test
  void choices_areReadFromText() {
    BlockConfig read =
        Configs.read(
            "mixer",
            "{type: optimiser_memory, network: {form: mlp, residual: input}, bias: {type: lp, p: 1},"
                + " retention: {type: lq}, algorithm: {kind: momentum, window: 3}, chunk: 8}",
            BlockConfig.class);
    assertThat(((OptimiserMemoryConfig) read).network())
        .isEqualTo(MemoryNetwork.mlp(2, 4).withResidual(MemoryNetwork.Residual.INPUT));
    assertThat(((OptimiserMemoryConfig) read).algorithm())
        .isEqualTo(new InnerAlgorithm(InnerAlgorithm.Kind.MOMENTUM, 3));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
  }

  @Test
  void configurations_refuseWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new MonetaConfig(4, 2, 4, 0.5, 4, 16, 1, true, 4, GateActivation.SILU, true))
        .withMessage(
            "lp: exponent p must be at least 1, got 0.5; use 1 for absolute errors, 2 for squares");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new MonetaConfig(4, 2, 4, 3, 1, 16, 1, true, 4, GateActivation.SILU, true))
        .withMessage("lq: exponent q must be at least 2, got 1.0; use 2 or 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TitansConfig(4, 2, 4, true, 0, 1, 4, GateActivation.SILU, true))
        .withMessage("titans: chunk must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AtlasConfig(4, 2, 4, 0, 4, true, 16, 1, 4, GateActivation.SILU, true))
        .withMessage("atlas: degree must be in 1 to 8, got 0; use 1 for keys as they are");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TitansConfig(4, 1, 4, true, 16, 1, 4, GateActivation.SILU, true))
        .withMessage(
            "titans: a memory of one layer has nothing to expand, got expansion 4; use expansion 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TttConfig.Linear.standard().build(MixerConfig.Place.alone(12)))
        .withMessage(
            "ttt_linear: heads must have an even number of features to turn, got 3; use other heads");
  }
}
