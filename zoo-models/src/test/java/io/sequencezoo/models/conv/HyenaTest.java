package io.sequencezoo.models.conv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.Loops;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Hyena against a transcription of its equations, convolutions as double sums. */
@Tag("double")
class HyenaTest {
  private static final int WIDTH = 5;
  private static final int STEPS = 37;

  static Stream<HyenaConfig> configs() {
    return HyenaConfig.examples().stream();
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(HyenaConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    double[][] x = Loops.input(1, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(HyenaConfig c, Parameters p, double[][] u) {
    double[][] s = convolved(c, p, Loops.map(p, "input", "input_bias", u));
    double[][][] filters = filters(c, p);
    int order = c.order();
    double[][] v = new double[STEPS][WIDTH];
    for (int t = 0; t < STEPS; t++) {
      System.arraycopy(s[t], order * WIDTH, v[t], 0, WIDTH);
    }
    for (int o = 0; o < order - 1; o++) {
      double[][] gated = new double[STEPS][WIDTH];
      double[][] next = new double[STEPS][WIDTH];
      for (int t = 0; t < STEPS; t++) {
        for (int d = 0; d < WIDTH; d++) {
          gated[t][d] = s[t][(order - 1 - o) * WIDTH + d] * v[t][d];
          next[t][d] = p.value("filter_bias").getDouble(o, d) * gated[t][d];
          for (int r = 0; r <= t; r++) {
            next[t][d] += filters[o][t - r][d] * gated[r][d];
          }
        }
      }
      v = next;
    }
    for (int t = 0; t < STEPS; t++) {
      for (int d = 0; d < WIDTH; d++) {
        v[t][d] *= s[t][d];
      }
    }
    return Loops.map(p, "output", "output_bias", v);
  }

  private static double[][] convolved(HyenaConfig c, Parameters p, double[][] s) {
    int span = c.shortConvolution();
    if (span == 0) {
      return s;
    }
    double[][] y = new double[STEPS][s[0].length];
    for (int t = 0; t < STEPS; t++) {
      for (int i = 0; i < s[0].length; i++) {
        y[t][i] = p.value("conv_input_bias").getDouble(i);
        for (int j = 0; j < span && j <= t; j++) {
          y[t][i] += p.value("conv_input").getDouble(i, span - 1 - j) * s[t - j][i];
        }
      }
    }
    return y;
  }

  /** {@code [O-1][T][D]}. */
  private static double[][][] filters(HyenaConfig c, Parameters p) {
    int stages = c.order() - 1;
    int bands = (c.embedding() - 1) / 2;
    double last = c.maxLength() - 1;
    double[][] x = new double[STEPS][c.embedding()];
    for (int s = 0; s < STEPS; s++) {
      x[s][0] = s / last;
      for (int j = 0; j < bands; j++) {
        double f = bands == 1 ? 1e-4 : 1e-4 + j * (bands - 1 - 1e-4) / (bands - 1);
        x[s][1 + j] = Math.cos(f * 2 * Math.PI * s / c.maxLength());
        x[s][1 + bands + j] = -Math.sin(f * 2 * Math.PI * s / c.maxLength());
      }
    }
    for (int layer = 0; layer <= c.filterLayers(); layer++) {
      x = Loops.map(p, "filter_" + layer, "filter_" + layer + "_bias", x);
      for (double[] row : x) {
        for (int i = 0; i < row.length; i++) {
          row[i] = Math.sin(p.value("filter_frequency").getDouble(i) * row[i]);
        }
      }
    }
    double[][] taps = Loops.map(p, "filter_output", null, x);
    double[][][] filters = new double[stages][STEPS][WIDTH];
    double slow = Math.log(0.01) / 1.5;
    double fast = Math.log(0.01) / 0.3;
    for (int i = 0; i < stages * WIDTH; i++) {
      double rate = slow + i * (fast - slow) / (stages * WIDTH - 1);
      for (int s = 0; s < STEPS; s++) {
        double window = Math.exp(-s / last * Math.abs(rate)) + c.windowShift();
        filters[i % stages][s][i / stages] = taps[s][i] * window;
      }
    }
    return filters;
  }

  @Test
  void tokensBeyondTheLongestSequence_areRefused() {
    HyenaConfig config = new HyenaConfig(2, 8, 4, 0, 3, 1, 0, 0);
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 1);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      assertThatThrownBy(
              () -> mixer.forward(context, tape.constant(Loops.input(1, 9, WIDTH)), null))
          .hasMessage("hyena: sequence must have at most maxLength 8 tokens, got 9; set maxLength");
    }
  }

  @Test
  void cost_countsEveryProduct() {
    Hyena hyena = new Hyena(HyenaConfig.standard(), MixerConfig.Place.alone(8));
    long network = 64 * 5 + 2 * 64 * 64 + 64 * 8;
    assertThat(hyena.multiplyAddsPerToken(9))
        .isEqualTo(8 * (3 * 8 + 8) + 3 * 3 * 8 + network + 2 * 8 + 8 + 8 * 10);
    assertThat(hyena.stateBytes(10, DataType.FLOAT)).isEqualTo((10 * 8 + 2 * 24) * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (HyenaConfig config : HyenaConfig.examples()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(() -> new HyenaConfig(1, 8, 4, 0, 3, 1, 0, 0))
        .hasMessage("hyena: order must be at least 2, a convolution and two gates, got 1");
    assertThatThrownBy(() -> new HyenaConfig(2, 8, 4, 0, 4, 1, 0, 0))
        .hasMessage("hyena: embedding must be odd and at least 3, got 4; use 5");
    assertThatThrownBy(() -> HyenaConfig.of(1))
        .hasMessage("hyena: maxLength must be at least 2 tokens, got 1");
  }
}
