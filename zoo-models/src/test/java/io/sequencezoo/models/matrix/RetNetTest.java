package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

class RetNetTest {
  private static final int WIDTH = 8;
  private static final int HEADS = 2;
  private static final int KEYS = 4;
  private static final int VALUES = 8;

  /** The parallel form of the paper: a sum over earlier positions with weights γ^(t-s). */
  private static double[][] oracle(double[][] x, Parameters p, double base, int span) {
    double[][] q = rotated(activated(convolved(x, p, "q", span), span), base);
    double[][] k = rotated(activated(convolved(x, p, "k", span), span), base);
    double[][] v = activated(convolved(x, p, "v", span), span);
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] gate = times(x[t], p, "output_gate");
      double[] read = new double[HEADS * VALUES];
      for (int h = 0; h < HEADS; h++) {
        double gamma = 1 - 1 / Math.pow(2, 5 + h);
        for (int s = 0; s <= t; s++) {
          double weight = 0;
          for (int d = 0; d < KEYS; d++) {
            weight += q[t][h * KEYS + d] * k[s][h * KEYS + d];
          }
          for (int e = 0; e < VALUES; e++) {
            read[h * VALUES + e] +=
                Math.pow(gamma, t - s) * weight / Math.sqrt(KEYS) * v[s][h * VALUES + e];
          }
        }
        normalise(read, h * VALUES, VALUES);
        for (int e = 0; e < VALUES; e++) {
          read[h * VALUES + e] *= p.value("norm").getDouble(e) * silu(gate[h * VALUES + e]);
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  private static double[][] rotated(double[][] x, double base) {
    for (int t = 0; base > 0 && t < x.length; t++) {
      for (int h = 0; h < HEADS; h++) {
        for (int j = 0; j < KEYS / 2; j++) {
          double angle = t * Math.pow(base, -2.0 * j / KEYS);
          int a = h * KEYS + j;
          int b = a + KEYS / 2;
          double turned = x[t][a] * Math.cos(angle) - x[t][b] * Math.sin(angle);
          x[t][b] = x[t][b] * Math.cos(angle) + x[t][a] * Math.sin(angle);
          x[t][a] = turned;
        }
      }
    }
    return x;
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "10000, 0", "100, 3"})
  void forward_isTheOracle(double base, int span) {
    LayerOracle.assertTranscribed(
        new RetNetConfig(
            HEADS, 1.0, 2.0, base > 0, base > 0 ? base : 10000, span, GateActivation.SILU, true),
        WIDTH,
        (x, p) -> oracle(x, p, base, span));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        RetNetConfig.standard().build(MixerConfig.Place.alone(WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * 4 * 2 * 4);
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(8 * (8 + 8 + 16 + 16 + 16) + 4 * 8 + 3 * 4 * 2 * 4);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: retnet, rotary: false}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new RetNetConfig(4, 1.0, 2.0, false, 10000.0, 0, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RetNetConfig.standard().build(MixerConfig.Place.alone(12)))
        .withMessage(
            "retnet: rotary needs an even number of keys per head, got 3; use other heads or"
                + " keyExpansion, or rotary: false");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetNetConfig(4, 1, 2, true, -1.0, 0, GateActivation.SILU, true))
        .withMessage("retnet: rotaryBase must be positive, got -1.0");
  }
}
