package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class Rwkv7Test {
  private static final int WIDTH = 6;
  private static final int KEYS = 3;

  /** Decimals of the reference's start, computed by hand from its formulas. */
  private static final double DECIMALS = 1e-12;

  private static double of(Parameters p, String name, int i) {
    return p.value(name).getDouble(i);
  }

  private static double[] mixed(double[][] x, int t, Parameters p, String name) {
    double[] out = new double[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      double before = t == 0 ? 0 : x[t - 1][i];
      double share = p.contains("mix_" + name) ? of(p, "mix_" + name, i) : 0;
      out[i] = x[t][i] + share * (before - x[t][i]);
    }
    return out;
  }

  /** The block as the paper writes it: loops over time, heads, keys and values. */
  private static double[][] oracle(double[][] x, Parameters p) {
    double[][][] s = new double[WIDTH / KEYS][KEYS][KEYS];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] r = times(mixed(x, t, p, "r"), p, "receptance");
      double[] k = times(mixed(x, t, p, "k"), p, "key");
      double[] v = times(mixed(x, t, p, "v"), p, "value");
      double[] low = times(mixed(x, t, p, "w"), p, "decay_low");
      for (int i = 0; i < low.length; i++) {
        low[i] = Math.tanh(low[i]);
      }
      double[] decay = times(low, p, "decay_high");
      double[] rate = times(times(mixed(x, t, p, "a"), p, "rate_low"), p, "rate_high");
      double[] gate = gate(mixed(x, t, p, "g"), p);
      double[] removal = new double[WIDTH];
      double[] written = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        decay[i] = Math.exp(-Math.exp(-0.5) * sigmoid(decay[i] + of(p, "decay_bias", i)));
        rate[i] = sigmoid(rate[i] + of(p, "rate_bias", i));
        removal[i] = k[i] * of(p, "removal_scale", i);
        written[i] = k[i] * (1 + (rate[i] - 1) * of(p, "rate_mix", i));
      }
      double[] out = new double[WIDTH];
      for (int h = 0; h < s.length; h++) {
        head(h, s[h], r, removal, rate, decay, written, v, out, p);
      }
      for (int i = 0; i < WIDTH; i++) {
        out[i] *= gate[i];
      }
      y[t] = times(out, p, "output");
    }
    return y;
  }

  private static double[] gate(double[] x, Parameters p) {
    if (!p.contains("gate_low")) {
      double[] ones = new double[WIDTH];
      Arrays.fill(ones, 1);
      return ones;
    }
    double[] open = times(x, p, "gate_low");
    for (int i = 0; i < open.length; i++) {
      open[i] = sigmoid(open[i]);
    }
    return times(open, p, "gate_high");
  }

  private static void head(
      int h,
      double[][] s,
      double[] r,
      double[] removal,
      double[] rate,
      double[] decay,
      double[] written,
      double[] v,
      double[] out,
      Parameters p) {
    int at = h * KEYS;
    double square = 1e-6;
    double bonus = 0;
    for (int d = at; d < at + KEYS; d++) {
      square += removal[d] * removal[d];
      bonus += r[d] * of(p, "bonus", d) * written[d];
    }
    double[] seen = new double[KEYS];
    for (int d = 0; d < KEYS; d++) {
      for (int e = 0; e < KEYS; e++) {
        seen[e] += removal[at + d] / Math.sqrt(square) * s[d][e];
      }
    }
    double[] read = new double[KEYS];
    double mean = 0;
    for (int d = 0; d < KEYS; d++) {
      double removed = removal[at + d] / Math.sqrt(square) * rate[at + d];
      for (int e = 0; e < KEYS; e++) {
        s[d][e] = decay[at + d] * s[d][e] - removed * seen[e] + written[at + d] * v[at + e];
        read[e] += r[at + d] * s[d][e];
      }
    }
    for (double value : read) {
      mean += value / KEYS;
    }
    double variance = 0;
    for (double value : read) {
      variance += (value - mean) * (value - mean) / KEYS;
    }
    for (int e = 0; e < KEYS; e++) {
      double normed = (read[e] - mean) / Math.sqrt(variance + KEYS * 1e-5);
      int i = at + e;
      out[i] = p.contains("norm") ? normed * of(p, "norm", i) + of(p, "norm_bias", i) : read[e];
      out[i] += bonus * v[i];
    }
  }

  @Test
  void forward_isTheOracle() {
    for (Rwkv7Config config :
        List.of(
            new Rwkv7Config(KEYS, 2, 4, 5, 2, true, true),
            new Rwkv7Config(KEYS, 2, 4, 5, 0, true, true),
            new Rwkv7Config(KEYS, 2, 4, 5, 2, false, true),
            new Rwkv7Config(KEYS, 2, 4, 5, 2, true, false),
            new Rwkv7Config(KEYS, 2, 4, 5, 0, false, false))) {
      LayerOracle.assertTranscribed(config, WIDTH, Rwkv7Test::oracle);
    }
  }

  @Test
  void start_isTheReferences() {
    Place last = new Place(4, 2, 3);
    Parameters p =
        Parameters.of(new Rwkv7Config(2, 1, 1, 1, 2, true, true).build(last), DataType.DOUBLE, 1);
    assertThat(of(p, "mix_r", 1)).isCloseTo(1 - Math.pow(.25, .2 / 3), within(DECIMALS));
    assertThat(of(p, "mix_w", 3)).isCloseTo(1 - Math.pow(.75, .9 / 3), within(DECIMALS));
    // Heads of two features: the zigzag is -1, 1; the ramp over four is 0, 1/3, 2/3, 1.
    assertThat(of(p, "decay_bias", 0)).isCloseTo(-6 + .5 - 2.5, within(DECIMALS));
    assertThat(of(p, "decay_bias", 1)).isCloseTo(-6 + 6 / 9.0 + .5 + 2.5, within(DECIMALS));
    assertThat(of(p, "rate_bias", 3)).isCloseTo(-.19 + .3 + .2, within(DECIMALS));
    assertThat(of(p, "removal_scale", 0)).isCloseTo(.76, within(DECIMALS));
    assertThat(of(p, "norm", 0)).isCloseTo(1, within(DECIMALS));
    assertThat(p.value("output").amaxNumber().doubleValue()).isZero();
    assertThat(p.value("decay_low").amaxNumber().doubleValue()).isZero();
    assertThat(p.value("key").norm2Number().doubleValue()).isCloseTo(.2, within(DECIMALS));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new Rwkv7Config(KEYS, 2, 4, 5, 2, true, true).build(Place.alone(WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 3 * 3 + 6));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(4 * 36 + 2 * 6 * (2 + 4 + 5) + 12 * 6 + 5 * 2 * 3 * 3);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: rwkv7, headDim: 4}", BlockConfig.class);
    assertThat(read).isEqualTo(new Rwkv7Config(4, 0, 0, 0, 2, true, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rwkv7Config.standard().build(Place.alone(96)))
        .withMessage("rwkv7: width 96 must be divisible by headDim 64; use headDim 48");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rwkv7Config(-1, 0, 0, 0, 2, true, true))
        .withMessage("rwkv7: headDim must be at least 1, or 0 for its default, got -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rwkv7Config(0, 0, 0, 0, 4, true, true))
        .withMessage("rwkv7: shortConvolution must be 2, the token shift, or 0 for none, got 4");
  }
}
