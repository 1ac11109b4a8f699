package io.sequencezoo.models.vector;

import static io.sequencezoo.models.vector.SsmOracle.gelu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class S5Test {
  /** A layer of reordered double sums. */
  private static final double DOUBLE = 1e-11;

  private static final int WIDTH = 3;
  private static final int STEPS = 12;

  static Stream<S5Config> configs() {
    return Stream.of(
        config(true, Discretisation.ZOH, false, OutputGate.HALF_GLU1, false),
        config(false, Discretisation.BILINEAR, true, OutputGate.HALF_GLU2, false),
        config(true, Discretisation.BILINEAR, false, OutputGate.FULL_GLU, true),
        config(true, Discretisation.ZOH, true, OutputGate.GELU, true),
        config(true, Discretisation.ZOH, false, OutputGate.NONE, false));
  }

  private static S5Config config(
      boolean symmetry, Discretisation rule, boolean clip, OutputGate gate, boolean both) {
    return new S5Config(8, 2, symmetry, rule, 0.05, 0.5, clip, gate, both);
  }

  /** x after every step, run from the first or the last; complex numbers as (re, im) pairs. */
  private static double[][][] states(S5Config config, double[][] u, Parameters p, boolean back) {
    int modes = (int) p.value("log_step").length();
    double[][] x = new double[modes][2];
    double[][][] all = new double[STEPS][modes][];
    for (int k = 0; k < STEPS; k++) {
      int t = back ? STEPS - 1 - k : k;
      for (int n = 0; n < modes; n++) {
        double re = p.value("lambda").getDouble(0, n);
        double im = p.value("lambda").getDouble(1, n);
        re = config.clipEigenvalues() ? Math.min(re, -1e-4) : re;
        double step = Math.exp(p.value("log_step").getDouble(n));
        double[] lambda;
        double[] gamma;
        if (config.discretisation() == Discretisation.ZOH) {
          double size = Math.exp(re * step);
          lambda = new double[] {size * Math.cos(im * step), size * Math.sin(im * step)};
          gamma = divide(new double[] {lambda[0] - 1, lambda[1]}, new double[] {re, im});
        } else {
          double[] below = {1 - step * re / 2, -step * im / 2};
          lambda = divide(new double[] {1 + step * re / 2, step * im / 2}, below);
          gamma = divide(new double[] {step, 0}, below);
        }
        double[] write = new double[2];
        for (int i = 0; i < WIDTH; i++) {
          write[0] += p.value("b").getDouble(i, n) * u[t][i];
          write[1] += p.value("b").getDouble(i, modes + n) * u[t][i];
        }
        double[] kept = multiply(lambda, x[n]);
        double[] added = multiply(gamma, write);
        x[n] = new double[] {kept[0] + added[0], kept[1] + added[1]};
        all[t][n] = x[n];
      }
    }
    return all;
  }

  private static double[] multiply(double[] a, double[] b) {
    return new double[] {a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]};
  }

  private static double[] divide(double[] a, double[] b) {
    double square = b[0] * b[0] + b[1] * b[1];
    double[] product = multiply(a, new double[] {b[0], -b[1]});
    return new double[] {product[0] / square, product[1] / square};
  }

  private static double[][] oracle(S5Config config, double[][] u, Parameters p) {
    int modes = (int) p.value("log_step").length();
    int directions = config.bidirectional() ? 2 : 1;
    double scale = config.conjugateSymmetry() ? 2 : 1;
    double[][] y = new double[STEPS][WIDTH];
    for (int direction = 0; direction < directions; direction++) {
      double[][][] x = states(config, u, p, direction == 1);
      for (int t = 0; t < STEPS; t++) {
        for (int o = 0; o < WIDTH; o++) {
          for (int n = 0; n < modes; n++) {
            int row = 2 * modes * direction + n;
            double re = p.value("c").getDouble(row, o);
            double im = p.value("c").getDouble(row + modes, o);
            y[t][o] += scale * multiply(new double[] {re, im}, x[t][n])[0];
          }
        }
      }
    }
    for (int t = 0; t < STEPS; t++) {
      for (int o = 0; o < WIDTH; o++) {
        y[t][o] += p.value("d").getDouble(o) * u[t][o];
      }
      y[t] = gated(config.output(), y[t], p);
    }
    return y;
  }

  static double[] gated(OutputGate gate, double[] y, Parameters p) {
    double[] g = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      g[i] = gelu(y[i]);
    }
    return SsmOracle.gated(gate, y, g, p);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_isTheOracle(S5Config config) {
    SequenceMixer mixer = config.build(Place.alone(WIDTH));
    SsmOracle.assertForward(mixer, STEPS, DOUBLE, (u, p) -> oracle(config, u, p));
  }

  @Test
  void initialisation_isHippoInItsEigenvectors() {
    // Without symmetry V V* B = B: reading the modes of each block back gives the drawn B, real.
    S5Config config = config(false, Discretisation.ZOH, false, OutputGate.NONE, false);
    Parameters p = Parameters.of(config.build(Place.alone(WIDTH)), DataType.DOUBLE, 3);
    INDArray b = p.value("b");
    Hippo hippo = Hippo.legs(4);
    for (int block = 0; block < 2; block++) {
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < 4; j++) {
          double imaginary = 0;
          for (int k = 0; k < 4; k++) {
            int mode = 4 * block + k;
            imaginary +=
                hippo.re()[j][k] * b.getDouble(i, 8 + mode)
                    + hippo.im()[j][k] * b.getDouble(i, mode);
          }
          assertThat(imaginary).isCloseTo(0, within(DOUBLE));
        }
      }
    }
    // With symmetry, half the modes of each block: those of negative frequency.
    S5Config half = config(true, Discretisation.ZOH, false, OutputGate.NONE, false);
    INDArray lambda =
        Parameters.of(half.build(Place.alone(WIDTH)), DataType.DOUBLE, 3).value("lambda");
    assertThat(lambda.shape()).containsExactly(2, 4);
    for (int n = 0; n < 4; n++) {
      assertThat(lambda.getDouble(0, n)).isEqualTo(-0.5);
      assertThat(lambda.getDouble(1, n)).isEqualTo(hippo.frequencies()[n % 2]).isNegative();
    }
  }

  @Test
  void config_checksAndRoundTrips() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new S5Config(
                    30,
                    4,
                    true,
                    Discretisation.ZOH,
                    0.001,
                    0.1,
                    false,
                    OutputGate.HALF_GLU1,
                    false))
        .withMessage(
            "s5: stateSize must be a positive multiple of 8 (4 blocks of conjugate pairs),"
                + " got 30; use 32");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new S5Config(
                    8, 1, true, Discretisation.ZOH, 0.1, 0.01, false, OutputGate.HALF_GLU1, false))
        .withMessage("s5: steps must satisfy 0 < smallestStep <= largestStep, got 0.1 and 0.01");
    S5Config config = config(true, Discretisation.BILINEAR, true, OutputGate.HALF_GLU2, true);
    String json = Configs.write(config);
    assertThat(json).contains("\"bilinear\"").contains("\"half_glu2\"");
    assertThat(Configs.read("s5", json, BlockConfig.class)).isEqualTo(config);
  }
}
