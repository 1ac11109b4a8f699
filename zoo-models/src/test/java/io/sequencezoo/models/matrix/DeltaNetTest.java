package io.sequencezoo.models.matrix;

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

class DeltaNetTest {
  private static final int WIDTH = 6;

  @Test
  void forward_isTheOracle() {
    DeltaOracle plain = new DeltaOracle(2, 2, 3, 6, 1, 4, 1);
    LayerOracle.assertTranscribed(
        new DeltaNetConfig(2, 1.0, 2.0, 4, false, GateActivation.NONE, true),
        WIDTH,
        (x, p) -> plain.run(x, p, (t, h, d) -> 1, (t, i) -> 1));
    DeltaOracle gated = new DeltaOracle(2, 2, 3, 6, 1, 0, 2);
    LayerOracle.assertTranscribed(
        new DeltaNetConfig(2, 1.0, 2.0, 0, true, GateActivation.SILU, true),
        WIDTH,
        (x, p) -> {
          double[][] gate = projected(x, p, "output_gate");
          return gated.run(x, p, (t, h, d) -> 1, (t, i) -> silu(gate[t][i]));
        });
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new DeltaNetConfig(2, 1.0, 2.0, 4, false, GateActivation.NONE, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 3 * 6 + 3 * (6 + 6 + 12)));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (6 + 6 + 12 + 2 + 12) + 4 * (6 + 6 + 12) + 3 * 2 * 3 * 6);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: delta_net, heads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new DeltaNetConfig(2, 1.0, 1.0, 4, false, GateActivation.NONE, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeltaNetConfig.standard().build(MixerConfig.Place.alone(6)))
        .withMessage("delta_net: key width 6 must be divisible by heads 4; use heads 3 or 6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeltaNetConfig(4, 0.0, 1, 4, false, GateActivation.NONE, true))
        .withMessage("delta_net: keyExpansion must be positive, got 0.0");
  }
}
