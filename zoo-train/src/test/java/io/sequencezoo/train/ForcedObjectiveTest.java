package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.ContinuousBatch;
import io.sequencezoo.models.model.ClosedLoop;
import io.sequencezoo.models.model.Forecaster;
import io.sequencezoo.models.model.ForecasterConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("double")
class ForcedObjectiveTest {
  private static final int ROWS = 2;
  private static final int STEPS = 7;
  private static final int FEATURES = 2;

  /** Steps and whole sequences add in another order. */
  private static final double SAME = 1e-11;

  /** Central differences of a smooth loss at a step of 1e-6. */
  private static final double DIFFERENCES = 1e-7;

  private static Forecaster model(String mixer) {
    return Configs.read(
            "model",
            "{type: forecaster, features: 2, horizon: 2, width: 8, layers: 1, mixer: {type: %s}}"
                .formatted(mixer),
            ForecasterConfig.class)
        .build();
  }

  private static ContinuousBatch series() {
    double[] numbers = new SplittableRandom(3).doubles(ROWS * STEPS * FEATURES, -1, 1).toArray();
    return ContinuousBatch.ofSeries(
        Nd4j.createFromArray(numbers).reshape('c', ROWS, STEPS, FEATURES), 2, null);
  }

  private static double loss(Forecaster model, Parameters parameters, double alpha) {
    try (Tape tape = Tape.inference()) {
      return new ForcedObjective(model)
          .loss(Context.inference(tape, parameters), new ForcedBatch(series(), alpha))
          .mean()
          .value()
          .getDouble(0);
    }
  }

  /** Whole prefixes again for every step, mixed by hand. */
  private static double transcribed(Forecaster model, Parameters parameters, double alpha) {
    ContinuousBatch batch = series();
    double sum = 0;
    int count = 0;
    for (int b = 0; b < ROWS; b++) {
      double[][] in = new double[STEPS - 1][FEATURES];
      double[] forecast = null;
      for (int t = 0; t < STEPS - 1; t++) {
        for (int f = 0; f < FEATURES; f++) {
          double truth = batch.inputs().getDouble(b, t, f);
          in[t][f] = t == 0 ? truth : alpha * truth + (1 - alpha) * forecast[f];
        }
        double[][] prefix = Arrays.copyOf(in, t + 1);
        INDArray output =
            model
                .forward(
                    Context.inference(Tape.detached(), parameters),
                    Nd4j.createFromArray(new double[][][] {prefix}))
                .value();
        forecast = new double[] {output.getDouble(0, t, 0), output.getDouble(0, t, 1)};
        for (int h = 0; h < 2 && t + 1 + h < STEPS; h++) {
          for (int f = 0; f < FEATURES; f++) {
            double away =
                output.getDouble(0, t, h * FEATURES + f) - batch.targets().getDouble(b, t, h, f);
            sum += away * away;
            count++;
          }
        }
      }
    }
    return sum / count;
  }

  @ParameterizedTest
  @CsvSource({"lstm, 1", "lstm, 0.3", "lstm, 0", "gla, 0.6", "softmax_attention, 0.5"})
  void loss_isThatOfTheMixedSeries(String mixer, double alpha) {
    Forecaster model = model(mixer);
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    assertThat(loss(model, parameters, alpha))
        .isCloseTo(transcribed(model, parameters, alpha), within(SAME));
  }

  /** With α = 0 the loop is the one that forecasts: on its own forecasts the loss is zero. */
  @Test
  void withoutForcing_theLoopIsTheOneThatForecasts() {
    Forecaster model = Configs.with(model("lstm").config(), "horizon", 1).build();
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    INDArray first = Nd4j.createFromArray(new double[][][] {{{0.4, -0.2}}});
    INDArray loop = new ClosedLoop(model, parameters).forecast(first, STEPS);
    ContinuousBatch batch = ContinuousBatch.ofSeries(Nd4j.concat(1, first, loop), 1, null);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      Objective.Loss loss = new ForcedObjective(model).loss(context, new ForcedBatch(batch, 0));
      assertThat(loss.mean().value().getDouble(0)).isCloseTo(0, within(SAME * SAME));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gla"})
  void gradients_goThroughTheForecasts(String mixer) {
    Forecaster model = model(mixer);
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    parameters.zeroGradients();
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1);
      tape.backward(
          new ForcedObjective(model).loss(context, new ForcedBatch(series(), 0.4)).mean());
    }
    INDArray values = parameters.values();
    for (int i = 0; i < values.length(); i += 17) {
      double before = values.getDouble(i);
      double h = 1e-6;
      values.putScalar(i, before + h);
      double up = loss(model, parameters, 0.4);
      values.putScalar(i, before - h);
      double down = loss(model, parameters, 0.4);
      values.putScalar(i, before);
      assertThat(parameters.gradients().getDouble(i))
          .isCloseTo((up - down) / (2 * h), within(DIFFERENCES));
    }
  }

  @Test
  void sharesOutsideOfZeroAndOne_areRefused() {
    assertThatThrownBy(() -> new ForcedBatch(series(), 1.5))
        .hasMessage("forcing: alpha must be in [0, 1], got 1.5");
  }
}
