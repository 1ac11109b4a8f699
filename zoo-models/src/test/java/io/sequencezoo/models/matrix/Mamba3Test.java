package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.DeltaOracle.softplus;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class Mamba3Test {
  private static final int WIDTH = 6;

  /** The layer as the reference writes it: loops over time, heads, states and features. */
  private record Oracle(int heads, int features, int groups, int states, int turns, int span) {
    double[][] run(double[][] u, Parameters p) {
      int inner = heads * features;
      int grouped = groups * states;
      double[][] all = new double[u.length][];
      for (int t = 0; t < u.length; t++) {
        all[t] = times(u[t], p, "in");
      }
      double[][] xs = convolved(all, 0, inner, p, "conv_x");
      double[][] bs = convolved(all, inner, grouped, p, "conv_b");
      double[][] cs = convolved(all, inner + grouped, grouped, p, "conv_c");
      double[][][] s = new double[heads][states][features];
      double[][] theta = new double[heads][turns];
      double[][] lastB = new double[heads][states];
      double[][] lastX = new double[heads][features];
      double[][] y = new double[u.length][];
      for (int t = 0; t < u.length; t++) {
        double[] read = new double[inner];
        for (int h = 0; h < heads; h++) {
          int at = inner + 2 * grouped + h;
          double step = softplus(all[t][at] + p.value("step_bias").getDouble(h));
          double a = all[t][at + heads];
          double rate = Math.max(1e-4, a >= 0 ? 1 + a : 1 / (1 - a));
          double decay = Math.exp(-rate * step);
          double lambda = sigmoid(all[t][at + 2 * heads]);
          for (int j = 0; j < turns; j++) {
            double turn = Math.tanh(all[t][inner + 2 * grouped + 3 * heads + j]);
            theta[h][j] = (theta[h][j] + Math.PI * turn * step) % (2 * Math.PI);
          }
          double[] b = turned(bs[t], h, theta[h], p, "key");
          double[] c = turned(cs[t], h, theta[h], p, "query");
          for (int e = 0; e < features; e++) {
            double x = xs[t][h * features + e];
            for (int d = 0; d < states; d++) {
              s[h][d][e] =
                  decay * s[h][d][e]
                      + (1 - lambda) * step * decay * lastX[h][e] * lastB[h][d]
                      + lambda * step * x * b[d];
              read[h * features + e] += s[h][d][e] * c[d];
            }
            read[h * features + e] += p.value("skip").getDouble(h) * x;
            lastX[h][e] = x;
          }
          lastB[h] = b;
          if (p.contains("norm")) {
            normalise(read, h * features, features);
          }
        }
        finish(read, u[t], p);
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private static void finish(double[] read, double[] u, Parameters p) {
      double[] gate = p.contains("output_gate") ? times(u, p, "output_gate") : null;
      for (int i = 0; i < read.length; i++) {
        read[i] *= p.contains("norm") ? p.value("norm").getDouble(i) : 1;
        read[i] *= gate == null ? 1 : silu(gate[i]);
      }
    }

    private double[] turned(double[] all, int h, double[] theta, Parameters p, String name) {
      int group = h / (heads / groups);
      double[] b = Arrays.copyOfRange(all, group * states, (group + 1) * states);
      normalise(b, 0, states);
      for (int d = 0; d < states; d++) {
        b[d] *= p.value(name + "_norm").getDouble(d);
        b[d] += p.value(name + "_bias").getDouble(h, d);
      }
      for (int j = 0; j < turns; j++) {
        double first = b[2 * j];
        double second = b[2 * j + 1];
        b[2 * j] = first * Math.cos(theta[j]) - second * Math.sin(theta[j]);
        b[2 * j + 1] = first * Math.sin(theta[j]) + second * Math.cos(theta[j]);
      }
      return b;
    }

    private double[][] convolved(double[][] all, int from, int n, Parameters p, String name) {
      double[][] out = new double[all.length][n];
      INDArray w = span == 0 ? null : p.value(name);
      for (int t = 0; t < all.length; t++) {
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < span; j++) {
            int at = t - span + 1 + j;
            out[t][i] += at < 0 ? 0 : w.getDouble(i, j) * all[at][from + i];
          }
          out[t][i] = span == 0 ? all[t][from + i] : silu(out[t][i]);
        }
      }
      return out;
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        Mamba3Config.of(6, 2, 4, 1, .5), WIDTH, new Oracle(3, 4, 1, 6, 1, 0)::run);
    Mamba2Config.Range steps = new Mamba2Config.Range(.1, .2);
    LayerOracle.assertTranscribed(
        new Mamba3Config(5, 1, 3, 2, 1, 1, 3, GateActivation.SILU, true, steps, .1),
        WIDTH,
        new Oracle(2, 3, 2, 5, 2, 3)::run);
  }

  /** R inputs and outputs per head, as the reference's step writes them. */
  private record RankedOracle(int heads, int ranks, int features, int states, int turns) {
    double[][] run(double[][] u, Parameters p) {
      int inner = heads * features;
      int wide = ranks * states;
      double[][][] s = new double[heads][states][features];
      double[][] theta = new double[heads][turns];
      double[][][] lastB = new double[heads][ranks][states];
      double[][][] lastX = new double[heads][ranks][features];
      double[][] y = new double[u.length][];
      for (int t = 0; t < u.length; t++) {
        double[] all = times(u[t], p, "in");
        double[] gate = p.contains("output_gate") ? times(u[t], p, "output_gate") : null;
        double[] read = new double[inner];
        for (int h = 0; h < heads; h++) {
          int at = inner + 2 * wide + h;
          double step = softplus(all[at] + p.value("step_bias").getDouble(h));
          double a = all[at + heads];
          double decay = Math.exp(-Math.max(1e-4, a >= 0 ? 1 + a : 1 / (1 - a)) * step);
          double lambda = sigmoid(all[at + 2 * heads]);
          for (int j = 0; j < turns; j++) {
            theta[h][j] += Math.PI * Math.tanh(all[inner + 2 * wide + 3 * heads + j]) * step;
          }
          double[][] b = new double[ranks][];
          double[][] c = new double[ranks][];
          double[][] x = new double[ranks][features];
          for (int r = 0; r < ranks; r++) {
            b[r] = turned(all, inner, r, h, theta[h], p, "key");
            c[r] = turned(all, inner + wide, r, h, theta[h], p, "query");
            for (int e = 0; e < features; e++) {
              x[r][e] = all[h * features + e] * p.value("mimo_x").getDouble(h, r, e);
            }
          }
          for (int d = 0; d < states; d++) {
            for (int e = 0; e < features; e++) {
              double sum = decay * s[h][d][e];
              for (int r = 0; r < ranks; r++) {
                sum += (1 - lambda) * step * decay * lastX[h][r][e] * lastB[h][r][d];
                sum += lambda * step * x[r][e] * b[r][d];
              }
              s[h][d][e] = sum;
            }
          }
          for (int r = 0; r < ranks; r++) {
            double[] o = new double[features];
            for (int e = 0; e < features; e++) {
              o[e] = p.value("skip").getDouble(h) * x[r][e];
              for (int d = 0; d < states; d++) {
                o[e] += s[h][d][e] * c[r][d];
              }
            }
            if (p.contains("norm")) {
              normalise(o, 0, features);
            }
            for (int e = 0; e < features; e++) {
              int i = h * features + e;
              o[e] *= p.contains("norm") ? p.value("norm").getDouble(i) : 1;
              o[e] *= gate == null ? 1 : silu(gate[i] * p.value("mimo_z").getDouble(h, r, e));
              read[i] += p.value("mimo_o").getDouble(h, r, e) * o[e];
            }
          }
          lastB[h] = b;
          lastX[h] = x;
        }
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private double[] turned(
        double[] all, int from, int r, int h, double[] theta, Parameters p, String name) {
      int at = from + r * states;
      double[] b = Arrays.copyOfRange(all, at, at + states);
      normalise(b, 0, states);
      for (int d = 0; d < states; d++) {
        b[d] *= p.value(name + "_norm").getDouble(d);
        b[d] += p.value(name + "_bias").getDouble(h, r * states + d);
      }
      for (int j = 0; j < turns; j++) {
        double first = b[2 * j];
        double second = b[2 * j + 1];
        b[2 * j] = first * Math.cos(theta[j]) - second * Math.sin(theta[j]);
        b[2 * j + 1] = first * Math.sin(theta[j]) + second * Math.cos(theta[j]);
      }
      return b;
    }
  }

  @Test
  void manyInputs_areTheOracle() {
    Mamba2Config.Range steps = new Mamba2Config.Range(.1, .2);
    LayerOracle.assertTranscribed(
        new Mamba3Config(4, 1, 3, 1, 1, 3, 0, GateActivation.SILU, true, steps, .1),
        WIDTH,
        new RankedOracle(2, 3, 3, 4, 2)::run);
    LayerOracle.assertTranscribed(
        new Mamba3Config(5, 1, 6, 1, .5, 2, 0, GateActivation.NONE, false, steps, .1),
        WIDTH,
        new RankedOracle(1, 2, 6, 5, 1)::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutGate() {
    Mamba2Config.Range steps = new Mamba2Config.Range(.1, .2);
    LayerOracle.assertTranscribed(
        new Mamba3Config(4, 1, 3, 1, 1, 1, 0, GateActivation.NONE, false, steps, .1),
        WIDTH,
        new Oracle(2, 3, 1, 4, 2, 0)::run);
  }

  @Test
  void start_isTheReferences() {
    Parameters p =
        Parameters.of(
            Mamba3Config.of(4, 2, 4, 1, .5).build(Place.alone(WIDTH)), DataType.DOUBLE, 1);
    for (String ones : new String[] {"key_bias", "query_bias", "key_norm", "skip"}) {
      assertThat(p.value(ones).minNumber().doubleValue()).as(ones).isEqualTo(1);
      assertThat(p.value(ones).maxNumber().doubleValue()).as(ones).isEqualTo(1);
    }
    for (double bias : p.value("step_bias").toDoubleVector()) {
      assertThat(softplus(bias)).isBetween(.000999, .100001);
    }
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        Mamba3Config.of(4, 2, 4, 1, .5).build(Place.alone(WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE))
        .isEqualTo(8 * (4 * 12 + 3 * 4 + 12 + 3 + 3 * 1));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (12 + 8 + 9 + 1) + 2 * 6 * 12 + 2 * 3 * 4 + 8 * 3 + 2 * 12 + 3 * 4 * 12);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: mamba3, stateSize: 16}", BlockConfig.class);
    assertThat(read).isEqualTo(Mamba3Config.of(16, 2, 0, 1, .5));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mamba3Config.of(3, 2, 0, 1, .5))
        .withMessage(
            "mamba3: stateSize times rotated must be at least 2, a pair that turns, got 1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mamba3Config.of(4, 2, 5, 1, .5).build(Place.alone(WIDTH)))
        .withMessageContaining("inner width 12 must be divisible by headDim 5");
  }
}
