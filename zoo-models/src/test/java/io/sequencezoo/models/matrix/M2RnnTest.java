package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.nonlinear.MatrixCellRecurrence;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** M²RNN against a transcription of its equations. */
@Tag("double")
class M2RnnTest {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int KEYS = 3;
  private static final int VALUES = 4;

  private static M2RnnConfig config(int span, double bound) {
    return new M2RnnConfig(1, HEADS, KEYS, VALUES, span, GateActivation.SILU, true, bound);
  }

  private static double[][] oracle(double[][] x, Parameters p, int span) {
    double[][] q = activated(convolved(x, p, "q", span), span);
    double[][] k = activated(convolved(x, p, "k", span), span);
    double[][] v = activated(convolved(x, p, "v", span), span);
    double[][][] s = new double[HEADS][KEYS][VALUES];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] steps = times(x[t], p, "step");
      double[] gate = times(x[t], p, "output_gate");
      double[] read = new double[HEADS * VALUES];
      for (int h = 0; h < HEADS; h++) {
        double step = Math.log1p(Math.exp(steps[h] + p.value("step_bias").getDouble(h)));
        double f = Math.exp(-Math.exp(p.value("log_rate").getDouble(h)) * step);
        for (int i = 0; i < KEYS; i++) {
          double[] before = s[h][i].clone();
          for (int j = 0; j < VALUES; j++) {
            double sum = k[t][i] * v[t][h * VALUES + j];
            for (int l = 0; l < VALUES; l++) {
              sum += before[l] * p.value("transition").getDouble(h, l, j);
            }
            s[h][i][j] = f * before[j] + (1 - f) * Math.tanh(sum);
            read[h * VALUES + j] += q[t][i] * s[h][i][j];
          }
        }
        for (int j = 0; j < VALUES; j++) {
          int at = h * VALUES + j;
          read[at] += p.value("d").getDouble(h, j) * v[t][at];
          read[at] *= silu(gate[at]);
        }
      }
      normalise(read, 0, HEADS * VALUES);
      for (int j = 0; j < read.length; j++) {
        read[j] *= p.value("norm").getDouble(j);
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void forward_isTheOracle(int span) {
    LayerOracle.assertTranscribed(config(span, 1), WIDTH, (x, p) -> oracle(x, p, span));
  }

  /** One head, one key, one value, W and f zero, so that S is tanh(k v) and gradients are known. */
  @Test
  void bound_cutsTheGradientOfTheState() {
    assertThat(gradientOfKey(0)).isCloseTo(5 * slope(), within(1e-12));
    assertThat(gradientOfKey(2)).isCloseTo(2 * slope(), within(1e-12));
  }

  /** {@code d tanh(k v) / dk} at k = .5, v = 1. */
  private static double slope() {
    return 1 - Math.tanh(0.5) * Math.tanh(0.5);
  }

  private static double gradientOfKey(double bound) {
    Tape tape = Tape.detached();
    Variable k = tape.variable(number(0.5, 1, 1, 1, 1));
    Map<String, Variable> coefficients =
        Map.of(
            "q", tape.constant(number(1, 1, 1, 1, 1)),
            "k", k,
            "v", tape.constant(number(1, 1, 1, 1, 1)),
            "f", tape.constant(number(0, 1, 1, 1)),
            "W", tape.constant(number(0, 1, 1, 1)));
    Variable o =
        new MatrixCellRecurrence(bound)
            .evolve(tape, Solver.SEQUENTIAL, coefficients, null, null)
            .outputs();
    tape.backward(List.of(o), List.of(number(5, 1, 1, 1, 1)));
    return k.gradient().getDouble(0);
  }

  private static INDArray number(double x, long... shape) {
    return Nd4j.createFromArray(new double[] {x}).reshape('c', shape);
  }

  @Test
  void initialisation_isThePublished() {
    Parameters p =
        Parameters.of(config(4, 1).build(MixerConfig.Place.alone(WIDTH)), DataType.DOUBLE, 1);
    assertThat(p.value("transition").getDouble(1, 2, 2)).isEqualTo(1);
    assertThat(p.value("transition").getDouble(1, 2, 1)).isZero();
    assertThat(p.value("d").getDouble(1, 3)).isEqualTo(1);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer = config(4, 1).build(MixerConfig.Place.alone(WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 3 * 4 + 3 * (3 + 3 + 8)));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (3 + 3 + 8 + 8 + 8 + 2) + 4 * (3 + 3 + 8) + 24 * (2 + 5) + 8);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: m2rnn, keyDim: 8}", BlockConfig.class);
    assertThat(read).isEqualTo(new M2RnnConfig(1, 0, 8, 16, 4, GateActivation.SILU, true, 1));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(4, -1))
        .withMessage("m2rnn: gradientBound must be positive, or 0 for none, got -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new M2RnnConfig(2, 3, 4, 4, 4, GateActivation.SILU, true, 0)
                    .build(MixerConfig.Place.alone(WIDTH)))
        .withMessage("m2rnn: valueHeads 3 must be a multiple of heads 2; use heads 1");
  }
}
