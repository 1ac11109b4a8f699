package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The contract test holds it to the laws of models; here it runs by itself. */
@Tag("double")
class ForecasterTest {
  private static final int ROWS = 2;
  private static final int PREFIX = 5;
  private static final int STEPS = 6;
  private static final int FEATURES = 2;

  /** Steps and whole sequences add in another order. */
  private static final double SAME = 1e-10;

  @TempDir Path folder;

  private static Forecaster model(String mixer) {
    return Configs.read(
            "model",
            ("{type: forecaster, features: 2, horizon: 3, width: 8, layers: 2, mixer: {type: %s},"
                    + " channel: {type: swiglu}}")
                .formatted(mixer),
            ForecasterConfig.class)
        .build();
  }

  private static Parameters parameters(Model model) {
    return Parameters.of(model, DataType.DOUBLE, 1);
  }

  private static double[][][] prefix() {
    SplittableRandom random = new SplittableRandom(4);
    double[][][] prefix = new double[ROWS][PREFIX][FEATURES];
    for (double[][] row : prefix) {
      Arrays.setAll(row, t -> random.doubles(FEATURES, -1, 1).toArray());
    }
    return prefix;
  }

  /** The whole series again for every step that is added to it. */
  private static double[][] again(Model model, Parameters parameters, double[][] prefix, int n) {
    double[][] series = prefix;
    for (int i = 0; i < n; i++) {
      Context context = Context.inference(Tape.detached(), parameters);
      INDArray input = Nd4j.createFromArray(new double[][][] {series});
      INDArray outputs = model.forward(context, input).value();
      series = Arrays.copyOf(series, series.length + 1);
      double[] next = new double[FEATURES];
      for (int f = 0; f < FEATURES; f++) {
        next[f] = outputs.getDouble(0, series.length - 2, f);
      }
      series[series.length - 1] = next;
    }
    return Arrays.copyOfRange(series, prefix.length, series.length);
  }

