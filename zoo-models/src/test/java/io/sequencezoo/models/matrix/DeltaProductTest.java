package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.GatedDeltaNetTest.decays;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class DeltaProductTest {
  private static final int WIDTH = 8;

  @Test
  void forward_isTheOracle() {
    DeltaOracle oracle = new DeltaOracle(2, 2, 3, 6, 2, 4, 2);
    LayerOracle.assertTranscribed(
        new DeltaProductConfig(2, 2, 0.75, 1.5, 2, true, 4, true, GateActivation.SILU, true),
        WIDTH,
        (x, p) -> {
          double[][] gate = projected(x, p, "output_gate");
          return oracle.run(x, p, decays(x, p), (t, i) -> silu(gate[t][i]));
        });
  }

  @Test
  void withoutDecay_reflectsOnly() {
    DeltaOracle oracle = new DeltaOracle(2, 4, 2, 4, 3, 0, 1);
    LayerOracle.assertTranscribed(
        new DeltaProductConfig(2, 4, 0.5, 2.0, 3, false, 0, false, GateActivation.NONE, true),
        WIDTH,
        (x, p) -> oracle.run(x, p, (t, h, d) -> 1, (t, i) -> 1));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new DeltaProductConfig(2, 4, 0.5, 2.0, 3, true, 0, true, GateActivation.SILU, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * 4 * 2 * 4);
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(8 * (4 + 3 * (4 + 16 + 4) + 4 + 16 + 16) + 8 * 4 * 2 * 4);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: delta_product, heads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            new DeltaProductConfig(2, 2, 0.75, 1.5, 2, true, 4, true, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new DeltaProductConfig(
                    2, 2, 0.75, 1.5, 65, true, 4, true, GateActivation.SILU, true))
        .withMessage("delta_product: writes must be in 1 to 64, got 65");
  }
}
