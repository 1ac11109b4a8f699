package io.sequencezoo.models.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.nonlinear.ParaRnnConfig.Initialisation;
import io.sequencezoo.models.nonlinear.ParaRnnConfig.Layout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The ParaGRU and ParaLSTM blocks against a transcription of their equations. */
class ParaRnnTest {
  private static final int WIDTH = 6;
  private static final int HIDDEN = 4;
  private static final int HEADS = 2;
  private static final int STEPS = 9;

  /** Sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  @Test
  void gruBlock_equalsTheEquations() {
    check(
        new ParaGruConfig(HIDDEN, HEADS, Layout.BLOCK, 4, Initialisation.CODE, 0.3, true),
        false,
        true);
  }

  @Test
  void lstmBlock_equalsTheEquations() {
    check(
        new ParaLstmConfig(HIDDEN, HEADS, Layout.BLOCK, 4, Initialisation.CODE, 0.3, true),
        true,
        true);
  }

  @Test
  void bareCells_equalTheEquations() {
    check(
        new ParaGruConfig(WIDTH, HEADS, Layout.BARE, 0, Initialisation.CODE, 0, false),
        false,
        false);
    check(
        new ParaLstmConfig(WIDTH, HEADS, Layout.BARE, 0, Initialisation.CODE, 0, false),
        true,
        false);
  }

  private static void check(MixerConfig config, boolean lstm, boolean block) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 7);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, random.nextDouble(-0.8, 0.8));
    }
    double[][] x = new double[STEPS][WIDTH];
    for (double[] row : x) {
      for (int d = 0; d < WIDTH; d++) {
        row[d] = random.nextDouble(-2, 2);
      }
    }
    Tape tape = Tape.detached();
    INDArray input = Nd4j.createFromArray(x).reshape('c', 1, STEPS, WIDTH);
    double[] y =
        mixer
            .forward(Context.inference(tape, parameters), tape.constant(input), null)
            .outputs()
            .value()
            .data()
            .asDouble();
    double[][] expected = oracle(parameters, x, lstm, block);
    for (int t = 0; t < STEPS; t++) {
      for (int d = 0; d < WIDTH; d++) {
        assertThat(y[t * WIDTH + d])
            .as("t=%s d=%s", t, d)
            .isCloseTo(expected[t][d], within(TOLERANCE));
      }
    }
  }

  private static double[][] oracle(Parameters p, double[][] x, boolean lstm, boolean block) {
    int n = block ? HIDDEN : WIDTH;
    double clip = block ? 0.3 : Double.MAX_VALUE;
    double[] h = new double[n];
    double[] c = new double[n];
    double[][] y = new double[x.length][WIDTH];
    for (int t = 0; t < x.length; t++) {
      double[] u = block ? branch(p, x, t) : x[t];
      double[][] drive = new double[3][n];
      int in = u.length / HEADS;
      for (int v = 0; v < 3; v++) {
        for (int j = 0; j < n; j++) {
          int head = j / (n / HEADS);
          drive[v][j] = p.value("bias").getDouble(v, j);
          for (int i = 0; i < in; i++) {
            drive[v][j] +=
                u[head * in + i] * p.value("input").getDouble(head, i, v, j % (n / HEADS));
          }
        }
      }
      for (int j = 0; j < n; j++) {
        double[] a = new double[3];
        for (int v = 0; v < 3; v++) {
          a[v] = clamp(p.value("a").getDouble(v, j), clip);
        }
        if (lstm) {
          double pf = clamp(p.value("peephole").getDouble(0, j), clip);
          double po = clamp(p.value("peephole").getDouble(1, j), clip);
          double f = sigmoid(a[0] * h[j] + pf * c[j] + drive[0][j]);
          double z = Math.tanh(a[2] * h[j] + drive[2][j]);
          c[j] = f * c[j] + (1 - f) * z;
          double o = sigmoid(a[1] * h[j] + po * c[j] + drive[1][j]);
          h[j] = o * Math.tanh(c[j]);
        } else {
          double z = sigmoid(a[0] * h[j] + drive[0][j]);
          double r = sigmoid(a[1] * h[j] + drive[1][j]);
          double candidate = Math.tanh(a[2] * (h[j] * r) + drive[2][j]);
          h[j] = (1 - z) * h[j] + z * candidate;
        }
      }
      y[t] = block ? readOut(p, x[t], h) : h.clone();
    }
    return y;
  }

  /** {@code silu(conv(x W_in))}, the first half. */
  private static double[] branch(Parameters p, double[][] x, int t) {
    double[] u = new double[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) {
      double sum = 0;
      for (int k = 0; k < 4; k++) {
        int s = t - 3 + k;
        for (int d = 0; s >= 0 && d < WIDTH; d++) {
          sum += p.value("conv_u").getDouble(j, k) * x[s][d] * p.value("in").getDouble(d, j);
        }
      }
      u[j] = sum * sigmoid(sum);
    }
    return u;
  }

