package io.sequencezoo.models.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Channel mixers with learned nonlinearities against their equations, position by position. */
@Tag("double")
class LearnedChannelsTest {
  private static final int WIDTH = 4;
  private static final int HIDDEN = 6;

  /** What a position of the hidden layer becomes. */
  @FunctionalInterface
  private interface Hidden {
    double[] apply(double[] u, Parameters p);
  }

  private static Parameters parameters(FeedForward block) {
    Parameters parameters = Parameters.of(block, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(5);
    for (long i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, random.nextDouble(-1, 1));
    }
    return parameters;
  }

  private static double[] input() {
    return new SplittableRandom(7).doubles(WIDTH, -2, 2).toArray();
  }

  private static double[] output(FeedForward block, Parameters parameters, double[] x) {
    try (Tape tape = Tape.inference()) {
      INDArray in = Nd4j.createFromArray(new double[][][] {{x}});
      return block
          .forward(Context.inference(tape, parameters), tape.constant(in))
          .value()
          .dup('c')
          .data()
          .asDouble();
    }
  }

  private static double[] map(double[] x, Parameters p, String name) {
    INDArray w = p.value(name + ".weight");
    double[] y = new double[(int) w.size(1)];
    for (int o = 0; o < y.length; o++) {
      y[o] = p.contains(name + ".bias") ? p.value(name + ".bias").getDouble(o) : 0;
      for (int i = 0; i < x.length; i++) {
        y[o] += x[i] * w.getDouble(i, o);
      }
    }
    return y;
  }

  private static void assertMlp(FeedForwardConfig config, Hidden hidden) {
    FeedForward block = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters p = parameters(block);
    double[] x = input();
    double[] expected = map(hidden.apply(map(x, p, "up"), p), p, "down");
    assertThat(output(block, p, x)).containsExactly(expected, within(1e-12));
  }

  private static double[] each(double[] u, DoubleUnaryOperator f) {
    return Arrays.stream(u).map(f).toArray();
  }

  @Test
  void polynomials_areThePapers() {
    assertMlp(
        new LearnedMlpConfig.PolyRelu(1.5, true, 0.1),
        (u, p) -> each(u, z -> polynomial(p, i -> Math.pow(Math.max(z, 0), i))));
    assertMlp(
        new LearnedMlpConfig.PolyNorm(1.5, false, 0.1),
        (u, p) ->
            each(u, z -> polynomial(p, i -> Math.pow(z, i) / Math.sqrt(moment(u, 2 * i) + 1e-6))));
  }

  private static double polynomial(Parameters p, DoubleUnaryOperator power) {
    double sum = p.value("activation.bias").getDouble(0);
    for (int i = 1; i <= 3; i++) {
      sum += p.value("activation.weight").getDouble(3 - i) * power.applyAsDouble(i);
    }
    return sum;
  }

  private static double moment(double[] u, double degree) {
    return Arrays.stream(u).map(z -> Math.pow(Math.abs(z), degree)).average().orElse(0);
  }

  @Test
  void corrections_areThePapers() {
    assertMlp(
        new LearnedMlpConfig.CrRelu(1.5, true, 0.1),
        (u, p) -> {
          double epsilon = p.value("activation.epsilon").getDouble(0);
          return each(u, z -> Math.max(z, 0) + epsilon * z * Math.exp(-z * z / 2));
        });
    assertMlp(
        new LearnedMlpConfig.Siaf(3, Activation.TANH, 1.5, true, 0.1),
        (u, p) -> {
          double[] y = new double[HIDDEN];
          for (int i = 0; i < 3; i++) {
            for (int j = 0; j < HIDDEN; j++) {
              y[j] +=
                  Math.tanh(
                      p.value("activation.scale").getDouble(i, j) * u[j]
                          + p.value("activation.shift").getDouble(i, j));
            }
          }
          return y;
        });
  }

