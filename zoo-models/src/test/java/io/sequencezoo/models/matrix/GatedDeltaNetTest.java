package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.DeltaOracle.softplus;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class GatedDeltaNetTest {
  private static final int WIDTH = 8;

  /** {@code e^{-e^{log_rate} softplus(x W + step_bias)}} per head. */
  static DeltaOracle.Decay decays(double[][] x, Parameters p) {
    double[][] logits = projected(x, p, "step");
    return (t, h, d) ->
        Math.exp(
            -Math.exp(p.value("log_rate").getDouble(h))
                * softplus(logits[t][h] + p.value("step_bias").getDouble(h)));
  }

  @Test
  void forward_isTheOracle() {
    DeltaOracle oracle = new DeltaOracle(2, 2, 3, 6, 1, 4, 1);
    LayerOracle.assertTranscribed(
        new GatedDeltaNetConfig(2, 2, 0.75, 1.5, 4, false, GateActivation.SILU, true),
        WIDTH,
        (x, p) -> {
          double[][] gate = projected(x, p, "output_gate");
          return oracle.run(x, p, decays(x, p), (t, i) -> silu(gate[t][i]));
        });
  }

  @Test
  void valueHeads_shareKeys() {
    DeltaOracle oracle = new DeltaOracle(2, 4, 2, 4, 1, 0, 2);
    LayerOracle.assertTranscribed(
        new GatedDeltaNetConfig(2, 4, 0.5, 2.0, 0, true, GateActivation.NONE, true),
        WIDTH,
        (x, p) -> oracle.run(x, p, decays(x, p), (t, i) -> 1));
  }

  @Test
  void start_hasStepsAndRatesOfTheReference() {
    Parameters parameters =
        Parameters.of(
            GatedDeltaNetConfig.standard().build(MixerConfig.Place.alone(128)), DataType.DOUBLE, 3);
    INDArray rates = parameters.value("log_rate");
    INDArray biases = parameters.value("step_bias");
    for (int h = 0; h < 6; h++) {
      assertThat(Math.exp(rates.getDouble(h))).isBetween(0.0, 16.0);
      assertThat(softplus(biases.getDouble(h))).isBetween(0.001, 0.1);
    }
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new GatedDeltaNetConfig(2, 4, 0.5, 2.0, 4, false, GateActivation.SILU, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (4 * 2 * 4 + 3 * (4 + 4 + 16)));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(8 * (4 + 4 + 16 + 4 + 4 + 16 + 16) + 4 * (4 + 4 + 16) + 4 * 4 * 2 * 4);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read("mixer", "{type: gated_delta_net, heads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new GatedDeltaNetConfig(2, 2, 0.75, 1.5, 4, false, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new GatedDeltaNetConfig(2, 3, 0.75, 1.5, 4, false, GateActivation.SILU, true)
                    .build(MixerConfig.Place.alone(WIDTH)))
        .withMessage(
            "gated_delta_net: valueHeads 3 must be a multiple of heads 2; use valueHeads 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatedDeltaNetConfig.standard().build(MixerConfig.Place.alone(10)))
        .withMessage(
            "gated_delta_net: width 10 times keyExpansion 0.75 must be a whole number, got 7.5;"
                + " use keyExpansion 0.8");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new GatedDeltaNetConfig(2, 0, 0.75, 1.5, 4, false, GateActivation.SILU, true))
        .withMessage("gated_delta_net: valueHeads must be at least 1, got 0");
  }
}
