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
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A small forecaster learns the Lorenz system of 1963 and runs by itself. */
class ForecasterTrainingTest {
  private static final int HORIZON = 2;
  private static final int ROWS = 16;
  private static final int STEPS = 33;
  private static final int AHEAD = 8;

  private final Forecaster model =
      Configs.read(
              "model",
              "{type: forecaster, features: 3, horizon: 2, width: 32, layers: 1,"
                  + " mixer: {type: gru}, channel: {type: swiglu}}",
              ForecasterConfig.class)
          .build();

  @Test
  void trained_beatsPersistenceInClosedLoop() {
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    TrainConfig config =
        Configs.read(
            "train",
            "{optimizer: {type: adamw, lr: 0.01}, schedule: {type: cosine, warmup: 10}, steps: 200,"
                + " batch: 16, seed: 1, clip: 1}",
            TrainConfig.class);
    new Trainer<>(config, parameters, new ContinuousObjective(model), new Lorenz()).run();

    double[][][] unseen = Lorenz.series(1_000_000, ROWS, STEPS + AHEAD);
    double[][][] prefix = new double[ROWS][STEPS][];
    for (int b = 0; b < ROWS; b++) {
      System.arraycopy(unseen[b], 0, prefix[b], 0, STEPS);
    }
    INDArray values =
        new ClosedLoop(model, parameters).forecast(Nd4j.createFromArray(prefix), AHEAD);
    double error = 0;
    double persistence = 0;
    for (int b = 0; b < ROWS; b++) {
      for (int t = 0; t < AHEAD; t++) {
        for (int f = 0; f < 3; f++) {
          double truth = unseen[b][STEPS + t][f];
          error += Math.pow(values.getDouble(b, t, f) - truth, 2);
          persistence += Math.pow(unseen[b][STEPS - 1][f] - truth, 2);
        }
      }
    }
    assertThat(error).isLessThan(0.25 * persistence);
  }

  /** The objective is the mean of squares, written out, over what counts; padding is anything. */
  @Test
  void loss_isTheMeanOfSquaresOverWhatCounts() {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    double[][][] series = Lorenz.series(3, 2, 6);
    int[] lengths = {6, 4};
    series[1][4][0] = Double.NaN;
    series[1][5][2] = Double.NaN;
    ContinuousBatch batch =
        ContinuousBatch.ofSeries(Nd4j.createFromArray(series), HORIZON, lengths);
    double sum = 0;
    int count = 0;
    for (int b = 0; b < 2; b++) {
      double[][] own = Arrays.copyOf(series[b], lengths[b]);
      Context context = Context.inference(Tape.detached(), parameters);
      INDArray input = Nd4j.createFromArray(new double[][][] {own});
      INDArray outputs = model.forward(context, input).value();
      for (int t = 0; t < own.length; t++) {
        for (int h = 0; h < HORIZON && t + 1 + h < own.length; h++) {
          count++;
          for (int f = 0; f < 3; f++) {
            sum += Math.pow(outputs.getDouble(0, t, 3 * h + f) - own[t + 1 + h][f], 2);
          }
        }
      }
    }
    Context context = Context.inference(Tape.detached(), parameters);
    Objective.Loss loss = new ContinuousObjective(model).loss(context, batch);
    assertThat(loss.count()).isEqualTo(count);
    assertThat(loss.mean().value().getDouble(0)).isCloseTo(sum / (3 * count), within(1e-12));
  }

  @Test
  void targetsOfAnotherHorizon_areRefused() {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    ContinuousBatch batch =
        ContinuousBatch.ofSeries(Nd4j.createFromArray(Lorenz.series(3, 1, 6)), 1, null);
    Context context = Context.inference(Tape.detached(), parameters);
    assertThatThrownBy(() -> new ContinuousObjective(model).loss(context, batch))
        .hasMessage(
            "objective: targets must have H*G=6 numbers per position, as the model's outputs, got"
                + " 1*3");
  }

  /** Stretches of one long trajectory, standardised, 0.05 time units apart. */
  private static final class Lorenz extends CountedSource<ContinuousBatch> {
    private static final double SECONDS = 0.01;
    private static final int PER_STEP = 5;

    /** Rows that each start somewhere else near the attractor, by their number. */
    static double[][][] series(long number, int rows, int steps) {
      double[][][] series = new double[rows][steps][];
      for (int b = 0; b < rows; b++) {
        SplittableRandom random = new SplittableRandom(number * ROWS + b);
        double[] u = {
          random.nextDouble(-10, 10), random.nextDouble(-10, 10), random.nextDouble(15, 35)
        };
        advance(u, 400);
        for (int t = 0; t < steps; t++) {
          series[b][t] = new double[] {u[0] / 8, u[1] / 9, (u[2] - 23.5) / 8.6};
          advance(u, PER_STEP);
        }
      }
      return series;
    }

    /** Runge and Kutta's method of fourth order. */
    private static void advance(double[] u, int count) {
      for (int i = 0; i < count; i++) {
        double[] a = slope(u, u, 0);
        double[] b = slope(u, a, SECONDS / 2);
        double[] c = slope(u, b, SECONDS / 2);
        double[] d = slope(u, c, SECONDS);
        for (int f = 0; f < 3; f++) {
          u[f] += SECONDS / 6 * (a[f] + 2 * b[f] + 2 * c[f] + d[f]);
        }
      }
    }

    private static double[] slope(double[] u, double[] along, double by) {
      double x = u[0] + by * along[0];
      double y = u[1] + by * along[1];
      double z = u[2] + by * along[2];
      return new double[] {10 * (y - x), x * (28 - z) - y, x * y - 8.0 / 3 * z};
    }

    @Override
    ContinuousBatch batch(long number) {
      INDArray series = Nd4j.createFromArray(series(number, ROWS, STEPS));
      return ContinuousBatch.ofSeries(series.castTo(DataType.FLOAT), HORIZON, null);
    }

    @Override
    public String dataHash() {
      return "lorenz63";
    }
  }
}