  private static double[] readOut(Parameters p, double[] x, double[] h) {
    double square = 0;
    for (double value : h) {
      square += value * value / HIDDEN;
    }
    double[] y = new double[WIDTH];
    for (int j = 0; j < HIDDEN; j++) {
      double gate = 0;
      for (int d = 0; d < WIDTH; d++) {
        gate += x[d] * p.value("in").getDouble(d, HIDDEN + j);
      }
      double normal = h[j] / Math.sqrt(square + 1e-5) * p.value("norm").getDouble(j);
      for (int d = 0; d < WIDTH; d++) {
        y[d] += normal * gate * sigmoid(gate) * p.value("out").getDouble(j, d);
      }
    }
    for (int d = 0; d < WIDTH; d++) {
      y[d] *= p.value("scale").getDouble(d);
    }
    return y;
  }

  private static double clamp(double value, double clip) {
    return Math.max(-clip, Math.min(clip, value));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void initialisation_isTheCodesOrThePapers() {
    int n = 64;
    Parameters code =
        Parameters.of(
            new ParaLstmConfig(0, 2, Layout.BARE, 0, Initialisation.CODE, 0, false)
                .build(MixerConfig.Place.alone(n)),
            DataType.DOUBLE,
            5);
    double[] bias = code.value("bias").data().asDouble();
    for (int j = 0; j < 3 * n; j++) {
      assertThat(bias[j]).isCloseTo(j < n ? -j / (n - 1.0) : 0, within(TOLERANCE));
    }
    assertThat(code.value("input").amaxNumber().doubleValue())
        .isBetween(0.9 * Math.sqrt(6.0 / 64), Math.sqrt(6.0 / 64));
    // Twice 2/√(5 64) = 0.11 has 5% of a normal's values beyond it.
    assertThat(code.value("a").amaxNumber().doubleValue()).isBetween(0.2, 0.6);
    Parameters paper =
        Parameters.of(
            ParaRnnConfig.paper(ParaGruConfig.standard()).build(MixerConfig.Place.alone(n)),
            DataType.DOUBLE,
            5);
    assertThat(paper.value("bias").amaxNumber().doubleValue()).isZero();
    assertThat(paper.value("a").amaxNumber().doubleValue()).isLessThanOrEqualTo(0.5);
    assertThat(paper.value("input").amaxNumber().doubleValue())
        .isBetween(0.9 * Math.sqrt(6.0 / 16), Math.sqrt(6.0 / 16));
  }

  @Test
  void config_isStrictAndFillsDefaults() {
    BlockConfig read =
        Configs.read("mixer", "{type: para_gru, initialisation: paper}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new ParaGruConfig(0, 2, Layout.BLOCK, 4, Initialisation.PAPER, 0.5, true));
    assertThatThrownBy(
            () ->
                Configs.read(
                    "mixer",
                    "{type: para_lstm, layout: bare, shortConvolution: 4}",
                    BlockConfig.class))
        .hasMessageContaining("para_lstm: layout bare has no convolution, got shortConvolution 4");
    assertThatThrownBy(() -> ParaGruConfig.standard().build(MixerConfig.Place.alone(7)))
        .hasMessage(
            "para_gru: hidden 7 must be divisible by heads 2; use heads 1 or another hidden");
  }

  @Test
  void cost_countsEveryProduct() {
    ParaRnn bare =
        (ParaRnn)
            ParaRnnConfig.bare(ParaGruConfig.standard(), 0.9)
                .build(MixerConfig.Place.alone(8))
                .parametrisation();
    assertThat(bare.multiplyAddsPerToken(3)).isEqualTo(3 * 8 * 8 / 4 + 5 * 8);
    ParaRnn block =
        (ParaRnn) ParaLstmConfig.standard().build(MixerConfig.Place.alone(8)).parametrisation();
    assertThat(block.multiplyAddsPerToken(3))
        .isEqualTo(3 * 8 * 8 + 8 + 4 * 8 + 3 * 8 * 8 / 2 + 7 * 8);
  }
}
