package io.sequencezoo.models.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The LSTM block against a transcription of its equations. */
class LstmTest {
  private static final int WIDTH = 5;
  private static final int STEPS = 7;

  /** Sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  @Test
  void forward_equalsTheEquations() {
    for (int hidden : new int[] {WIDTH, 3}) {
      SequenceMixer mixer = new LstmConfig(hidden, 1).build(MixerConfig.Place.alone(WIDTH));
      Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 7);
      double[] x = new SplittableRandom(1).doubles(STEPS * WIDTH, -2, 2).toArray();
      assertThat(outputs(mixer, parameters, x, STEPS))
          .containsExactly(oracle(x, parameters, hidden), within(TOLERANCE));
    }
  }

  /** The outputs of a mixer from one row of inputs. */
  static double[] outputs(SequenceMixer mixer, Parameters parameters, double[] x, int steps) {
    Tape tape = Tape.detached();
    return mixer
        .forward(
            Context.inference(tape, parameters),
            tape.constant(Nd4j.createFromArray(x).reshape('c', 1, steps, x.length / steps)),
            null)
        .outputs()
        .value()
        .data()
        .asDouble();
  }

  private static double[] oracle(double[] x, Parameters parameters, int hidden) {
    double[][] in = parameters.value("input").toDoubleMatrix();
    double[][] recurrent = parameters.value("recurrent").toDoubleMatrix();
    double[] bias = parameters.value("bias").toDoubleVector();
    double[] h = new double[hidden];
    double[] c = new double[hidden];
    double[] y = new double[STEPS * WIDTH];
    for (int t = 0; t < STEPS; t++) {
      double[] next = new double[hidden];
      for (int j = 0; j < hidden; j++) {
        double[] a = new double[4];
        for (int gate = 0; gate < 4; gate++) {
          int column = gate * hidden + j;
          a[gate] = bias[column];
          for (int p = 0; p < WIDTH; p++) {
            a[gate] += x[t * WIDTH + p] * in[p][column];
          }
          for (int p = 0; p < hidden; p++) {
            a[gate] += h[p] * recurrent[p][column];
          }
        }
        double forget = 1 / (1 + Math.exp(-a[1]));
        c[j] = forget * c[j] + Math.tanh(a[2]) / (1 + Math.exp(-a[0]));
        next[j] = Math.tanh(c[j]) / (1 + Math.exp(-a[3]));
      }
      h = next;
      for (int d = 0; d < WIDTH; d++) {
        if (hidden == WIDTH) {
          y[t * WIDTH + d] = h[d];
        } else {
          for (int p = 0; p < hidden; p++) {
            y[t * WIDTH + d] += h[p] * parameters.value("output").getDouble(p, d);
          }
        }
      }
    }
    return y;
  }

  @Test
  void initialisation_isOrthonormalWithForgetBias() {
    SequenceMixer mixer = LstmConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    double[][] w = parameters.value("recurrent").toDoubleMatrix();
    for (int i = 0; i < WIDTH; i++) {
      for (int j = 0; j < WIDTH; j++) {
        double dot = 0;
        for (int k = 0; k < 4 * WIDTH; k++) {
          dot += w[i][k] * w[j][k];
        }
        assertThat(dot).isCloseTo(i == j ? 1 : 0, within(TOLERANCE));
      }
    }
    double[] bias = parameters.value("bias").toDoubleVector();
    for (int j = 0; j < bias.length; j++) {
      assertThat(bias[j]).isEqualTo(j / WIDTH == 1 ? 1.0 : 0.0);
    }
    double bound = Math.sqrt(6.0 / (5 * WIDTH));
    assertThat(parameters.value("input").amaxNumber().doubleValue()).isBetween(bound / 2, bound);
  }

  @Test
  void cost_countsEveryProduct() {
    // Input and recurrent products of 5 and 3 rows by 12 columns, output 3 x 5, three per cell.
    assertThat(new Lstm(5, 3, 1).multiplyAddsPerToken(100)).isEqualTo(5 * 12 + 3 * 12 + 15 + 9);
    assertThat(new Lstm(4, 4, 1).multiplyAddsPerToken(0)).isEqualTo(2 * 4 * 16 + 12);
  }

  @Test
  void config_isStrictAndFillsDefaults() {
    BlockConfig read = Configs.read("mixer", "{type: lstm}", BlockConfig.class);
    assertThat(read).isEqualTo(new LstmConfig(0, 1.0));
    assertThatThrownBy(() -> Configs.read("mixer", "{type: lstm, hidden: 0}", BlockConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lstm: hidden must be at least 1, got 0");
    assertThatThrownBy(() -> Configs.read("mixer", "{type: lstm, size: 3}", BlockConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("size");
  }

  @Test
  void lengths_mustFitTheBatch() {
    SequenceMixer mixer = LstmConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(mixer, DataType.DOUBLE, 7));
    Variable x = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 3, WIDTH));
    assertThatThrownBy(() -> mixer.forward(context.withLengths(new int[] {1}), x, null))
        .hasMessage("lstm: lengths must have B=2 entries, got 1");
    assertThatThrownBy(() -> mixer.forward(context.withLengths(new int[] {1, 4}), x, null))
        .hasMessage("lstm: length of a row must be from 0 to T=3, got 4");
  }
}
