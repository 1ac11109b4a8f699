package io.sequencezoo.eval.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.chaos.ChaosData;
import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.datasets.chaos.KuramotoSivashinsky;
import io.sequencezoo.datasets.chaos.Lorenz63;
import io.sequencezoo.datasets.chaos.Lorenz96;
import io.sequencezoo.datasets.chaos.MackeyGlass;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.analysis.Lyapunov;
import io.sequencezoo.models.model.Forecaster;
import io.sequencezoo.models.model.ForecasterConfig;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Lyapunov exponents of true systems and of closed loops. */
@Tag("double")
class ExponentsTest {
  private static Lyapunov along(ChaoticSystem system, int steps, int directions) {
    double[] start = new ChaosData(system, 1).start(Split.TRAIN);
    return Lyapunov.along(new FlowTangents(system, start), steps / 10, steps, directions);
  }

  private static double[] perTime(ChaoticSystem system, Lyapunov found) {
    return found.exponents().stream().mapToDouble(e -> e.value() / system.sampleTime()).toArray();
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** 0.906, 0 and -14.57 (Sprott 2003); their sum is the divergence, -(10 + 1 + 8/3). */
  @Test
  void lorenz63_hasTheKnownSpectrum() {
    ChaoticSystem system = Lorenz63.standard();
    Lyapunov found = along(system, 50_000, 3);
    double[] exponents = perTime(system, found);
    assertThat(exponents[0]).isCloseTo(system.exponent(), within(0.03));
    assertThat(exponents[1]).isCloseTo(0, within(0.01));
    assertThat(sum(exponents)).isCloseTo(-41 / 3d, within(0.01));
    assertThat(found.dimension()).isCloseTo(2.062, within(0.005));
    assertThat(found.standardError() / system.sampleTime()).isBetween(0.002, 0.1);
  }

  /** The divergence is -1 at every site; 13 exponents are positive, the dimension is 27. */
  @Test
  void lorenz96_hasTheKnownSpectrum() {
    ChaoticSystem system = new Lorenz96(40, 8, 0.05, 1, 1.7);
    Lyapunov found = along(system, 6_000, 40);
    double[] exponents = perTime(system, found);
    assertThat(exponents[0]).isCloseTo(Lorenz96.standard().exponent(), within(0.08));
    assertThat(exponents[12]).isPositive();
    assertThat(exponents[14]).isNegative();
    assertThat(sum(exponents)).isCloseTo(-40, within(0.01));
    assertThat(found.dimension()).isCloseTo(27.1, within(0.4));
  }

  /**
   * 0.048, and zeros of time, of shifts and of winds, then -0.003 and -0.19 (Cvitanović, Davidchack
   * and Siminos, SIAM J. Appl. Dyn. Syst. 9, 2010; Edson et al., arXiv 1902.09651).
   */
  @Test
  void kuramotoSivashinsky_hasTheKnownSpectrum() {
    ChaoticSystem system = KuramotoSivashinsky.standard();
    double[] exponents = perTime(system, along(system, 20_000, 6));
    assertThat(exponents[0]).isCloseTo(system.exponent(), within(0.006));
    assertThat(exponents[1]).isCloseTo(0, within(0.005));
    assertThat(exponents[2]).isCloseTo(0, within(0.005));
    assertThat(exponents[3]).isCloseTo(0, within(0.005));
    assertThat(exponents[4]).isBetween(-0.01, 0d);
    assertThat(exponents[5]).isBetween(-0.22, -0.16);
  }

  /** 0.007 at a delay of 30 (Farmer, Physica D 4, 1982). */
  @Test
  void mackeyGlass_hasTheKnownExponent() {
    ChaoticSystem system = new MackeyGlass(30, 4, 4, 0.007);
    assertThat(perTime(system, along(system, 40_000, 1))[0]).isCloseTo(0.007, within(0.0012));
  }

  private static Forecaster model(String mixer) {
    return Configs.read(
            "model",
            "{type: forecaster, features: 2, width: 8, layers: 1, mixer: {type: %s}}"
                .formatted(mixer),
            ForecasterConfig.class)
        .build();
  }

  private static final int STEPS = 5;
  private static final double SMALL = 1e-6;

  /** Of central differences at that step, of loops that amplify them up to 40 times. */
  private static final double DIFFERENCES = 1e-7;

  private static final double[][] GIVEN = {{0.5, -1}, {0.2, 0.4}, {-0.7, 0.1}};

  /** The derivative of a forecast by the first number fed back, against central differences. */
  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gru", "min_gru", "gla, heads: 2", "s5", "mamba"})
  void closedLoop_isDifferentiatedAlongItsSteps(String mixer) {
    Forecaster model = model(mixer);
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 3);
    ClosedLoopTangents loop = ClosedLoopTangents.of(model, parameters, GIVEN, STEPS).orElseThrow();
    double[][] directions = new double[2][loop.size()];
    directions[0][0] = 1;
    directions[1][1] = 1;
    for (int t = 0; t < STEPS; t++) {
      loop.advance(directions);
    }
    double[] first = forecasts(model, parameters, GIVEN)[0];
    for (int j = 0; j < 2; j++) {
      double[] up = last(model, parameters, first, j, SMALL);
      double[] down = last(model, parameters, first, j, -SMALL);
      for (int i = 0; i < 2; i++) {
        double slope = (up[i] - down[i]) / (2 * SMALL);
        assertThat(directions[i][j])
            .isCloseTo(slope, within(DIFFERENCES * Math.max(1, Math.abs(slope))));
      }
    }
  }

  private static double[] last(
      Forecaster model, Parameters parameters, double[] first, int moved, double by) {
    double[] other = first.clone();
    other[moved] += by;
    double[][] longer = {GIVEN[0], GIVEN[1], GIVEN[2], other};
    return forecasts(model, parameters, longer)[STEPS - 1];
  }

  private static double[][] forecasts(Forecaster model, Parameters parameters, double[][] given) {
    return ChaosLesson.forecasts(model, parameters, new double[][][] {given}, STEPS)[0];
  }

  /** A loop that contracts to a point has negative exponents alone, as many as are asked for. */
  @Test
  void closedLoop_hasExponents() {
    Forecaster model = model("lstm");
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 3);
    Lyapunov found =
        Lyapunov.along(
            ClosedLoopTangents.of(model, parameters, GIVEN, 80).orElseThrow(), 20, 80, 4);
    assertThat(found.exponents()).hasSize(4);
    assertThat(found.largest()).isNegative();
  }

  @Test
  void loopsOfGrowingState_haveNone() {
    Forecaster model = model("softmax_attention, heads: 2");
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    Optional<ClosedLoopTangents> loop = ClosedLoopTangents.of(model, parameters, GIVEN, 30);
    assertThat(loop).isEmpty();
  }
}
