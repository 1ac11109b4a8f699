package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.Loops;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** H3 against a transcription of its equations, both systems state by state. */
@Tag("double")
class H3Test {
  private static final int WIDTH = 6;
  private static final int STEPS = 21;

  static Stream<H3Config> configs() {
    return H3Config.examples().stream();
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(H3Config config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    double[][] x = Loops.input(1, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(H3Config c, Parameters p, double[][] x) {
    double[][] q = Loops.map(p, "query", "query_bias", x);
    double[][] kappa = shifted(c, p, Loops.map(p, "key", "key_bias", x));
    double[][] v = Loops.map(p, "value", "value_bias", x);
    double[][] y = new double[STEPS][WIDTH];
    int part = c.headDim();
    for (int h = 0; h < WIDTH / part; h++) {
      for (int a = 0; a < part; a++) {
        for (int e = 0; e < part; e++) {
          double[] u = new double[STEPS];
          for (int t = 0; t < STEPS; t++) {
            u[t] = kappa[t][h * part + a] * v[t][h * part + e];
          }
          double[] m = remembered(c, p, h, u);
          for (int t = 0; t < STEPS; t++) {
            y[t][h * part + e] += q[t][h * part + a] * m[t];
          }
        }
      }
    }
    return Loops.map(p, "output", "output_bias", y);
  }

  private static double[][] shifted(H3Config c, Parameters p, double[][] k) {
    double[][] y = new double[STEPS][WIDTH];
    for (int d = 0; d < WIDTH; d++) {
      double[] s = new double[c.shiftSize()];
      for (int t = 0; t < STEPS; t++) {
        for (int n = s.length - 1; n >= 0; n--) {
          s[n] = (n == 0 ? 0 : s[n - 1]) + p.value("shift_b").getDouble(d, n) * k[t][d];
        }
        y[t][d] = p.value("shift_d").getDouble(d) * k[t][d];
        for (int n = 0; n < s.length; n++) {
          y[t][d] += p.value("shift_c").getDouble(d, n) * s[n];
        }
      }
    }
    return y;
  }

  /** What a head's system says of a channel. */
  private static double[] remembered(H3Config c, Parameters p, int h, double[] u) {
    double[] y = new double[STEPS];
    double step = Math.exp(p.value("log_step").getDouble(h));
    for (int n = 0; n < c.stateSize() / 2; n++) {
      Complex a =
          new Complex(
              -Math.exp(p.value("log_a_real").getDouble(h, n)), p.value("a_imag").getDouble(h, n));
      Complex lambda;
      Complex gamma;
      if (c.discretisation() == Discretisation.ZOH) {
        Complex z = a.times(step);
        double size = Math.exp(z.re);
        lambda = new Complex(size * Math.cos(z.im), size * Math.sin(z.im));
        gamma = new Complex(lambda.re - 1, lambda.im).over(a);
      } else {
        Complex half = a.times(step / 2);
        Complex below = new Complex(1 - half.re, -half.im);
        lambda = new Complex(1 + half.re, half.im).over(below);
        gamma = new Complex(step, 0).over(below);
      }
      Complex b = new Complex(p.value("b").getDouble(h, 0, n), p.value("b").getDouble(h, 1, n));
      Complex read = new Complex(p.value("c").getDouble(h, 0, n), p.value("c").getDouble(h, 1, n));
      Complex write = b.times(gamma);
      Complex state = new Complex(0, 0);
      for (int t = 0; t < STEPS; t++) {
        Complex kept = lambda.times(state);
        state = new Complex(kept.re + write.re * u[t], kept.im + write.im * u[t]);
        y[t] += 2 * read.times(state).re;
      }
    }
    for (int t = 0; t < STEPS; t++) {
      y[t] += p.value("d").getDouble(h) * u[t];
    }
    return y;
  }

  private static final class Complex {
    private final double re;
    private final double im;

    Complex(double re, double im) {
      this.re = re;
      this.im = im;
    }

    Complex times(double factor) {
      return new Complex(re * factor, im * factor);
    }

    Complex times(Complex z) {
      return new Complex(re * z.re - im * z.im, re * z.im + im * z.re);
    }

    Complex over(Complex z) {
      double square = z.re * z.re + z.im * z.im;
      return times(new Complex(z.re / square, -z.im / square));
    }
  }

  @Test
  void initialisation_isTheReferences() {
    SequenceMixer mixer = H3Config.standard().build(MixerConfig.Place.alone(2));
    Parameters p = Parameters.of(mixer, DataType.DOUBLE, 1);
    assertThat(p.value("shift_b").getDouble(1, 0)).isEqualTo(1);
    assertThat(p.value("shift_b").getDouble(1, 1)).isZero();
    assertThat(Math.abs(p.value("shift_c").getDouble(1, 5))).isLessThan(1.0 / 8);
    assertThat(p.value("a_imag").getDouble(1, 3)).isEqualTo(3 * Math.PI);
    assertThat(p.value("b").getDouble(1, 0, 3)).isEqualTo(1);
    assertThat(p.value("b").getDouble(1, 1, 3)).isZero();
  }

  @Test
  void cost_countsEveryProduct() {
    H3 h3 =
        new H3(
            new H3Config(4, 3, 2, Discretisation.ZOH, 0.01, 0.5), MixerConfig.Place.alone(WIDTH));
    assertThat(h3.multiplyAddsPerToken(9)).isEqualTo(4 * 36 + 7 * 6 + 12 * (12 + 3));
    assertThat(h3.stateBytes(10, DataType.FLOAT)).isEqualTo((6 * 3 + 12 * 4) * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (H3Config config : H3Config.examples()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(() -> new H3Config(5, 4, 1, Discretisation.ZOH, 0.01, 0.5))
        .hasMessage("h3: stateSize must be positive and even (conjugate pairs), got 5; use 6");
    assertThatThrownBy(
            () ->
                new H3Config(4, 4, 4, Discretisation.ZOH, 0.01, 0.5)
                    .build(MixerConfig.Place.alone(WIDTH)))
        .hasMessage("h3: width 6 must be divisible by headDim 4; use 1");
  }
}
