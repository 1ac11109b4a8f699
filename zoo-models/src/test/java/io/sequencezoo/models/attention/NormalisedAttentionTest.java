package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

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
