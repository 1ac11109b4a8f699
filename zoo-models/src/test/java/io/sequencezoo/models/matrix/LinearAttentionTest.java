package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.TaylorFeatures;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LinearAttentionTest {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int KEYS = 2;
  private static final int VALUES = 3;

  /** Attention with weights that are a function of features or of the scaled product. */
  private static double[][] oracle(double[][] x, Parameters p, LinearAttentionConfig config) {
    double[][] q = projected(x, p, "q");
    double[][] k = projected(x, p, "k");
    double[][] v = projected(x, p, "v");
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] read = new double[HEADS * VALUES];
      for (int h = 0; h < HEADS; h++) {
        double below = config.normalised() ? config.normaliserEps() : 1;
        double[] sum = new double[VALUES];
        for (int s = 0; s < (config.bidirectional() ? x.length : t + 1); s++) {
          double weight = weight(q[t], k[s], h * KEYS, config);
          below += config.normalised() ? weight : 0;
          for (int e = 0; e < VALUES; e++) {
            sum[e] += weight * v[s][h * VALUES + e];
          }
        }
        for (int e = 0; e < VALUES; e++) {
          read[h * VALUES + e] = sum[e] / below;
        }
        if (config.norm()) {
          normalise(read, h * VALUES, VALUES);
          for (int e = 0; e < VALUES; e++) {
            read[h * VALUES + e] *= p.value("norm").getDouble(e);
          }
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  private static double weight(double[] q, double[] k, int at, LinearAttentionConfig config) {
    DoubleUnaryOperator map =
        switch (config.featureMap()) {
          case ELU_PLUS_ONE -> a -> a > 0 ? a + 1 : Math.exp(a);
          case RELU -> a -> Math.max(a, 0);
          default -> a -> a;
        };
    double product = 0;
    for (int d = 0; d < KEYS; d++) {
      product += map.applyAsDouble(q[at + d]) * map.applyAsDouble(k[at + d]);
    }
    product /= Math.sqrt(KEYS);
    if (config.featureMap() != FeatureMap.TAYLOR) {
      return product;
    }
    double sum = 1;
    double term = 1;
    for (int order = 1; order <= config.taylorOrder(); order++) {
      term *= product / order;
      sum += term;
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({
    "ELU_PLUS_ONE, 2, true, false, false",
    "ELU_PLUS_ONE, 2, false, true, false",
    "ELU_PLUS_ONE, 2, true, false, true",
    "RELU, 2, true, true, false",
    "IDENTITY, 2, false, false, false",
    "IDENTITY, 2, false, true, true",
    "TAYLOR, 1, false, false, false",
    "TAYLOR, 2, true, false, false",
    "TAYLOR, 3, false, true, false",
    "TAYLOR, 4, true, false, true"
  })
  void forward_isTheOracle(
      FeatureMap map, int order, boolean normalised, boolean norm, boolean bidirectional) {
    LinearAttentionConfig config =
        Configs.with(
            LinearAttentionConfig.standard(),
            Map.of(
                "heads",
                HEADS,
                "keyDim",
                KEYS,
                "featureMap",
                map,
                "taylorOrder",
                order,
                "normalised",
                normalised,
                "norm",
                norm,
                "bidirectional",
                bidirectional));
    LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void taylorFeatures_multiplyToThePolynomial(int order) {
    SplittableRandom random = new SplittableRandom(7);
    INDArray x = Nd4j.createFromArray(random.doubles(10, -1, 1).toArray()).reshape(1, 1, 2, 5);
    Tape tape = Tape.detached();
    INDArray features = TaylorFeatures.apply(tape, tape.constant(x), 1, order).value();
    assertThat(features.size(3)).isEqualTo(TaylorFeatures.count(5, order));
    double product = 0;
    for (int d = 0; d < 5; d++) {
      product += x.getDouble(0, 0, 0, d) * x.getDouble(0, 0, 1, d);
    }
    double expected = 1;
    double term = 1;
    for (int p = 1; p <= order; p++) {
      term *= product / p;
      expected += term;
    }
    double actual = 0;
    for (int f = 0; f < features.size(3); f++) {
      actual += features.getDouble(0, 0, 0, f) * features.getDouble(0, 0, 1, f);
    }
    assertThat(actual).isCloseTo(expected, within(LayerOracle.DOUBLE));
  }

  @Test
  void taylorFeatures_areFewerThanTensorPowers() {
    assertThat(TaylorFeatures.count(16, 2)).isEqualTo(153).isLessThan(1 + 16 + 16 * 16);
    assertThat(TaylorFeatures.count(4, 4)).isEqualTo(70);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TaylorFeatures.count(4, 9))
        .withMessage("taylor features: order must be in 1 to 8, got 9");
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        LinearAttentionConfig.based(4).build(MixerConfig.Place.alone(32)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * 4 * 153 * (8 + 1));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(32 * (64 + 64 + 32) + 32 * 32 + 2 * 4 * 152 + 2 * 4 * 153 * 9);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read("mixer", "{type: linear_attention, featureMap: taylor}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(Configs.with(LinearAttentionConfig.standard(), "featureMap", FeatureMap.TAYLOR));
    assertThat(((LinearAttentionConfig) read).normaliserEps()).isEqualTo(1e-6);
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Configs.with(LinearAttentionConfig.standard(), "featureMap", FeatureMap.IDENTITY))
        .withMessage(
            "linear_attention: normalised needs features with positive products, got identity of"
                + " order 2; use elu_plus_one, relu, taylor of order 2 or 4, or normalised: false");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configs.with(
                    LinearAttentionConfig.standard(),
                    Map.of("bidirectional", true, "shortConvolution", 4)))
        .withMessage(
            "linear_attention: shortConvolution must be 0 with bidirectional, got 4;"
                + " it is causal: leave one of them out");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configs.with(LinearAttentionConfig.standard(), "taylorOrder", 5))
        .withMessage("linear_attention: taylorOrder must be in 1 to 4, got 5");
  }
}
