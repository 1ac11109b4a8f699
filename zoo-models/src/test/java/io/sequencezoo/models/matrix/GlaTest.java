package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.input;
import static io.sequencezoo.models.matrix.LayerOracle.parameters;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class GlaTest {
  private static final int WIDTH = 8;

  private static GlaConfig config(int convolution) {
    return new GlaConfig(2, 0.5, 1.0, 3, 16.0, convolution, GateActivation.SILU, true);
  }

  /** The layer as architectures are written in papers: loops over time, heads, keys and values. */
  private static double[][] oracle(double[][] x, Parameters p, GlaConfig config) {
    int convolution = config.shortConvolution();
    int heads = 2;
    int keys = WIDTH / 2 / heads;
    int values = WIDTH / heads;
    double[][] q = activated(convolved(x, p, "q", convolution), convolution);
    double[][] k = activated(convolved(x, p, "k", convolution), convolution);
    double[][] v = activated(convolved(x, p, "v", convolution), convolution);
    double[][][] s = new double[heads][keys][values];
    double[][] y = new double[LayerOracle.STEPS][];
    for (int t = 0; t < LayerOracle.STEPS; t++) {
      double[] logits = times(times(x[t], p, "gate_low"), p, "gate_high");
      double[] gate =
          config.outputGate() == GateActivation.NONE ? null : times(x[t], p, "output_gate");
      double[] read = new double[heads * values];
      for (int h = 0; h < heads; h++) {
        for (int d = 0; d < keys; d++) {
          int i = h * keys + d;
          double logit = logits[i] + p.value("gate_bias").getDouble(i);
          double alpha = Math.pow(1 / (1 + Math.exp(-logit)), 1 / 16.0);
          for (int e = 0; e < values; e++) {
            s[h][d][e] = alpha * s[h][d][e] + k[t][i] * v[t][h * values + e];
            read[h * values + e] += q[t][i] / Math.sqrt(keys) * s[h][d][e];
          }
        }
        double square = 0;
        for (int e = 0; e < values; e++) {
          square += read[h * values + e] * read[h * values + e] / values;
        }
        for (int e = 0; e < values; e++) {
          int o = h * values + e;
          read[o] *= config.norm() ? p.value("norm").getDouble(e) / Math.sqrt(square + 1e-5) : 1;
          read[o] *=
              switch (config.outputGate()) {
                case SILU -> silu(gate[o]);
                case SIGMOID -> 1 / (1 + Math.exp(-gate[o]));
                case NONE -> 1;
              };
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  static Stream<GlaConfig> forms() {
    return Stream.of(
        config(0),
        config(4),
        new GlaConfig(2, 0.5, 1.0, 3, 16.0, 0, GateActivation.SIGMOID, true),
        new GlaConfig(2, 0.5, 1.0, 3, 16.0, 0, GateActivation.SILU, false),
        new GlaConfig(2, 0.5, 1.0, 3, 16.0, 0, GateActivation.NONE, true),
        new GlaConfig(2, 0.5, 1.0, 3, 16.0, 4, GateActivation.NONE, false));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void forward_isTheOracle(GlaConfig config) {
    LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void gradients_areCentralDifferences(int convolution) {
    SequenceMixer mixer = config(convolution).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = parameters(mixer);
    GradientCheck check =
        GradientCheck.of(
                (tape, in) -> {
                  Context context = Context.training(tape, parameters, 1);
                  Evolution evolution = mixer.forward(context, in[0], null);
                  return List.of(evolution.outputs(), evolution.state().get("S"));
                })
            .samples(12)
            .input("x", Nd4j.createFromArray(new double[][][] {input(7, WIDTH)}));
    parameters
        .specs()
        .forEach(
            spec ->
                check.parameter(
                    spec.name(), parameters.value(spec.name()), parameters.gradient(spec.name())));
    check.run().assertPassed();
  }

  @Test
  void start_decaysByThe16thRootOfAHalf() {
    SequenceMixer mixer = GlaConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    assertThat(parameters.value("gate_bias").amaxNumber().doubleValue()).isZero();
    assertThat(parameters.value("norm").meanNumber().doubleValue()).isEqualTo(1);
    assertThat(parameters.count()).isEqualTo(8 * 4 * 2 + 8 * 8 * 3 + 8 * 16 + 16 * 4 + 4 + 2);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    SequenceMixer mixer = config(4).build(MixerConfig.Place.alone(WIDTH));
    assertThat(mixer.parametrisation().stateBytes(100, DataType.FLOAT))
        .isEqualTo(4 * (2 * 2 * 4 + 3 * (4 + 4 + 8)));
    long projections = 8 * 4 * 2 + 8 * 8 * 3 + 8 * 3 + 3 * 4;
    assertThat(mixer.parametrisation().multiplyAddsPerToken(5))
        .isEqualTo(projections + 4 * (4 + 4 + 8) + 3 * 2 * 2 * 4);
  }

  @Test
  void configuration_roundTrips() {
    BlockConfig read = Configs.read("mixer", "{type: gla, heads: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new GlaConfig(2, .5, 1.0, 16, 16.0, 0, GateActivation.SILU, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
  }

  @Test
  void misfits_areRefusedWithARemedy() {
    refused(48, new GlaConfig(5, 0.5, 1, 16, 16, 0, GateActivation.SILU, true))
        .withMessage("gla: width 48 must be divisible by heads 5; use heads 4 or 6");
    refused(12, GlaConfig.standard())
        .withMessage("gla: key width 6 must be divisible by heads 4; use heads 3 or 6");
    refused(7, new GlaConfig(1, 0.5, 1, 16, 16, 0, GateActivation.SILU, true))
        .withMessage(
            "gla: width 7 times keyExpansion 0.5 must be a whole number, got 3.5;"
                + " use keyExpansion 0.5714285714285714");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GlaConfig(0, 0.5, 1, 16, 16, 0, GateActivation.SILU, true))
        .withMessage("gla: heads must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GlaConfig(4, 0.5, 1, 16, 0.0, 0, GateActivation.SILU, true))
        .withMessage("gla: gateNormalizer must be positive, got 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GlaConfig(4, 0.5, 1, 16, 16, 1, GateActivation.SILU, true))
        .withMessage("gla: shortConvolution must be a width of at least 2, or 0 for none, got 1");
  }

  private static ThrowableAssertAlternative<IllegalArgumentException> refused(
      int width, GlaConfig config) {
    return assertThatIllegalArgumentException()
        .isThrownBy(() -> config.build(MixerConfig.Place.alone(width)));
  }
}
