package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Normalised attention against a transcription of its quadratic form. */
class NormalisedAttentionTest {
  private static final int WIDTH = 6;
  private static final int STEPS = 70;

  // Sums of some hundred products of size one in double, in another order.
  private static final double TOLERANCE = 1e-11;

  static Stream<NormalisedAttentionConfig> configs() {
    return Stream.of(
        NormalisedAttentionConfig.of(2, Normaliser.EXP),
        NormalisedAttentionConfig.of(3, Normaliser.SOFTPLUS),
        new NormalisedAttentionConfig(2, 5, Normaliser.SIGMOID, false));
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquationsWithEverySolver(NormalisedAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 3);
    INDArray x = Loops.input(4, STEPS, WIDTH);
    double[][] expected = oracle(config, parameters, x.reshape(STEPS, WIDTH).toDoubleMatrix());
    Tape tape = Tape.detached();
    for (Solver solver : mixer.parametrisation().recurrence().solvers()) {
      double[][] y =
          new SequenceMixer(mixer.parametrisation(), solver)
              .forward(Context.inference(tape, parameters), tape.constant(x), null)
              .outputs()
              .value()
              .reshape(STEPS, WIDTH)
              .toDoubleMatrix();
      for (int t = 0; t < STEPS; t++) {
        assertThat(y[t]).containsExactly(expected[t], within(TOLERANCE * STEPS));
      }
    }
  }

  private static double[][] oracle(
      NormalisedAttentionConfig c, Parameters parameters, double[][] x) {
    double[][] q = Loops.map(parameters, "query", c.bias() ? "query_bias" : null, x);
    double[][] k = Loops.map(parameters, "key", c.bias() ? "key_bias" : null, x);
    double[][] v = Loops.map(parameters, "value", c.bias() ? "value_bias" : null, x);
    double[][] n = Loops.map(parameters, "normaliser", c.bias() ? "normaliser_bias" : null, x);
    int keys = q[0].length / c.heads();
    int values = WIDTH / c.heads();
    double[][] o = new double[STEPS][WIDTH];
    for (int t = 0; t < STEPS; t++) {
      for (int h = 0; h < c.heads(); h++) {
        for (int s = 0; s <= t; s++) {
          double weight = 0;
          for (int i = 0; i < keys; i++) {
            weight += q[t][h * keys + i] * k[s][h * keys + i];
          }
          for (int i = 0; i < values; i++) {
            o[t][h * values + i] += weight / eta(c, n[t][h]) * v[s][h * values + i];
          }
        }
      }
    }
    return Loops.map(parameters, "output", "output_bias", o);
  }

  private static double eta(NormalisedAttentionConfig c, double n) {
    return switch (c.normaliser()) {
      case EXP -> Math.exp(n);
      case SOFTPLUS -> Math.log(1 + Math.exp(n));
      case SIGMOID -> Loops.sigmoid(n);
    };
  }

  /** η is down to e^-140, whose reciprocal isn't in float; outputs are. */
  @ParameterizedTest
  @EnumSource(Normaliser.class)
  void largeInputs_giveTheRatioWhereItIsInRange(Normaliser normaliser) {
    SequenceMixer mixer =
        NormalisedAttentionConfig.of(1, normaliser).build(MixerConfig.Place.alone(2));
    Parameters parameters = Parameters.of(mixer, DataType.FLOAT, 1);
    for (double size : new double[] {1e3, 1e4}) {
      for (double n : new double[] {-20, -59, -79, -81, -100, -140}) {
        // q = 1e-30, k = size and v = 1 are of the first feature; n is of the second.
        parameters.values().assign(0);
        parameters.value("query").putScalar(0, 0, 1e-30 / size);
        parameters.value("key").putScalar(0, 0, 1);
        parameters.value("value").putScalar(0, 0, 1 / size);
        parameters.value("normaliser").putScalar(1, 0, n / size);
        parameters.value("output").putScalar(0, 0, 1);
        INDArray x = Nd4j.createFromArray(new double[][][] {{{size, 0}, {size, 0}, {size, size}}});
        Tape tape = Tape.detached();
        Variable in = tape.variable(x.castTo(DataType.FLOAT));
        Variable y = mixer.forward(Context.training(tape, parameters, 1), in, null).outputs();
        double eta =
            switch (normaliser) {
              case EXP -> Math.exp(n);
              case SOFTPLUS -> Math.log1p(Math.exp(n));
              case SIGMOID -> 1 / (1 + Math.exp(-n));
            };
        double expected = 3 * 1e-30 * size / eta;
        String what = normaliser + " of " + n + " at inputs of " + size;
        assertThat(y.value().getDouble(0, 2, 0))
            .as(what)
            .isCloseTo(expected, withinPercentage(0.01));
        INDArray cotangent = Nd4j.zeros(DataType.FLOAT, y.shape());
        // So small that gradients of queries, k v / η, are in range too.
        double small = n < -90 ? 1e-30 : n < -50 ? 1e-5 : 1;
        cotangent.putScalar(new int[] {0, 2, 0}, small);
        tape.backward(List.of(y), List.of(cotangent));
        // d(1 / η)/dn is -1 / η here, and dn/dx is n / size.
        assertThat(in.gradient().getDouble(0, 2, 1))
            .as("gradient of %s", what)
            .isCloseTo(-expected * n / size * small, withinPercentage(0.01));
      }
    }
  }

  @Test
  void cost_countsEveryProduct() {
    NormalisedAttention block =
        new NormalisedAttention(
            new NormalisedAttentionConfig(2, 5, Normaliser.EXP, true), MixerConfig.Place.alone(6));
    // 6 x 10 for queries and keys, 6 x 6 for values and outputs, 6 x 2; 2 x 5 x 3 written and read.
    assertThat(block.multiplyAddsPerToken(7)).isEqualTo(2 * 60 + 2 * 36 + 12 + 2 * 30 + 10);
    assertThat(block.stateBytes(7, DataType.FLOAT)).isEqualTo(30 * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (NormalisedAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(
            () -> NormalisedAttentionConfig.of(4, null).build(MixerConfig.Place.alone(6)))
        .hasMessage("normalised_attention: width 6 must be divisible by heads 4; use heads 3 or 6");
    assertThatThrownBy(() -> new NormalisedAttentionConfig(1, -1, Normaliser.EXP, true))
        .hasMessage(
            "normalised_attention: keyDim must be at least 1, or 0 for its default, got -1");
  }
}
