package io.sequencezoo.eval.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.datasets.chaos.ChaosData;
import io.sequencezoo.datasets.chaos.Lorenz63;
import io.sequencezoo.datasets.chaos.Scaling;
import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-kernels")
class BaselinesTest {
  private static double[][] wave(int from, int to) {
    double[][] series = new double[to - from][1];
    for (int t = from; t < to; t++) {
      series[t - from][0] = Math.sin(2 * Math.PI * t / 25);
    }
    return series;
  }

  @Test
  void parrot_repeatsAPeriodForEver() {
    double[][] forecast = Parrot.forecast(wave(0, 60), wave(0, 60), 90);
    double[][] truth = wave(60, 150);
    for (int t = 0; t < 90; t++) {
      assertThat(forecast[t][0]).isCloseTo(truth[t][0], within(1e-9));
    }
  }

  /** The nearest past is that of four steps, not of one. */
  @Test
  void parrot_looksForWholeStretches() {
    double[][] context = new double[80][1];
    Arrays.setAll(context, t -> new double[] {Math.floorMod(t * t * 7, 31)});
    double[][] given = Arrays.copyOfRange(context, 20, 36);
    double[][] forecast = Parrot.forecast(context, given, 5);
    assertThat(forecast).isDeepEqualTo(Arrays.copyOfRange(context, 36, 41));
  }

  @Test
  void parrot_ofAShortContextSaysTheLastAgain() {
    assertThat(Parrot.forecast(new double[][] {{1}, {2}}, new double[][] {{1}, {2}}, 3))
        .isDeepEqualTo(new double[][] {{2}, {2}, {2}});
  }

  /** A network of 300 units follows Lorenz-63 for Lyapunov times (Pathak et al. 2017: about 7). */
  @Test
  void echoStateNetwork_followsLorenz63() {
    ChaosData data = new ChaosData(new Lorenz63(0.02, 1), 1);
    double[][] train = data.series(Split.TRAIN, 4000);
    Scaling scaling = Scaling.of(train, false);
    EchoStateNetwork network =
        new EchoStateNetwork(new EchoStateNetwork.Settings(300, 3, 0.6, 0.5, 1e-6, 1), 3);
    network.train(scaling.apply(train));
    double[][] test = scaling.apply(data.series(Split.TEST, 400));
    double[][] forecast = network.forecast(Arrays.copyOf(test, 200), 200);
    ForecastErrors errors =
        ForecastErrors.of(
            data.system(),
            new double[][][] {forecast, forecast},
            new double[][][] {
              Arrays.copyOfRange(test, 200, 400), Arrays.copyOfRange(test, 200, 400)
            },
            new double[] {1, 1, 1});
    assertThat(errors.validTime().value()).isGreaterThan(2);
  }
}
