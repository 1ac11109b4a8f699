package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class LruTest {
  /** A layer of reordered double sums. */
  private static final double DOUBLE = 1e-11;

  private static final int WIDTH = 3;
  private static final int STEPS = 15;
  private static final int MODES = 5;

  private static double[][] oracle(OutputGate gate, double[][] u, Parameters p) {
    double[] re = new double[MODES];
    double[] im = new double[MODES];
    double[][] y = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      double[] read = new double[WIDTH];
      for (int n = 0; n < MODES; n++) {
        double size = Math.exp(-Math.exp(p.value("modes").getDouble(0, n)));
        double phase = Math.exp(p.value("modes").getDouble(1, n));
        double gamma = Math.exp(p.value("modes").getDouble(2, n));
        double nextRe = size * (Math.cos(phase) * re[n] - Math.sin(phase) * im[n]);
        double nextIm = size * (Math.sin(phase) * re[n] + Math.cos(phase) * im[n]);
        for (int i = 0; i < WIDTH; i++) {
          nextRe += gamma * p.value("b").getDouble(i, n) * u[t][i];
          nextIm += gamma * p.value("b").getDouble(i, MODES + n) * u[t][i];
        }
        re[n] = nextRe;
        im[n] = nextIm;
        for (int o = 0; o < WIDTH; o++) {
          read[o] +=
              p.value("c").getDouble(n, o) * nextRe - p.value("c").getDouble(MODES + n, o) * nextIm;
        }
      }
      for (int o = 0; o < WIDTH; o++) {
        read[o] += p.value("d").getDouble(o) * u[t][o];
      }
      y[t] = S5Test.gated(gate, read, p);
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource(OutputGate.class)
  void forward_isTheOracle(OutputGate gate) {
    SequenceMixer mixer = new LruConfig(MODES, 0.5, 0.99, 3.0, gate).build(Place.alone(WIDTH));
    SsmOracle.assertForward(mixer, STEPS, DOUBLE, (u, p) -> oracle(gate, u, p));
  }

  @Test
  void initialisation_liesOnTheRing() {
    int modes = 4000;
    LruConfig config = new LruConfig(modes, 0.6, 0.9, 1.5, OutputGate.NONE);
    INDArray rows =
        Parameters.of(config.build(Place.alone(WIDTH)), DataType.DOUBLE, 3).value("modes");
    int inner = 0;
    for (int n = 0; n < modes; n++) {
      double size = Math.exp(-Math.exp(rows.getDouble(0, n)));
      assertThat(size).isBetween(0.6, 0.9);
      assertThat(Math.exp(rows.getDouble(1, n))).isBetween(0.0, 1.5);
      assertThat(Math.exp(rows.getDouble(2, n)))
          .isCloseTo(Math.sqrt(1 - size * size), within(DOUBLE));
      inner += size * size < (0.36 + 0.81) / 2 ? 1 : 0;
    }
    // Uniform by area: half the modes in the inner half, within four standard deviations.
    assertThat(inner).isBetween(modes / 2 - 130, modes / 2 + 130);
  }

  @Test
  void initialisation_ofTheWholeDiscIsFinite() {
    Parameters p =
        Parameters.of(
            new LruConfig(5000, 0.0, 1.0, 6.28, OutputGate.FULL_GLU).build(Place.alone(2)),
            DataType.FLOAT,
            1);
    assertThat(p.value("modes").isNaN().any()).isFalse();
    assertThat(p.value("modes").isInfinite().any()).isFalse();
  }

  @Test
  void config_checksRadii() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LruConfig(4, 0.9, 0.8, 6.28, OutputGate.FULL_GLU))
        .withMessage(
            "lru: radii must satisfy 0 <= smallestRadius < largestRadius <= 1, got 0.9 and 0.8");
  }
}
