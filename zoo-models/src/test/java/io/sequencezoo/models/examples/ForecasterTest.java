package io.sequencezoo.models.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.ModelConfig;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The contract test holds it to the laws of models; here it learns. */
class ForecasterTest {
  private static final int STEPS = 24;
  private static final int HORIZON = 2;

  private final Model model =
      Configs.read(
              "model",
              "{type: forecaster, features: 1, horizon: 2, width: 8,"
                  + " stages: [{mixer: {type: lstm}}]}",
              ModelConfig.class)
          .build();

  @Test
  void descent_learnsASine() {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    double error = descend(parameters);
    for (int i = 0; i < 400; i++) {
      error = descend(parameters);
    }
    // Half of what the best constant leaves, which is the variance of a sine.
    assertThat(error).isLessThan(0.25);
  }

  private double descend(Parameters parameters) {
    double[][][] series = new double[1][STEPS][1];
    double[][][] targets = new double[1][STEPS][HORIZON];
    for (int t = 0; t < STEPS; t++) {
      series[0][t][0] = Math.sin(0.5 * t);
      for (int h = 0; h < HORIZON; h++) {
        targets[0][t][h] = Math.sin(0.5 * (t + 1 + h));
      }
    }
    Tape tape = Tape.detached();
    Context context = Context.training(tape, parameters, 1);
    Variable forecast = model.forward(context, Nd4j.createFromArray(series));
    Variable error =
        Primitives.subtract(tape, forecast, tape.constant(Nd4j.createFromArray(targets)));
    Variable loss = Primitives.mean(tape, Primitives.multiply(tape, error, error));
    parameters.zeroGradients();
    tape.backward(loss);
    parameters.values().subi(parameters.gradients().mul(0.5));
    return loss.value().getDouble(0);
  }

  @Test
  void input_ofAnotherWidthIsRefused() {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    Context context = Context.inference(Tape.detached(), parameters);
    INDArray wide = Nd4j.zeros(DataType.DOUBLE, 1, 4, 3);
    assertThatThrownBy(() -> model.forward(context, wide))
        .hasMessage("forecaster input: F must be 1, got 3 in shape [1, 4, 3]");
  }
}
