package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
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
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class GsaTest {
  private static final int WIDTH = 6;

  /** The layer as the paper writes it: loops over time, heads, slots, keys and values. */
  private record Oracle(int heads, int keys, int values, int slots, int span, double normalizer) {
    double[][] run(double[][] x, Parameters p) {
      double[][] q = activated(convolved(x, p, "q", span), span);
      double[][] k = activated(convolved(x, p, "k", span), span);
      double[][] v = activated(convolved(x, p, "v", span), span);
      double[][] forget = projected(x, p, "forget");
      double[][][] sk = new double[heads][slots][keys];
      double[][][] sv = new double[heads][slots][values];
      double[][] y = new double[x.length][];
      for (int t = 0; t < x.length; t++) {
        double[] read = new double[heads * values];
        for (int h = 0; h < heads; h++) {
          double[] weights = new double[slots];
          double total = 0;
          for (int m = 0; m < slots; m++) {
            double keep = Math.pow(sigmoid(forget[t][h * slots + m]), 1 / normalizer);
            double logit = 0;
            for (int d = 0; d < keys; d++) {
              int i = h * keys + d;
              sk[h][m][d] = keep * sk[h][m][d] + (1 - keep) * silu(k[t][i]);
              logit += sk[h][m][d] * silu(q[t][i]);
            }
            for (int e = 0; e < values; e++) {
              sv[h][m][e] = keep * sv[h][m][e] + (1 - keep) * silu(v[t][h * values + e]);
            }
            weights[m] = Math.exp(logit);
            total += weights[m];
          }
          for (int m = 0; m < slots; m++) {
            for (int e = 0; e < values; e++) {
              read[h * values + e] += weights[m] / total * sv[h][m][e];
            }
          }
        }
        for (int i = 0; i < read.length; i++) {
          read[i] = silu(read[i]);
        }
        finish(read, x[t], p);
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private static void finish(double[] read, double[] x, Parameters p) {
      if (p.contains("norm")) {
        normalise(read, 0, read.length);
        for (int i = 0; i < read.length; i++) {
          read[i] *= p.value("norm").getDouble(i);
        }
      }
      if (p.contains("output_gate")) {
        double[] gate = times(x, p, "output_gate");
        for (int i = 0; i < read.length; i++) {
          read[i] *= sigmoid(gate[i]);
        }
      }
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new GsaConfig(2, 1, 1, 0, 8, 0, GateActivation.NONE, true),
        WIDTH,
        new Oracle(2, 3, 3, 3, 0, 8)::run);
    LayerOracle.assertTranscribed(
        new GsaConfig(2, 1, 2, 5, 2, 3, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(2, 3, 6, 5, 3, 2)::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutNormAndGate() {
    LayerOracle.assertTranscribed(
        new GsaConfig(1, 1, 1, 2, 8, 0, GateActivation.NONE, false),
        WIDTH,
        new Oracle(1, 6, 6, 2, 0, 8)::run);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new GsaConfig(2, 1, 2, 5, 8, 0, GateActivation.NONE, true)
            .build(Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * 2 * 5 * (3 + 6));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (6 + 6 + 12 + 10 + 12) + 3 * 2 * 5 * (3 + 6));
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: gsa, slots: 64}", BlockConfig.class);
    assertThat(read).isEqualTo(new GsaConfig(4, 1, 1, 64, 8, 0, GateActivation.NONE, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GsaConfig(4, 1, 1, -1, 8, 0, GateActivation.NONE, true))
        .withMessage("gsa: slots must be at least 1, or 0 for their default, got -1");
  }
}
