package io.sequencezoo.models.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Recurrent layers against transcriptions of their equations. */
class RecurrentLayersTest {
  private static final int WIDTH = 5;
  private static final int HIDDEN = 4;
  private static final int STEPS = 7;

  /** Sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  /** One step: from x and the state, which it replaces, to the hidden state. */
  private interface Step {
    double[] apply(double[] x, double[][] state);
  }

  @Test
  void elman_equalsTheEquations() {
    for (ElmanConfig.Activation activation : ElmanConfig.Activation.values()) {
      Layer layer = new Layer(new ElmanConfig(HIDDEN, activation, RecurrentDropout.none()));
      layer.check(
          1,
          (x, s) -> {
            double[] a = layer.sum(layer.affine(x), times(s[0], layer.matrix("recurrent")));
            for (int j = 0; j < HIDDEN; j++) {
              boolean tanh = activation == ElmanConfig.Activation.TANH;
              a[j] = tanh ? Math.tanh(a[j]) : Math.max(0, a[j]);
            }
            s[0] = a;
            return a;
          });
    }
  }

  @Test
  void gru_equalsPyTorchsEquations() {
    Layer layer = new Layer(new GruConfig(HIDDEN, true, RecurrentDropout.none()));
    double[] inner = layer.parameters.value("innerBias").toDoubleVector();
    layer.check(
        1,
        (x, s) -> {
          double[] a = layer.affine(x);
          double[] u = times(s[0], layer.matrix("recurrent"));
          double[] h = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            double r = sigmoid(a[j] + u[j]);
            double z = sigmoid(a[HIDDEN + j] + u[HIDDEN + j]);
            double n = Math.tanh(a[2 * HIDDEN + j] + r * (u[2 * HIDDEN + j] + inner[j]));
            h[j] = (1 - z) * n + z * s[0][j];
          }
          s[0] = h;
          return h;
        });
  }

  @Test
  void gru_equalsTheEquationsOfCho() {
    Layer layer = new Layer(new GruConfig(HIDDEN, false, RecurrentDropout.none()));
    layer.check(
        1,
        (x, s) -> {
          double[] a = layer.affine(x);
          double[] u = times(s[0], layer.matrix("recurrent0"));
          double[] reset = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            reset[j] = sigmoid(a[j] + u[j]) * s[0][j];
          }
          double[] v = times(reset, layer.matrix("recurrent1"));
          double[] h = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            double z = sigmoid(a[HIDDEN + j] + u[HIDDEN + j]);
            h[j] = (1 - z) * Math.tanh(a[2 * HIDDEN + j] + v[j]) + z * s[0][j];
          }
          s[0] = h;
          return h;
        });
  }

  @Test
  void rhn_equalsTheEquations() {
    Layer layer = new Layer(new RhnConfig(HIDDEN, 3, -1.0, RecurrentDropout.none()));
    double[] inner = layer.parameters.value("innerBias").toDoubleVector();
    layer.check(
        1,
        (x, state) -> {
          double[] s = state[0];
          for (int l = 0; l < 3; l++) {
            double[] a = times(s, layer.matrix("recurrent" + l));
            double[] drive = l == 0 ? layer.affine(x) : null;
            double[] next = new double[HIDDEN];
            for (int j = 0; j < HIDDEN; j++) {
              double driveH = l == 0 ? drive[j] : inner[(2 * l - 2) * HIDDEN + j];
              double driveT = l == 0 ? drive[HIDDEN + j] : inner[(2 * l - 1) * HIDDEN + j];
              double t = sigmoid(driveT + a[HIDDEN + j]);
              next[j] = Math.tanh(driveH + a[j]) * t + s[j] * (1 - t);
            }
            s = next;
          }
          state[0] = s;
          return s;
        });
  }

  /** Without the stabiliser, which must not change the outputs: exponentials as they are. */
  @Test
  void slstm_equalsTheEquationsWithoutStabiliser() {
    Layer layer = new Layer(new SlstmConfig(HIDDEN, 2, RecurrentDropout.none()));
    layer.parameters.value("recurrent").assign(Nd4j.rand(DataType.DOUBLE, HIDDEN, 2 * HIDDEN));
    double[][] r = layer.matrix("recurrent");
    layer.check(
        3,
        (x, s) -> {
          double[] a = layer.affine(x);
          double[] h = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            double[] gate = new double[4];
            for (int g = 0; g < 4; g++) {
              gate[g] = a[g * HIDDEN + j];
              for (int p = j / 2 * 2; p < j / 2 * 2 + 2; p++) {
                gate[g] += s[0][p] * r[p][g * 2 + j % 2];
              }
            }
            double f = sigmoid(gate[2]);
            s[1][j] = f * s[1][j] + Math.exp(gate[1]) * Math.tanh(gate[0]);
            s[2][j] = f * s[2][j] + Math.exp(gate[1]);
            h[j] = sigmoid(gate[3]) * s[1][j] / s[2][j];
          }
          s[0] = h;
          return h;
        });
  }

  @Test
  void lstm_variantsEqualTheirEquations() {
    Layer layer =
        new Layer(
            new LstmConfig(HIDDEN, 1.0, LstmConfig.Variant.PEEPHOLE, RecurrentDropout.none()));
    layer.parameters.value("peephole").assign(Nd4j.rand(DataType.DOUBLE, 3, HIDDEN));
    double[][] p = layer.matrix("peephole");
    layer.check(
        2,
        (x, s) -> {
          double[] a = layer.sum(layer.affine(x), times(s[0], layer.matrix("recurrent")));
          double[] h = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            double i = sigmoid(a[j] + p[0][j] * s[1][j]);
            double f = sigmoid(a[HIDDEN + j] + p[1][j] * s[1][j]);
            s[1][j] = f * s[1][j] + i * Math.tanh(a[2 * HIDDEN + j]);
            h[j] = sigmoid(a[3 * HIDDEN + j] + p[2][j] * s[1][j]) * Math.tanh(s[1][j]);
          }
          s[0] = h;
          return h;
        });
    Layer coupled =
        new Layer(new LstmConfig(HIDDEN, 1.0, LstmConfig.Variant.COUPLED, RecurrentDropout.none()));
    coupled.check(
        2,
        (x, s) -> {
          double[] a = coupled.sum(coupled.affine(x), times(s[0], coupled.matrix("recurrent")));
          double[] h = new double[HIDDEN];
          for (int j = 0; j < HIDDEN; j++) {
            double f = sigmoid(a[j]);
            s[1][j] = f * s[1][j] + (1 - f) * Math.tanh(a[HIDDEN + j]);
            h[j] = sigmoid(a[2 * HIDDEN + j]) * Math.tanh(s[1][j]);
          }
          s[0] = h;
          return h;
        });
  }

  @Test
  void initialisation_isThatOfTheSources() {
    Parameters gru = new Layer(GruConfig.standard()).parameters;
    for (String name : new String[] {"input", "recurrent", "bias", "innerBias"}) {
      double bound = 1 / Math.sqrt(WIDTH);
      assertThat(gru.value(name).amaxNumber().doubleValue()).isBetween(bound / 2, bound);
    }
    Parameters rhn = new Layer(new RhnConfig(HIDDEN, 2, -4.0, RecurrentDropout.none())).parameters;
    assertThat(rhn.value("recurrent1").amaxNumber().doubleValue()).isBetween(0.02, 0.04);
    assertThat(rhn.value("bias").toDoubleVector()).containsExactly(0, 0, 0, 0, -4, -4, -4, -4);
    assertThat(rhn.value("innerBias").toDoubleVector()).containsExactly(0, 0, 0, 0, -4, -4, -4, -4);
    Parameters slstm = new Layer(new SlstmConfig(6, 2, RecurrentDropout.none())).parameters;
    double[] bias = slstm.value("bias").toDoubleVector();
    double middle = 5 - 12 * Math.pow(0.5, 0.3);
    for (int j = 0; j < 6; j++) {
      double expected = j % 3 == 0 ? 5 : j % 3 == 1 ? middle : -7;
      assertThat(bias[12 + j]).isCloseTo(expected, within(TOLERANCE));
      assertThat(bias[j]).isZero();
    }
    assertThat(slstm.value("recurrent").amaxNumber().doubleValue()).isZero();
  }

  @Test
  void configurations_areStrictAndFillDefaults() {
    assertThat(read("{type: gru}")).isEqualTo(GruConfig.standard());
    assertThat(read("{type: elman, activation: relu}"))
        .isEqualTo(new ElmanConfig(0, ElmanConfig.Activation.RELU, RecurrentDropout.none()));
    assertThat(read("{type: lstm, variant: peephole, dropout: {state: 0.25}}"))
        .isEqualTo(
            new LstmConfig(0, 1.0, LstmConfig.Variant.PEEPHOLE, new RecurrentDropout(0, 0.25, 0)));
    assertThat(read("{type: bidirectional, mixer: {type: gru}, merge: sum}"))
        .isEqualTo(new BidirectionalConfig(GruConfig.standard(), BidirectionalConfig.Merge.SUM));
    assertThat(read("{type: stacked, mixers: [{type: gru}, {type: gru}]}"))
        .isEqualTo(StackedConfig.of(2, GruConfig.standard()));
    assertThat(RhnConfig.pennTreebank().hidden()).isEqualTo(830);
    assertRefused("{type: rhn, depth: 0}", "rhn: depth must be between 1 and 1000, got 0");
    assertRefused("{type: gru, dropout: {state: 1}}", "dropout: state must be in [0, 1), got 1.0");
    assertRefused("{type: bidirectional}", "bidirectional: mixer must be given");
    assertRefused("{type: stacked, mixers: []}", "stacked: mixers must name at least one, got []");
    assertThatThrownBy(
            () -> new SlstmConfig(6, 4, RecurrentDropout.none()).build(MixerConfig.Place.alone(8)))
        .hasMessage("slstm: hidden 6 must be divisible by heads 4; use heads that divide it");
    assertThatThrownBy(
            () ->
                BidirectionalConfig.standard(BidirectionalConfig.standard(GruConfig.standard()))
                    .build(MixerConfig.Place.alone(8)))
        .hasMessage("bidirectional: mixer must be causal, got bidirectional; use it alone");
  }

  private static void assertRefused(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static BlockConfig read(String yaml) {
    return Configs.read("mixer", yaml, BlockConfig.class);
  }

  private static double sigmoid(double a) {
    return 1 / (1 + Math.exp(-a));
  }

  private static double[] times(double[] x, double[][] matrix) {
    double[] y = new double[matrix[0].length];
    for (int p = 0; p < x.length; p++) {
      for (int j = 0; j < y.length; j++) {
        y[j] += x[p] * matrix[p][j];
      }
    }
    return y;
  }

  /** A layer of width 5 with its parameters. */
  private static final class Layer {
    private final SequenceMixer mixer;
    private final Parameters parameters;

    Layer(MixerConfig config) {
      this.mixer = config.build(MixerConfig.Place.alone(WIDTH));
      this.parameters = Parameters.of(mixer, DataType.DOUBLE, 7);
    }

    double[][] matrix(String name) {
      return parameters.value(name).toDoubleMatrix();
    }

    double[] affine(double[] x) {
      return sum(times(x, matrix("input")), parameters.value("bias").toDoubleVector());
    }

    double[] sum(double[] a, double[] b) {
      double[] sum = a.clone();
      for (int j = 0; j < sum.length; j++) {
        sum[j] += b[j];
      }
      return sum;
    }

    void check(int parts, Step step) {
      double[] x = new SplittableRandom(1).doubles(STEPS * WIDTH, -2, 2).toArray();
      double[] y = LstmTest.outputs(mixer, parameters, x, STEPS);
      double[][] state = new double[parts][HIDDEN];
      for (int t = 0; t < STEPS; t++) {
        double[] token = new double[WIDTH];
        System.arraycopy(x, t * WIDTH, token, 0, WIDTH);
        double[] expected = times(step.apply(token, state), matrix("output"));
        for (int d = 0; d < WIDTH; d++) {
          assertThat(y[t * WIDTH + d]).isCloseTo(expected[d], within(TOLERANCE));
        }
      }
    }
  }
}
