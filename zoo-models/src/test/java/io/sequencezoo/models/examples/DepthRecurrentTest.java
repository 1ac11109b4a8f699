package io.sequencezoo.models.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.TokenModel;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The contract test holds it to the laws of stages; here is what it alone has. */
class DepthRecurrentTest {
  private final TokenModel model =
      Configs.read(
              "model",
              "{type: language_model, vocabulary: 11, width: 8, mixer: {type: lstm}, layers: [{},"
                  + " {type: depth_recurrent, depth: 3, ponderWeight: 0.5, transition: {}}]}",
              LanguageModelConfig.class)
          .build();
  private final Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);

  @Test
  void transition_isOneSetOfParametersAndOneStatePerDepth() {
    assertThat(parameters.specs())
        .extracting(ParameterSpec::name)
        .filteredOn(name -> name.startsWith("layers.1.") && !name.startsWith("layers.1.halt."))
        .isNotEmpty()
        .allMatch(name -> name.startsWith("layers.1.transition."));
    Context context = Context.inference(Tape.detached(), parameters);
    assertThat(model.initialState(context, 2, DataType.DOUBLE).child("layers.1").children())
        .containsOnlyKeys("depth.1", "depth.2", "depth.3");
    assertThat(model.mixers()).containsOnlyKeys("layers.0.mixer", "layers.1.transition.mixer");
  }

  @Test
  void ponder_isTheMeanDepthAndItsGradientReachesTheHaltingUnit() {
    Tape tape = Tape.detached();
    parameters.value("layers.1.halt.weight").assign(0);
    Context context = Context.training(tape, parameters, 1);
    model.forward(context, Nd4j.createFromArray(new int[][] {{1, 2, 3}}));
    assertThat(context.losses()).containsOnlyKeys("layers.1.ponder");
    Variable ponder = context.losses().get("layers.1.ponder").value();
    // Halting with probability 1/2 at depths 1 and 2: 1/2 + 2/4 + 3/4.
    assertThat(ponder.value().getDouble(0)).isCloseTo(1.75, within(1e-12));
    parameters.zeroGradients();
    tape.backward(ponder);
    // d/db of p + 2 p (1 - p) + 3 (1 - p)^2 at p = 1/2, where dp/db = 1/4: -(3 - 2 p) / 4.
    assertThat(parameters.gradient("layers.1.halt.bias").getDouble(0))
        .isCloseTo(-0.5, within(1e-12));
    assertThat(parameters.gradient("layers.1.halt.weight").norm2Number().doubleValue())
        .isPositive();
  }
}
