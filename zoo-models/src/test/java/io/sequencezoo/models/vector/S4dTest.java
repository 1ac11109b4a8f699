package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class S4dTest {
  /** A layer of reordered double sums. */
  private static final double DOUBLE = 1e-11;

  private static final int WIDTH = 3;
  private static final int STEPS = 21;
  private static final int PAIRS = 3;

  static Stream<S4dConfig> configs() {
    return Stream.of(
        config(S4dInit.LIN, Discretisation.ZOH, OutputGate.FULL_GLU),
        config(S4dInit.INV, Discretisation.BILINEAR, OutputGate.NONE),
        config(S4dInit.LEGS, Discretisation.ZOH, OutputGate.GELU),
        config(S4dInit.LIN, Discretisation.BILINEAR, OutputGate.HALF_GLU1),
        config(S4dInit.LIN, Discretisation.ZOH, OutputGate.HALF_GLU2));
  }

  private static S4dConfig config(S4dInit init, Discretisation rule, OutputGate gate) {
    return new S4dConfig(2 * PAIRS, init, rule, 0.02, 0.3, gate);
  }

  /** {@code K_l} of a channel as the reference writes it. */
  private static double[] kernel(S4dConfig config, Parameters p, int d) {
    double step = Math.exp(p.value("log_step").getDouble(d));
    double[] k = new double[STEPS];
    for (int n = 0; n < PAIRS; n++) {
      double re = -Math.exp(p.value("log_a_real").getDouble(d, n));
      double im = p.value("a_imag").getDouble(d, n);
      double[] lambda;
      double[] gamma;
      if (config.discretisation() == Discretisation.ZOH) {
        double size = Math.exp(re * step);
        lambda = new double[] {size * Math.cos(im * step), size * Math.sin(im * step)};
        gamma = divide(lambda[0] - 1, lambda[1], re, im);
      } else {
        lambda = divide(1 + step * re / 2, step * im / 2, 1 - step * re / 2, -step * im / 2);
        gamma = divide(step, 0, 1 - step * re / 2, -step * im / 2);
      }
      double[] power =
          multiply(
              p.value("c").getDouble(d, 0, n), p.value("c").getDouble(d, 1, n), gamma[0], gamma[1]);
      for (int l = 0; l < STEPS; l++) {
        k[l] += 2 * power[0];
        power = multiply(power[0], power[1], lambda[0], lambda[1]);
      }
    }
    return k;
  }

  private static double[] multiply(double a, double b, double c, double d) {
    return new double[] {a * c - b * d, a * d + b * c};
  }

  private static double[] divide(double a, double b, double c, double d) {
    double square = c * c + d * d;
    return new double[] {(a * c + b * d) / square, (b * c - a * d) / square};
  }

  private static double[][] oracle(S4dConfig config, double[][] u, Parameters p) {
    double[][] y = new double[STEPS][WIDTH];
    for (int d = 0; d < WIDTH; d++) {
      double[] k = kernel(config, p, d);
      for (int t = 0; t < STEPS; t++) {
        y[t][d] = p.value("d").getDouble(d) * u[t][d];
        for (int s = 0; s <= t; s++) {
          y[t][d] += k[t - s] * u[s][d];
        }
      }
    }
    return y;
  }

  /** Exact GELU of a row; tested by itself elsewhere. */
  private static double[] gelu(double[] x) {
    Tape tape = Tape.detached();
    Variable in = tape.constant(Nd4j.createFromArray(x));
    return Activations.apply(tape, Unary.GELU, in).value().toDoubleVector();
  }

  private static double[] gated(OutputGate gate, double[] y, Parameters p) {
    return SsmOracle.gated(gate, y, gelu(y), p);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_isTheReferencesConvolution(S4dConfig config) {
    SequenceMixer mixer = config.build(Place.alone(WIDTH));
    SsmOracle.assertForward(
        mixer,
        STEPS,
        DOUBLE,
        (u, p) ->
            Stream.of(oracle(config, u, p))
                .map(y -> gated(config.output(), y, p))
                .toArray(double[][]::new));
  }

  @Test
  void initialisation_isThePapers() {
    SequenceMixer mixer = S4dConfig.standard().build(Place.alone(2));
    Parameters p = Parameters.of(mixer, DataType.DOUBLE, 1);
    assertThat(p.value("log_a_real").getDouble(1, 31)).isEqualTo(Math.log(0.5));
    INDArray steps = p.value("log_step");
    for (int d = 0; d < 2; d++) {
      assertThat(Math.exp(steps.getDouble(d))).isBetween(0.001, 0.1);
      assertThat(p.value("a_imag").getDouble(d, 3)).isEqualTo(3 * Math.PI);
    }
    // N = 4: (4/π)(4/1 - 1) and (4/π)(4/3 - 1).
    assertThat(S4dInit.INV.frequencies(2))
        .containsExactly(new double[] {12 / Math.PI, 4 / (3 * Math.PI)}, within(DOUBLE));
    // The skew part of two states is ±√(3)/2 off the diagonal.
    assertThat(S4dInit.LEGS.frequencies(1))
        .containsExactly(new double[] {Math.sqrt(0.75)}, within(DOUBLE));
  }

  @Test
  void config_checksStateSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new S4dConfig(5, S4dInit.LIN, Discretisation.ZOH, 0.001, 0.1, OutputGate.FULL_GLU))
        .withMessage("s4d: stateSize must be positive and even (conjugate pairs), got 5; use 6");
  }
}
