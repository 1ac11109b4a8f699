package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.DeltaOracle.softplus;
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
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class CombaTest {
  private static final int WIDTH = 6;

  /** The layer as the reference writes it: loops over time, heads, keys and values. */
  private record Oracle(int heads, int keys, int values, int span) {
    double[][] run(double[][] x, Parameters p) {
      double[][] q = convolved(x, p, "q", span);
      double[][] k = convolved(x, p, "k", span);
      double[][] v = convolved(x, p, "v", span);
      double[][] rates = projected(x, p, "beta");
      double[][] steps = projected(x, p, "step");
      double[][][] s = new double[heads][keys][values];
      double[][] y = new double[x.length][];
      for (int t = 0; t < x.length; t++) {
        double[] read = new double[heads * values];
        for (int h = 0; h < heads; h++) {
          double[] query = new double[keys];
          double[] key = new double[keys];
          double[] feedback = new double[keys];
          for (int d = 0; d < keys; d++) {
            key[d] = silu(k[t][h * keys + d]);
            feedback[d] = sigmoid(p.value("feedback").getDouble(h)) * key[d];
            query[d] = silu(q[t][h * keys + d]) - p.value("correction").getDouble(h) * feedback[d];
          }
          unit(query);
          unit(key);
          unit(feedback);
          double beta = sigmoid(rates[t][h]);
          double step = softplus(steps[t][h] + p.value("step_bias").getDouble(h));
          double decay = Math.exp(-Math.exp(p.value("log_rate").getDouble(h)) * step);
          for (int e = 0; e < values; e++) {
            double fed = 0;
            for (int d = 0; d < keys; d++) {
              fed += feedback[d] * s[h][d][e];
            }
            for (int d = 0; d < keys; d++) {
              double value = silu(v[t][h * values + e]);
              s[h][d][e] = decay * s[h][d][e] + beta * key[d] * (value - fed);
              read[h * values + e] += query[d] / Math.sqrt(keys) * s[h][d][e];
            }
          }
          if (p.contains("norm")) {
            normalise(read, h * values, values);
          }
        }
        for (int i = 0; i < read.length; i++) {
          read[i] *= p.contains("norm") ? p.value("norm").getDouble(i % values) : 1;
        }
        if (p.contains("output_gate")) {
          double[] gate = times(x[t], p, "output_gate");
          for (int i = 0; i < read.length; i++) {
            read[i] *= sigmoid(gate[i]);
          }
        }
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private static void unit(double[] x) {
      double square = 1e-6;
      for (double value : x) {
        square += value * value;
      }
      for (int d = 0; d < x.length; d++) {
        x[d] /= Math.sqrt(square);
      }
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new CombaConfig(2, 1, 2, 4, 1, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(2, 3, 6, 4)::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutNormAndGate() {
    LayerOracle.assertTranscribed(
        new CombaConfig(2, 1, 1, 0, .02, GateActivation.NONE, false),
        WIDTH,
        new Oracle(2, 3, 3, 0)::run);
  }

  @Test
  void start_isTheReferences() {
    Parameters p =
        Parameters.of(
            new CombaConfig(2, 1, 1, 0, .02, GateActivation.NONE, false)
                .build(MixerConfig.Place.alone(WIDTH)),
            DataType.DOUBLE,
            1);
    assertThat(p.value("feedback").toDoubleVector()).containsExactly(1, 1);
    assertThat(p.value("correction").toDoubleVector()).containsExactly(.02, .02);
  }

  @Test
  void headsOfTheReference_areSixAtItsWidth() {
    Parameters p =
        Parameters.of(
            CombaConfig.standard().build(MixerConfig.Place.alone(2048)), DataType.FLOAT, 1);
    assertThat(p.value("feedback").length()).isEqualTo(6);
    assertThat(p.value("v").shape()).containsExactly(2048, 6 * 512);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new CombaConfig(2, 1, 2, 0, 1, GateActivation.SIGMOID, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * 2 * 3 * 6);
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (6 + 6 + 12 + 2 + 2 + 12 + 12) + 5 * 2 * 3 * 6);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: comba, heads: 3}", BlockConfig.class);
    assertThat(read).isEqualTo(new CombaConfig(3, .75, 1.5, 4, 1, GateActivation.SIGMOID, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CombaConfig(2, 1, 1, 0, Double.NaN, GateActivation.NONE, false))
        .withMessage("comba: outputCorrection must be finite, got NaN");
  }
}
