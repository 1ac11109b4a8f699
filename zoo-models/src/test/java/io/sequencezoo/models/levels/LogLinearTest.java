package io.sequencezoo.models.levels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.GatedDeltaNetConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LogLinearTest {
  private static final int WIDTH = 6;
  private static final int STEPS = 19;

  /** Reordered double sums. */
  private static final double DOUBLE = 1e-10;

  private static int bitLength(int n) {
    int bits = 0;
    while (n >> bits > 0) {
      bits++;
    }
    return bits;
  }

  private static double[][] random(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[rows][];
    for (int t = 0; t < rows; t++) {
      x[t] = random.doubles(columns, -1, 1).toArray();
    }
    return x;
  }

  private static Variable constant(Tape tape, double[][] x, long... shape) {
    return tape.constant(Nd4j.createFromArray(x).reshape('c', shape));
  }

  /** Every pair of tokens, weighed by the level of their distance. */
  @Test
  void attention_weighsPairsByTheirLevel() {
    double[][] q = random(1, STEPS, 3);
    double[][] k = random(2, STEPS, 3);
    double[][] v = random(3, STEPS, 2);
    double[][] g = random(4, STEPS, 1);
    double[][] lambda = random(5, STEPS, 6);
    Tape tape = Tape.detached();
    for (Solver solver : new Solver[] {Solver.CHUNKED, Solver.SEQUENTIAL}) {
      INDArray o =
          LogLinearOperators.logLinearAttention(
                  tape,
                  solver,
                  constant(tape, q, 1, STEPS, 1, 3),
                  constant(tape, k, 1, STEPS, 1, 3),
                  constant(tape, v, 1, STEPS, 1, 2),
                  constant(tape, g, 1, STEPS, 1),
                  constant(tape, lambda, 1, STEPS, 1, 6))
              .outputs()
              .value();
      for (int t = 0; t < STEPS; t++) {
        double[] expected = new double[2];
        double decay = 1;
        for (int s = t; s >= 0; s--) {
          double match = 0;
          for (int d = 0; d < 3; d++) {
            match += q[t][d] * k[s][d];
          }
          for (int e = 0; e < 2; e++) {
            expected[e] += lambda[t][bitLength(t ^ s)] * decay * match * v[s][e];
          }
          decay *= Math.exp(g[s][0]);
        }
        assertThat(o.getDouble(0, t, 0, 0)).isCloseTo(expected[0], within(DOUBLE));
        assertThat(o.getDouble(0, t, 0, 1)).isCloseTo(expected[1], within(DOUBLE));
      }
    }
  }

  /** The delta rule with a state per level, merged as blocks end: Fenwick's tree. */
  @Test
  void layer_isFenwicksTreeOfDeltaRules() {
    int levels = 6;
    LogLinearConfig config =
        new LogLinearConfig(
            new GatedDeltaNetConfig(1, 1, 1, 1, 0, false, GateActivation.NONE, false), levels);
    SequenceMixer mixer = config.build(Place.alone(WIDTH));
    Parameters p = Parameters.of(mixer, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(6);
    for (long i = 0; i < p.values().length(); i++) {
      p.values().putScalar(i, random.nextDouble(-1, 1));
    }
    double[][] x = random(7, STEPS, WIDTH);
    double[][][] s = new double[levels][WIDTH][WIDTH];
    try (Tape tape = Tape.inference()) {
      INDArray y =
          mixer
              .forward(Context.inference(tape, p), constant(tape, x, 1, STEPS, WIDTH), null)
              .outputs()
              .value();
      for (int t = 0; t < STEPS; t++) {
        double[] expected = token(t, x[t], s, p);
        for (int d = 0; d < WIDTH; d++) {
          assertThat(y.getDouble(0, t, d)).as("t=%s", t).isCloseTo(expected[d], within(DOUBLE));
        }
      }
    }
  }

  private static double[] token(int t, double[] x, double[][][] s, Parameters p) {
    if (t > 0) {
      int merged = Integer.numberOfTrailingZeros(t) + 1;
      for (int l = 0; l < merged; l++) {
        for (int d = 0; d < WIDTH; d++) {
          for (int e = 0; e < WIDTH; e++) {
            s[merged][d][e] += s[l][d][e];
            s[l][d][e] = 0;
          }
        }
      }
    }
    double[] q = unit(silu(times(x, p, "mixer.q")));
    double[] k = unit(silu(times(x, p, "mixer.k")));
    double[] v = silu(times(x, p, "mixer.v"));
    double beta = 1 / (1 + Math.exp(-times(x, p, "mixer.beta")[0]));
    double step = times(x, p, "mixer.step")[0] + p.value("mixer.step_bias").getDouble(0);
    double decay =
        Math.exp(-Math.exp(p.value("mixer.log_rate").getDouble(0)) * Math.log1p(Math.exp(step)));
    double[] logits = times(x, p, "level");
    double[] read = new double[WIDTH];
    for (int l = 0; l < s.length; l++) {
      double scaled = logits[l] * p.value("level_scale").getDouble(0, l);
      double lambda = Math.log1p(Math.exp(scaled));
      for (int e = 0; e < WIDTH; e++) {
        double recalled = 0;
        for (int d = 0; d < WIDTH; d++) {
          s[l][d][e] *= decay;
          recalled += k[d] * s[l][d][e];
        }
        double written = l == 0 ? v[e] : 0;
        for (int d = 0; d < WIDTH; d++) {
          s[l][d][e] += beta * k[d] * (written - recalled);
          read[e] += lambda * q[d] / Math.sqrt(WIDTH) * s[l][d][e];
        }
      }
    }
    return times(read, p, "mixer.output");
  }

  private static double[] times(double[] x, Parameters p, String name) {
    INDArray w = p.value(name);
    double[] y = new double[(int) w.size(1)];
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += x[i] * w.getDouble(i, o);
      }
    }
    return y;
  }

  private static double[] silu(double[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] /= 1 + Math.exp(-x[i]);
    }
    return x;
  }

  private static double[] unit(double[] x) {
    double square = 1e-6;
    for (double value : x) {
      square += value * value;
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= Math.sqrt(square);
    }
    return x;
  }

  @Test
  void state_hasTheDeclaredSize() {
    Parametrisation layer =
        new LogLinearConfig(
                new GatedDeltaNetConfig(2, 2, 1, 1, 0, false, GateActivation.NONE, false), 10)
            .build(Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * 9 * 2 * 3 * 3);
  }

  @Test
  void moreTokensThanLevelsReach_areRefused() {
    SequenceMixer mixer =
        new LogLinearConfig(
                new GatedDeltaNetConfig(2, 2, 1, 1, 0, false, GateActivation.NONE, false), 5)
            .build(Place.alone(WIDTH));
    Parameters p = Parameters.of(mixer, DataType.DOUBLE, 3);
    try (Tape tape = Tape.inference()) {
      Variable x = constant(tape, random(7, 17, WIDTH), 1, 17, WIDTH);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> mixer.forward(Context.inference(tape, p), x, null))
          .withMessage("log_linear: 5 levels reach 16 tokens, got 17; use more levels");
    }
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read(
            "mixer", "{type: log_linear, mixer: {type: mamba2}, levels: 9}", BlockConfig.class);
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LogLinearConfig(GlaConfig.standard(), 1))
        .withMessage("log_linear: levels must be in 2 to 31, got 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogLinearConfig.standard(GlaConfig.standard()).build(Place.alone(8)))
        .withMessage("log_linear: mixer must be mamba2 or gated_delta_net, got gla");
  }
}