  @Test
  void quadraticMaps_areThePapersAndStartAsLinearOnes() {
    FeedForward block =
        new QuadraticMlpConfig(Activation.TANH, 1.5).build(MixerConfig.Place.alone(WIDTH));
    Parameters p = parameters(block);
    double[] x = input();
    double[] hidden = each(quadratic(x, p, "up"), Math::tanh);
    assertThat(output(block, p, x)).containsExactly(quadratic(hidden, p, "down"), within(1e-12));
    Parameters first = Parameters.of(block, DataType.DOUBLE, 3);
    double[] linear = map(each(map(x, first, "up.r"), Math::tanh), first, "down.r");
    assertThat(output(block, first, x)).containsExactly(linear, within(1e-15));
  }

  private static double[] quadratic(double[] x, Parameters p, String name) {
    double[] r = map(x, p, name + ".r");
    double[] g = map(x, p, name + ".g");
    double[] b = map(each(x, z -> z * z), p, name + ".b");
    double[] y = new double[r.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = r[i] * g[i] + b[i];
    }
    return y;
  }

  @Test
  void bumps_areThePapersWithExtremaOfTheirOwnPosition() {
    FeedForward block = new AfKanConfig(3, 2, 1.5).build(MixerConfig.Place.alone(WIDTH));
    Parameters p = Parameters.of(block, DataType.DOUBLE, 3);
    double[] x = input();
    double[] expected = bumps(bumps(x, p, "up"), p, "down");
    assertThat(output(block, p, x)).containsExactly(expected, within(1e-11));
  }

  private static double[] bumps(double[] x, Parameters p, String name) {
    int grid = (int) p.value(name + ".low").length();
    double[][] f = new double[x.length][grid];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int d = 0; d < x.length; d++) {
      for (int j = 0; j < grid; j++) {
        double above = silu(x[d] - p.value(name + ".low").getDouble(j));
        double below = silu(p.value(name + ".high").getDouble(j) - x[d]);
        f[d][j] = Math.pow(above * below, 2);
        least = Math.min(least, f[d][j]);
        most = Math.max(most, f[d][j]);
      }
    }
    double[] z = new double[x.length];
    double all = 0;
    double temperature = Math.max(1, p.value(name + ".temperature").getDouble(0));
    for (int d = 0; d < x.length; d++) {
      double logit = 0;
      double sum = 0;
      for (int j = 0; j < grid; j++) {
        double scaled = (f[d][j] - least) / (most - least);
        logit += p.value(name + ".attention").getDouble(j) * scaled;
        sum += scaled;
      }
      z[d] = Math.exp(logit / temperature) * sum;
      all += Math.exp(logit / temperature);
    }
    double mean = 0;
    for (int d = 0; d < x.length; d++) {
      z[d] /= all;
      mean += z[d] / x.length;
    }
    double variance = 0;
    for (double value : z) {
      variance += Math.pow(value - mean, 2) / x.length;
    }
    for (int d = 0; d < x.length; d++) {
      double normed = (z[d] - mean) / Math.sqrt(variance + 1e-5);
      z[d] =
          silu(
              normed * p.value(name + ".norm_gain").getDouble(d)
                  + p.value(name + ".norm_bias").getDouble(d));
    }
    INDArray w = p.value(name + ".weight");
    double[] y = new double[(int) w.size(1)];
    for (int o = 0; o < y.length; o++) {
      for (int d = 0; d < x.length; d++) {
        y[o] += z[d] * w.getDouble(d, o);
      }
    }
    return y;
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  @Test
  void configurations_roundTripAndRefuse() {
    Stream<FeedForwardConfig> all =
        Stream.of(
            LearnedMlpConfig.PolyNorm.standard(),
            LearnedMlpConfig.Siaf.standard(),
            QuadraticMlpConfig.standard(),
            AfKanConfig.standard());
    all.forEach(
        config ->
            assertThat(Configs.read("channel", Configs.write(config), BlockConfig.class))
                .isEqualTo(config));
    assertThatThrownBy(() -> new LearnedMlpConfig.Siaf(0, Activation.GELU, 4, true, 0.02))
        .hasMessage("siaf: terms must be at least 1, got 0");
    assertThatThrownBy(() -> new AfKanConfig(0, 3, 1))
        .hasMessage("af_kan: grid must be at least 1, got 0");
  }
}
