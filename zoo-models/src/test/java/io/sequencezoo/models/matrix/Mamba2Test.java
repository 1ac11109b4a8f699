package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class Mamba2Test {
  private static final int WIDTH = 6;
  private static final int INNER = 2 * WIDTH;

  /** The reference's step, token by token: state P x N per head. */
  private static double[][] oracle(double[][] u, Parameters p, Mamba2Config config) {
    int headDim = config.headDim();
    int heads = INNER / headDim;
    int n = config.stateSize();
    int mixed = INNER + 2 * config.groups() * n;
    double[][][] s = new double[heads][headDim][n];
    double[][] before = new double[u.length][];
    double[][] y = new double[u.length][];
    for (int t = 0; t < u.length; t++) {
      double[] projected = times(u[t], p, "in");
      if (config.projectionBias()) {
        add(projected, p.value("in_bias"));
      }
      int gate = config.outputGate() == GateActivation.NONE ? 0 : INNER;
      double[] z = Arrays.copyOfRange(projected, 0, gate);
      before[t] = Arrays.copyOfRange(projected, gate, gate + mixed);
      double[] xbc = convolved(before, t, p, config);
      double[] out = new double[INNER];
      for (int h = 0; h < heads; h++) {
        double raw = projected[gate + mixed + h] + p.value("step_bias").getDouble(h);
        double step = Math.log1p(Math.exp(raw));
        step = Math.min(config.stepHigh(), Math.max(config.stepLow(), step));
        double decay = Math.exp(-step * Math.exp(p.value("log_rate").getDouble(h)));
        int group = h / (heads / config.groups());
        for (int i = 0; i < headDim; i++) {
          int f = h * headDim + i;
          double skip = p.value("skip").getDouble(config.skipPerFeature() ? f : h);
          out[f] = skip * xbc[f];
          for (int j = 0; j < n; j++) {
            double b = xbc[INNER + group * n + j];
            double c = xbc[INNER + (config.groups() + group) * n + j];
            s[h][i][j] = decay * s[h][i][j] + step * xbc[f] * b;
            out[f] += s[h][i][j] * c;
          }
        }
      }
      gate(out, z, p, config);
      y[t] = times(out, p, "out");
      if (config.projectionBias()) {
        add(y[t], p.value("out_bias"));
      }
    }
    return y;
  }

  private static double[] convolved(double[][] x, int t, Parameters p, Mamba2Config config) {
    double[] out = new double[x[t].length];
    for (int f = 0; f < out.length; f++) {
      int span = config.shortConvolution();
      out[f] = span == 0 ? x[t][f] : 0;
      out[f] += p.contains("conv_bias") ? p.value("conv_bias").getDouble(f) : 0;
      for (int back = 0; back < span && back <= t; back++) {
        out[f] += p.value("conv_weight").getDouble(f, span - 1 - back) * x[t - back][f];
      }
      out[f] = silu(out[f]);
    }
    return out;
  }

  private static void gate(double[] out, double[] z, Parameters p, Mamba2Config config) {
    for (int f = 0; f < z.length && !config.normBeforeGate(); f++) {
      out[f] *= activated(z[f], config);
    }
    if (config.norm()) {
      int size = INNER / config.groups();
      for (int g = 0; g < config.groups(); g++) {
        normalise(out, g * size, size);
      }
      for (int f = 0; f < INNER; f++) {
        out[f] *= p.value("norm").getDouble(f);
      }
    }
    for (int f = 0; f < z.length && config.normBeforeGate(); f++) {
      out[f] *= activated(z[f], config);
    }
  }

  private static double activated(double z, Mamba2Config config) {
    return config.outputGate() == GateActivation.SILU ? silu(z) : sigmoid(z);
  }

  private static void add(double[] x, INDArray bias) {
    for (int i = 0; i < x.length; i++) {
      x[i] += bias.getDouble(i);
    }
  }

  static Stream<Mamba2Config> options() {
    return Stream.of(
        Configs.with(Mamba2Config.standard(), Map.of("stateSize", 5, "headDim", 3)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of("stateSize", 2, "headDim", 3, "groups", 2, "normBeforeGate", true)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of("stateSize", 3, "headDim", 4, "groups", 3, "skipPerFeature", true)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of("stateSize", 3, "headDim", 12, "norm", false, "shortConvolution", 2)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                4,
                "outputGate",
                GateActivation.SIGMOID,
                "normBeforeGate",
                true)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of("stateSize", 3, "headDim", 4, "outputGate", GateActivation.NONE)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                4,
                "shortConvolution",
                0,
                "outputGate",
                GateActivation.NONE,
                "norm",
                false)),
        Configs.with(
            Mamba2Config.standard(),
            Map.of(
                "stateSize",
                3,
                "headDim",
                2,
                "groups",
                2,
                "projectionBias",
                true,
                "convolutionBias",
                false,
                "stepLow",
                0.4,
                "stepHigh",
                1.1)));
  }

  @ParameterizedTest
  @MethodSource("options")
  void forward_isTheOracle(Mamba2Config config) {
    LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
  }

  @Test
  void start_isTheReferences() {
    SequenceMixer mixer = Mamba2Config.standard().build(MixerConfig.Place.alone(256));
    Parameters p = Parameters.of(mixer, DataType.DOUBLE, 11);
    assertThat(p.value("in").shape()).containsExactly(256, 2 * 512 + 2 * 128 + 8);
    for (int h = 0; h < 8; h++) {
      double step = Math.log1p(Math.exp(p.value("step_bias").getDouble(h)));
      assertThat(step).isBetween(0.001, 0.1);
      assertThat(Math.exp(p.value("log_rate").getDouble(h))).isBetween(1.0, 16.0);
    }
    assertThat(p.value("skip").meanNumber().doubleValue()).isEqualTo(1);
    assertThat(p.value("conv_weight").amaxNumber().doubleValue()).isBetween(0.45, 0.5);
    assertThat(p.value("conv_bias").amaxNumber().doubleValue()).isBetween(0.45, 0.5);
    assertThat(p.value("out").amaxNumber().doubleValue()).isLessThanOrEqualTo(1 / Math.sqrt(512));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        Mamba2Config.standard().build(MixerConfig.Place.alone(256)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (512 * 128 + 3 * 768));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(256 * (1024 + 256 + 8) + 512 * 256 + 768 * 4 + 2 * 512 + 3 * 512 * 128);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read(
            "mixer",
            "{type: mamba2, groups: 2, stepInit: {low: 0.01, high: 0.2}}",
            BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            Configs.with(
                Mamba2Config.standard(),
                Map.of("groups", 2, "stepInit", new Mamba2Config.Range(0.01, 0.2))));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThat(Mamba2Config.simple().headDim()).isEqualTo(128);
    refused(Map.of("headDim", 5))
        .withMessage(
            "mamba2: inner width 12 must be divisible by headDim 5; use another headDim or"
                + " expansion");
    refused(Map.of("headDim", 4, "groups", 2))
        .withMessage("mamba2: heads 3 must be divisible by groups 2; use other groups or headDim");
    refused(Map.of("stepLow", 2, "stepHigh", 1))
        .withMessage(
            "mamba2: stepLow and stepHigh must be 0 <= stepLow < stepHigh, got 2.0 and 1.0");
    refused(Map.of("shortConvolution", 1))
        .withMessage(
            "mamba2: shortConvolution must be a width of at least 2, or 0 for none, got 1");
    refused(Map.of("rateInit", new Mamba2Config.Range(0, 1)))
        .withMessage("mamba2: rateInit must be 0 < low <= high, got 0.0 and 1.0");
    refused(Map.of("norm", false, "normBeforeGate", true))
        .withMessage("mamba2: normBeforeGate needs a norm, got norm false; leave one of them out");
  }

  private static ThrowableAssertAlternative<IllegalArgumentException> refused(
      Map<String, ?> changes) {
    return assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configs.with(Mamba2Config.standard(), changes)
                    .build(MixerConfig.Place.alone(WIDTH)));
  }
}
