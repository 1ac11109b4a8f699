package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
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
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

class SimpleGlaTest {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;

  private static double[][] oracle(double[][] x, Parameters p, int span) {
    int keys = 3;
    int values = 6;
    double[][] q = activated(convolved(x, p, "q", span), span);
    double[][] k = activated(convolved(x, p, "k", span), span);
    double[][] v = activated(convolved(x, p, "v", span), span);
    double[][][] s = new double[HEADS][keys][values];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] logits = times(x[t], p, "gate");
      double[] gate = times(x[t], p, "output_gate");
      double[] read = new double[HEADS * values];
      for (int h = 0; h < HEADS; h++) {
        double alpha = Math.pow(sigmoid(logits[h] + p.value("gate_bias").getDouble(h)), 1 / 8.0);
        for (int d = 0; d < keys; d++) {
          for (int e = 0; e < values; e++) {
            s[h][d][e] = alpha * s[h][d][e] + k[t][h * keys + d] * v[t][h * values + e];
            read[h * values + e] += q[t][h * keys + d] / Math.sqrt(keys) * s[h][d][e];
          }
        }
        normalise(read, h * values, values);
        for (int e = 0; e < values; e++) {
          read[h * values + e] *= p.value("norm").getDouble(e) * silu(gate[h * values + e]);
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void forward_isTheOracle(int span) {
    LayerOracle.assertTranscribed(
        new SimpleGlaConfig(HEADS, 1.0, 2.0, 8.0, span, GateActivation.SILU, true),
        WIDTH,
        (x, p) -> oracle(x, p, span));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new SimpleGlaConfig(HEADS, 1.0, 2.0, 16, 4, GateActivation.SILU, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 3 * 6 + 3 * (6 + 6 + 12)));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (6 + 6 + 12 + 12 + 12) + 6 * 2 + 4 * (6 + 6 + 12) + 3 * 2 * 3 * 6);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: simple_gla, heads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new SimpleGlaConfig(2, 1.0, 1.0, 16.0, 4, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SimpleGlaConfig.standard().build(MixerConfig.Place.alone(6)))
        .withMessage("simple_gla: width 6 must be divisible by heads 4; use heads 3 or 6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SimpleGlaConfig(4, 1, -1.0, 16, 4, GateActivation.SILU, true))
        .withMessage("simple_gla: valueExpansion must be positive, got -1.0");
  }
}