  private static void assertSame(INDArray values, int row, double[][] expected) {
    for (int t = 0; t < expected.length; t++) {
      for (int f = 0; f < FEATURES; f++) {
        assertThat(values.getDouble(row, t, f)).isCloseTo(expected[t][f], within(SAME));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gla", "gated_delta_net", "s5", "mamba", "softmax_attention"})
  void forecast_isTheWholeSeriesAgainForEveryStep(String mixer) {
    Forecaster model = model(mixer);
    Parameters parameters = parameters(model);
    INDArray values =
        new ClosedLoop(model, parameters).forecast(Nd4j.createFromArray(prefix()), STEPS);
    assertThat(values.shape()).containsExactly(ROWS, STEPS, FEATURES);
    for (int b = 0; b < ROWS; b++) {
      assertSame(values, b, again(model, parameters, prefix()[b], STEPS));
    }
  }

  @Test
  void forecast_ofPaddedRowsIsThatOfEachAlone() {
    Forecaster model = model("gla");
    Parameters parameters = parameters(model);
    int[] lengths = {PREFIX, 2};
    double[][][] padded = prefix();
    for (int t = 2; t < PREFIX; t++) {
      Arrays.fill(padded[1][t], Double.NaN);
    }
    INDArray values =
        new ClosedLoop(model, parameters)
            .forecast(Nd4j.createFromArray(padded), lengths, null, STEPS)
            .values();
    for (int b = 0; b < ROWS; b++) {
      double[][] own = Arrays.copyOf(prefix()[b], lengths[b]);
      assertSame(values, b, again(model, parameters, own, STEPS));
    }
  }

  /** Warm-up in pieces, then a forecast in pieces with the state on disk between them. */
  @Test
  void forecast_continuesFromAStateInAFile() throws Exception {
    Forecaster model = model("lstm");
    Parameters parameters = parameters(model);
    ClosedLoop loop = new ClosedLoop(model, parameters);
    INDArray whole = loop.forecast(Nd4j.createFromArray(prefix()), STEPS);
    ClosedLoop.Forecast first = loop.forecast(Nd4j.createFromArray(prefix()), null, null, 2);
    Path file = folder.resolve("state.safetensors");
    ModelStateFiles.save(file, model, first.state());
    double[][][] last = new double[ROWS][1][FEATURES];
    for (int b = 0; b < ROWS; b++) {
      for (int f = 0; f < FEATURES; f++) {
        last[b][0][f] = first.values().getDouble(b, 1, f);
      }
    }
    INDArray rest =
        loop.forecast(
                Nd4j.createFromArray(last),
                null,
                ModelStateFiles.load(file, model, parameters),
                STEPS - 2)
            .values();
    for (int b = 0; b < ROWS; b++) {
      for (int t = 0; t < STEPS; t++) {
        for (int f = 0; f < FEATURES; f++) {
          double expected = whole.getDouble(b, t, f);
          double actual = t < 2 ? first.values().getDouble(b, t, f) : rest.getDouble(b, t - 2, f);
          assertThat(actual).isCloseTo(expected, within(SAME));
        }
      }
    }
  }

  @Test
  void savedModel_forecastsTheSameBits() throws Exception {
    Forecaster model = model("gla");
    Parameters parameters = parameters(model);
    ModelFiles.save(folder.resolve("model"), model, parameters);
    ModelFiles.Saved saved = ModelFiles.load(folder.resolve("model"), DataType.DOUBLE);
    INDArray prefix = Nd4j.createFromArray(prefix());
    ClosedLoop again = new ClosedLoop((Forecaster) saved.model(), saved.parameters());
    ClosedLoop loop = new ClosedLoop(model, parameters);
    assertThat(again.forecast(prefix, STEPS).data().asDouble())
        .containsExactly(loop.forecast(prefix, STEPS).data().asDouble());
    assertThatThrownBy(saved::tokenModel)
        .hasMessage("model: must be a model of tokens, got forecaster");
  }

  @Test
  void badInput_isRefusedInOneLine() {
    Forecaster model = model("lstm");
    ClosedLoop loop = new ClosedLoop(model, parameters(model));
    INDArray good = Nd4j.createFromArray(prefix());
    assertThatThrownBy(() -> loop.forecast(good, 0))
        .hasMessage("forecast: steps must be at least 1, got 0");
    assertThatThrownBy(() -> loop.forecast(Nd4j.zeros(DataType.DOUBLE, 1, 4, 3), 1))
        .hasMessage("forecast prefix: F must be 2, got 3 in shape [1, 4, 3]");
    assertThatThrownBy(() -> loop.forecast(good, new int[] {5, 0}, null, 1))
        .hasMessage("forecast: lengths must be in [1, 5], got [5, 0]");
    assertThatThrownBy(() -> loop.forecast(good, new int[] {5}, null, 1))
        .hasMessage("forecast: lengths must have one entry per row, got 1 for B=2");
    double[][][] gap = prefix();
    gap[1][3][0] = Double.NaN;
    assertThatThrownBy(() -> loop.forecast(Nd4j.createFromArray(gap), 1))
        .hasMessage(
            "forecast: prefix must be finite, got NaN at row 1, step 3, feature 0; fill the gap or"
                + " start after it");
    assertThatThrownBy(
            () ->
                model.forward(
                    Context.inference(Tape.detached(), parameters(model)),
                    Nd4j.zeros(DataType.DOUBLE, 1, 4, 3)))
        .hasMessage("forecaster input: F must be 2, got 3 in shape [1, 4, 3]");
  }

  @Test
  void badConfiguration_isRefusedInOneLine() {
    ForecasterConfig good = model("lstm").config();
    assertThatThrownBy(() -> ForecasterConfig.of(1, 0, 8, good.layers(), good.mixer(), null))
        .hasMessage("forecaster: horizon must be at least 1, got 0");
    assertThatThrownBy(() -> ForecasterConfig.of(-1, 1, 8, good.layers(), good.mixer(), null))
        .hasMessage("forecaster: features must be at least 1, or 0 for the task's, got -1");
    assertThatThrownBy(
            () -> ForecasterConfig.of(0, 1, 8, good.layers(), good.mixer(), null).build())
        .hasMessage("forecaster: features must be known, got none; set them or use withFeatures");
    assertThatThrownBy(() -> ForecasterConfig.of(1, 1, 8, good.layers(), null, null))
        .hasMessage(
            "forecaster: layer 0 must have a mixer, got none; give the model or the layer one");
  }
}
