package io.sequencezoo.models.matrix;

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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

class Hgrn2Test {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int KEYS = 6;
  private static final int VALUES = 3;

  private static double[][] oracle(double[][] x, Parameters p, double bound, int span) {
    double[][] q = convolved(x, p, "q", span);
    double[][] f = convolved(x, p, "k", span);
    double[][] v = convolved(x, p, "v", span);
    double[][][] s = new double[HEADS][KEYS][VALUES];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] read = new double[HEADS * VALUES];
      for (int h = 0; h < HEADS; h++) {
        for (int d = 0; d < KEYS; d++) {
          double alpha = bound + (1 - bound) * sigmoid(f[t][h * KEYS + d]);
          for (int e = 0; e < VALUES; e++) {
            s[h][d][e] = alpha * s[h][d][e] + (1 - alpha) * v[t][h * VALUES + e];
            read[h * VALUES + e] += silu(q[t][h * KEYS + d]) / Math.sqrt(KEYS) * s[h][d][e];
          }
        }
      }
      if (p.contains("norm")) {
        normalise(read, 0, HEADS * VALUES);
      }
      for (int e = 0; e < read.length; e++) {
        read[e] *= p.contains("norm") ? p.value("norm").getDouble(e) : 1;
        read[e] *= p.contains("output_gate") ? silu(times(x[t], p, "output_gate")[e]) : 1;
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0.3, 0", "0.9, 3"})
  void forward_isTheOracle(double bound, int span) {
    LayerOracle.assertTranscribed(
        new Hgrn2Config(
            HEADS, 2.0, bound, Hgrn2Config.Bounds.CONSTANT, span, GateActivation.NONE, true),
        WIDTH,
        (x, p) -> oracle(x, p, bound, span));
  }

  @Test
  void gateAndNorm_areTheOraclesInEveryForm() {
    for (GateActivation gate : List.of(GateActivation.SILU, GateActivation.NONE)) {
      for (boolean norm : new boolean[] {true, false}) {
        LayerOracle.assertTranscribed(
            new Hgrn2Config(HEADS, 2.0, 0.3, Hgrn2Config.Bounds.CONSTANT, 0, gate, norm),
            WIDTH,
            (x, p) -> oracle(x, p, 0.3, 0));
      }
    }
  }

  @Test
  void lowerBound_risesWithDepth() {
    Hgrn2Config config =
        new Hgrn2Config(HEADS, 2.0, 0.8, Hgrn2Config.Bounds.RISING, 0, GateActivation.NONE, true);
    for (int layer = 0; layer < 4; layer++) {
      double bound = 0.8 * layer / 4;
      LayerOracle.assertTranscribed(
          config, new MixerConfig.Place(WIDTH, layer, 4), (x, p) -> oracle(x, p, bound, 0));
    }
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        Hgrn2Config.standard().build(MixerConfig.Place.alone(256)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * 2 * 128 * 128);
    assertThat(layer.multiplyAddsPerToken(9)).isEqualTo(4 * 256 * 256 + 3 * 2 * 128 * 128);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: hgrn2, bounds: constant}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            new Hgrn2Config(
                0, 1.0, 0.0, Hgrn2Config.Bounds.CONSTANT, 0, GateActivation.NONE, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Hgrn2Config(
                    0, 1, 1.0, Hgrn2Config.Bounds.CONSTANT, 0, GateActivation.NONE, true))
        .withMessage(
            "hgrn2: lowerBound must be from 0 to below 1, or 1 where bounds are rising, got 1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Hgrn2Config(-1, 1, 1, Hgrn2Config.Bounds.RISING, 0, GateActivation.NONE, true))
        .withMessage("hgrn2: heads must be at least 1, or 0 for one per 128 features, got -1");
  }
}
