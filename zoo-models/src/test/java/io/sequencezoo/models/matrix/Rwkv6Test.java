package io.sequencezoo.models.matrix;

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
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class Rwkv6Test {
  private static final int WIDTH = 6;

  /** The layer as the paper writes it: loops over time, heads, keys and values. */
  private record Oracle(int heads, int keys, int values, DoubleUnaryOperator gate) {
    double[][] run(double[][] x, Parameters p) {
      double[][][] s = new double[heads][keys][values];
      double[][] y = new double[x.length][];
      for (int t = 0; t < x.length; t++) {
        double[] r = times(mixed(x, t, p, "receptance"), p, "receptance");
        double[] k = times(mixed(x, t, p, "key"), p, "key");
        double[] v = times(mixed(x, t, p, "value"), p, "value");
        double[] low = times(mixed(x, t, p, "decay"), p, "decay_low");
        for (int i = 0; i < low.length; i++) {
          low[i] = Math.tanh(low[i]);
        }
        double[] w = times(low, p, "decay_high");
        double[] read = new double[heads * values];
        for (int h = 0; h < heads; h++) {
          for (int d = 0; d < keys; d++) {
            int i = h * keys + d;
            double decay = Math.exp(-Math.exp(w[i] + p.value("decay_bias").getDouble(i)));
            for (int e = 0; e < values; e++) {
              double written = k[i] * v[h * values + e];
              read[h * values + e] +=
                  r[i] * (s[h][d][e] + p.value("bonus").getDouble(h, d) * written);
              s[h][d][e] = decay * s[h][d][e] + written;
            }
          }
          groupNorm(read, h, p);
        }
        if (p.contains("output_gate")) {
          double[] open = times(mixed(x, t, p, "output_gate"), p, "output_gate");
          for (int i = 0; i < read.length; i++) {
            read[i] *= gate.applyAsDouble(open[i]);
          }
        }
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private static double[] mixed(double[][] x, int t, Parameters p, String name) {
      if (!p.contains("mix")) {
        return x[t];
      }
      double[] change = new double[WIDTH];
      double[] first = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        change[i] = (t == 0 ? 0 : x[t - 1][i]) - x[t][i];
        first[i] = x[t][i] + p.value("mix").getDouble(i) * change[i];
      }
      double[] low = times(first, p, "mix_" + name + "_low");
      for (int i = 0; i < low.length; i++) {
        low[i] = Math.tanh(low[i]);
      }
      double[] share = times(low, p, "mix_" + name + "_high");
      double[] out = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        double bias = p.value("mix_" + name + "_bias").getDouble(i);
        out[i] = x[t][i] + (share[i] + bias) * change[i];
      }
      return out;
    }

    private void groupNorm(double[] read, int h, Parameters p) {
      if (!p.contains("norm")) {
        return;
      }
      LayerOracle.standardise(read, h * values, values, 1e-5);
      for (int i = h * values; i < (h + 1) * values; i++) {
        read[i] = read[i] * p.value("norm").getDouble(i) + p.value("norm_bias").getDouble(i);
      }
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new Rwkv6Config(2, 1, 1, 2, 4, 2, GateActivation.SILU, true),
        WIDTH,
        new Oracle(2, 3, 3, z -> silu(z))::run);
    LayerOracle.assertTranscribed(
        new Rwkv6Config(1, .5, 2, 2, 4, 2, GateActivation.SIGMOID, false),
        WIDTH,
        new Oracle(1, 3, 12, z -> sigmoid(z))::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutShiftNormAndGate() {
    LayerOracle.assertTranscribed(
        new Rwkv6Config(2, 1, 1, 2, 4, 0, GateActivation.NONE, false),
        WIDTH,
        new Oracle(2, 3, 3, z -> 1)::run);
  }

  @Test
  void start_isTheReferences() {
    Parameters p =
        Parameters.of(
            new Rwkv6Config(2, 1, 1, 2, 4, 2, GateActivation.SILU, true).build(Place.alone(WIDTH)),
            DataType.DOUBLE,
            1);
    for (String zero : new String[] {"mix", "mix_key_bias", "decay_low", "decay_bias", "bonus"}) {
      assertThat(p.value(zero).amaxNumber().doubleValue()).as(zero).isZero();
    }
    double gain = Math.pow(2, -2.5);
    assertThat(p.value("key").amaxNumber().doubleValue())
        .isBetween(.8 * gain * Math.sqrt(6.0 / 12), gain * Math.sqrt(6.0 / 12));
    assertThat(p.value("mix_key_low").amaxNumber().doubleValue())
        .isBetween(.6 * gain * Math.sqrt(6.0 / 16), gain * Math.sqrt(6.0 / 16));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new Rwkv6Config(2, 1, 1, 2, 4, 2, GateActivation.SILU, true)
            .build(Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 3 * 3 + 6 + 3 * 6));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * 6 + 5 * 2 * 12 + 5 * 36 + 4 * 12 + 3 * 6 + 3 * 2 * 3 * 3);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: rwkv6, heads: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new Rwkv6Config(2, .5, 1, 32, 64, 2, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rwkv6Config(2, .5, 1, 32, 64, 4, GateActivation.SILU, true))
        .withMessage("rwkv6: shortConvolution must be 2, the token shift, or 0 for none, got 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rwkv6Config(2, .5, 1, 0, 64, 2, GateActivation.SILU, true))
        .withMessage("rwkv6: mixRank must be at least 1, got 0");
  }
}
