package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.DeltaOracle.softplus;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
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

class KimiDeltaAttentionTest {
  private static final int WIDTH = 6;

  private static double[][] oracle(DeltaOracle layer, double[][] x, Parameters p) {
    double[][] gate = lowRank(x, p, "output_gate");
    return layer.run(
        x,
        p,
        decay(layer, x, p),
        (t, i) -> sigmoid(gate[t][i] + p.value("output_gate_bias").getDouble(i)));
  }

  private static DeltaOracle.Decay decay(DeltaOracle layer, double[][] x, Parameters p) {
    double[][] steps = lowRank(x, p, "step");
    return (t, h, d) -> {
      int i = h * layer.keys() + d;
      double step = softplus(steps[t][i] + p.value("step_bias").getDouble(i));
      return Math.exp(-Math.exp(p.value("log_rate").getDouble(h)) * step);
    };
  }

  private static double[][] lowRank(double[][] x, Parameters p, String name) {
    double[][] low = projected(x, p, name + "_low");
    double[][] out = new double[low.length][];
    for (int t = 0; t < low.length; t++) {
      out[t] = times(low[t], p, name + "_high");
    }
    return out;
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new KimiDeltaAttentionConfig(2, 0, 1, 1, 4, false, GateActivation.SIGMOID, true),
        WIDTH,
        (x, p) -> oracle(new DeltaOracle(2, 2, 3, 3, 1, 4, 1), x, p));
  }

  @Test
  void switchedOff_isTheOracleWithoutNormAndGate() {
    DeltaOracle layer = new DeltaOracle(2, 2, 3, 3, 1, 0, 1);
    LayerOracle.assertTranscribed(
        new KimiDeltaAttentionConfig(2, 0, 1, 1, 0, false, GateActivation.NONE, false),
        WIDTH,
        (x, p) -> layer.run(x, p, decay(layer, x, p), (t, i) -> 1));
  }

  @Test
  void valueHeads_haveDecaysAndRatesOfTheirOwn() {
    LayerOracle.assertTranscribed(
        new KimiDeltaAttentionConfig(1, 2, 0.5, 2.0, 0, true, GateActivation.SIGMOID, true),
        WIDTH,
        (x, p) -> oracle(new DeltaOracle(1, 2, 3, 6, 1, 0, 2), x, p));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new KimiDeltaAttentionConfig(1, 2, 0.5, 2.0, 0, false, GateActivation.SIGMOID, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * 2 * 3 * 6);
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (3 + 3 + 12 + 2 + 12) + 6 * (6 + 6) + 6 * (6 + 12) + 4 * 2 * 3 * 6);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read("mixer", "{type: kimi_delta_attention, valueHeads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            new KimiDeltaAttentionConfig(0, 2, 1.0, 1.0, 4, false, GateActivation.SIGMOID, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new KimiDeltaAttentionConfig(4, 0, 1, 1, 4, false, GateActivation.SIGMOID, true)
                    .build(MixerConfig.Place.alone(WIDTH)))
        .withMessage(
            "kimi_delta_attention: key width 6 must be divisible by heads 4; use heads 3 or 6");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new KimiDeltaAttentionConfig(0, 0, 1, 1, 1, false, GateActivation.SIGMOID, true))
        .withMessageContaining("shortConvolution must be a width of at least 2");
  }
}
