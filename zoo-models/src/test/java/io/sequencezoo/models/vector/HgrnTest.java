package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.Hgrn2Config.Bounds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

class HgrnTest {
  /** A logit and back in double. */
  private static final double ROUNDING = 1e-12;

  private static double[][] transcription(
      LayerOracle layer, double[][] x, boolean bounded, int convolution) {
    double[][] f = layer.times(x, "forget");
    double[][] i = layer.times(x, "input");
    if (convolution > 0) {
      f = layer.convolved(f, "forget");
      i = layer.convolved(i, "input");
    }
    double[][] g = layer.times(x, "gate");
    int inner = f[0].length;
    double[] bound = bounded ? layer.vector("bound") : null;
    double[] norm = layer.vector("norm");
    double[] h = new double[inner];
    double[][] y = new double[x.length][inner];
    for (int t = 0; t < x.length; t++) {
      double square = 0;
      for (int d = 0; d < inner; d++) {
        double lower = bounded ? LayerOracle.sigmoid(bound[d]) : 0;
        double a = lower + (1 - lower) * LayerOracle.sigmoid(f[t][d]);
        h[d] = a * h[d] + (1 - a) * LayerOracle.silu(i[t][d]);
        square += h[d] * h[d] / inner;
      }
      for (int d = 0; d < inner; d++) {
        y[t][d] = h[d] / Math.sqrt(square + 1e-5) * norm[d] * LayerOracle.silu(g[t][d]);
      }
    }
    return layer.times(y, "output");
  }

  @ParameterizedTest
  @CsvSource({"1.0,0.5,0", "2.0,0,0", "1.5,0.9,4"})
  void forward_isTheTranscription(double expansion, double bound, int convolution) {
    LayerOracle layer =
        LayerOracle.of(new HgrnConfig(expansion, bound, Bounds.CONSTANT, convolution));
    layer.assertForward(x -> transcription(layer, x, bound > 0, convolution));
  }

  @Test
  void lowerBound_growsWithDepth() {
    for (int layer = 0; layer < 4; layer++) {
      Parameters parameters =
          Parameters.of(
              HgrnConfig.standard().build(new MixerConfig.Place(8, layer, 4)), DataType.DOUBLE, 3);
      assertThat(parameters.contains("bound")).isEqualTo(layer > 0);
      if (layer > 0) {
        assertThat(LayerOracle.sigmoid(parameters.value("bound").getDouble(5)))
            .isCloseTo(layer / 4.0, within(ROUNDING));
      }
    }
  }

  /** Files of before bounds had a key: 1 meant bounds that rise, less a constant one. */
  @ParameterizedTest
  @CsvSource({"lowerBound: 1.0,1,RISING", "lowerBound: 0.5,0.5,CONSTANT", "expansion: 1,1,RISING"})
  void boundsThatAreAbsent_followTheLowerBound(String key, double lowerBound, Bounds bounds) {
    assertThat(Configs.read("layer", "{type: hgrn, " + key + "}", HgrnConfig.class))
        .isEqualTo(new HgrnConfig(1, lowerBound, bounds, 0));
  }

  @Test
  void misfits_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HgrnConfig(1, 1.5, Bounds.RISING, 0))
        .withMessage(
            "hgrn: lowerBound must be from 0 to below 1, or 1 where bounds are rising, got 1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HgrnConfig(1, 1.0, Bounds.CONSTANT, 0))
        .withMessage(
            "hgrn: lowerBound must be from 0 to below 1, or 1 where bounds are rising, got 1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HgrnConfig(-1.0, 1, Bounds.RISING, 0))
        .withMessage("hgrn: expansion must be positive, got -1.0");
  }
}
