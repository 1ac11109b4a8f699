package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Forgetting attention against a transcription of its equations. */
class ForgettingAttentionTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 9;

  static Stream<ForgettingAttentionConfig> configs() {
    return Stream.of(
        ForgettingAttentionConfig.of(4),
        ForgettingAttentionConfig.pro(2),
        new ForgettingAttentionConfig(
            4,
            2,
            6,
            4,
            new Position.Rope(Rotary.Convention.HALF_SPLIT, 100.0, 1.0),
            true,
            false,
            true,
            true,
            false),
        new ForgettingAttentionConfig(
            2, 1, 0, 0, new Position.None(), false, true, false, false, true));
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(ForgettingAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    double[][] x = Loops.input(1, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(
      ForgettingAttentionConfig c, Parameters parameters, double[][] x) {
    int d = c.headDim() == 0 ? WIDTH / c.heads() : c.headDim();
    double[][] q = Loops.map(parameters, "query", null, x);
    double[][] k = Loops.map(parameters, "key", null, x);
    double[][] v = Loops.map(parameters, "value", null, x);
    k = c.keyShift() ? shift(parameters, "key_shift", x, k, d) : k;
    v = c.valueShift() ? shift(parameters, "value_shift", x, v, d) : v;
    if (c.qkNorm()) {
      Loops.norm(q, d, parameters.value("query_norm").toDoubleVector(), 1e-5);
      Loops.norm(k, d, parameters.value("key_norm").toDoubleVector(), 1e-5);
    }
    if (c.position() instanceof Position.Rope rope) {
      boolean half = rope.convention() == Rotary.Convention.HALF_SPLIT;
      Loops.rotate(q, d, d, half, rope.base());
      Loops.rotate(k, d, d, half, rope.base());
    }
    double[][] f = Loops.map(parameters, "forget", "forget_bias", x);
    double[][] o = new double[STEPS][c.heads() * d];
    for (int h = 0; h < c.heads(); h++) {
      int from = h * c.keyValueHeads() / c.heads() * d;
      for (int t = 0; t < STEPS; t++) {
        double sum = 0;
        double kept = 1;
        for (int s = t; s >= 0 && (c.window() == 0 || t - s < c.window()); s--) {
          double logit = 0;
          for (int i = 0; i < d; i++) {
            logit += q[t][h * d + i] * k[s][from + i] / Math.sqrt(d);
          }
          double weight = kept * Math.exp(logit);
          kept *= Loops.sigmoid(f[s][h]);
          sum += weight;
          for (int i = 0; i < d; i++) {
            o[t][h * d + i] += weight * v[s][from + i];
          }
        }
        for (int i = 0; i < d; i++) {
          o[t][h * d + i] /= sum;
        }
      }
    }
    if (c.norm()) {
      Loops.norm(o, d, parameters.value("output_norm").toDoubleVector(), 1e-6);
    }
    if (c.outputGate()) {
      double[][] gate = Loops.map(parameters, "output_gate", null, x);
      for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < o[t].length; i++) {
          o[t][i] *= Loops.sigmoid(gate[t][i]);
        }
      }
    }
    return Loops.map(parameters, "output", null, o);
  }

  private static double[][] shift(
      Parameters parameters, String name, double[][] x, double[][] projection, int d) {
    double[][] share = Loops.map(parameters, name, null, x);
    double[][] shifted = new double[STEPS][projection[0].length];
    for (int t = 0; t < STEPS; t++) {
      for (int i = 0; i < shifted[t].length; i++) {
        double alpha = Loops.sigmoid(share[t][i / d]);
        double before = t == 0 ? 0 : projection[t - 1][i];
        shifted[t][i] = alpha * before + (1 - alpha) * projection[t][i];
      }
    }
    return shifted;
  }

  @Test
  void cost_countsEveryProduct() {
    MixerConfig.Place place = MixerConfig.Place.alone(8);
    ForgettingAttention plain = new ForgettingAttention(ForgettingAttentionConfig.of(4), place);
    assertThat(plain.multiplyAddsPerToken(9)).isEqualTo(4 * 64 + 8 * 4 + 2 * 8 * 10);
    assertThat(plain.stateBytes(10, DataType.FLOAT)).isEqualTo(10 * (8 + 8 + 4) * 4);
    ForgettingAttention pro = new ForgettingAttention(ForgettingAttentionConfig.pro(2), place);
    assertThat(pro.multiplyAddsPerToken(9))
        .isEqualTo(5 * 64 + 8 * 2 + 2 * (8 * 2 + 8) + 2 * 8 * 10);
    assertThat(pro.stateBytes(10, DataType.FLOAT)).isEqualTo((10 * (8 + 8 + 2) + 2 * 8) * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (ForgettingAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(
            () ->
                Configs.read(
                    "mixer",
                    "{type: forgetting_attention, position: {type: alibi}}",
                    BlockConfig.class))
        .hasMessageContaining("forgetting_attention: position must be none or rope");
    assertThatThrownBy(() -> ForgettingAttentionConfig.of(0))
        .hasMessage("forgetting_attention: heads must be at least 1, got 0");
    assertThatThrownBy(() -> ForgettingAttentionConfig.of(5).build(MixerConfig.Place.alone(8)))
        .hasMessage(
            "forgetting_attention: width 8 must be divisible by heads 5; use heads 4 or 8,"
                + " or set headDim");
  }
}
