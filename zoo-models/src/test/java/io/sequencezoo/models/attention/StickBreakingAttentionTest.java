package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Stick-breaking attention against a transcription of its equations. */
@Tag("double")
class StickBreakingAttentionTest {
  private static final int WIDTH = 8;

  /** More than one block of queries. */
  private static final int STEPS = 70;

  static Stream<StickBreakingAttentionConfig> configs() {
    return Stream.concat(
        StickBreakingAttentionConfig.examples().stream(),
        Stream.of(new StickBreakingAttentionConfig(2, 2, 0, false, false)));
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(StickBreakingAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    double[][] x = Loops.input(1, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(
      StickBreakingAttentionConfig c, Parameters parameters, double[][] x) {
    int d = c.headDim() == 0 ? WIDTH / c.heads() : c.headDim();
    double[][] q = Loops.map(parameters, "query", null, x);
    double[][] k = Loops.map(parameters, "key", null, x);
    double[][] v = Loops.map(parameters, "value", null, x);
    double[][] o = new double[STEPS][c.heads() * d];
    for (int h = 0; h < c.heads(); h++) {
      int from = h * c.keyValueHeads() / c.heads() * d;
      for (int t = 0; t < STEPS; t++) {
        double stick = 1;
        for (int s = c.attendCurrent() ? t : t - 1; s >= 0; s--) {
          double logit = 0;
          for (int i = 0; i < d; i++) {
            logit += q[t][h * d + i] * k[s][from + i] / Math.sqrt(d);
          }
          double piece = stick * Loops.sigmoid(logit);
          stick -= piece;
          for (int i = 0; i < d; i++) {
            o[t][h * d + i] += piece * v[s][from + i];
          }
        }
        for (int i = 0; i < d && c.remainder(); i++) {
          o[t][h * d + i] += stick * v[t][from + i];
        }
      }
    }
    return Loops.map(parameters, "output", null, o);
  }

  @Test
  void cost_countsEveryProduct() {
    StickBreakingAttention plain =
        new StickBreakingAttention(
            StickBreakingAttentionConfig.of(4), MixerConfig.Place.alone(WIDTH));
    assertThat(plain.multiplyAddsPerToken(9)).isEqualTo(4 * 64 + 2 * 8 * 10);
    assertThat(plain.stateBytes(10, DataType.FLOAT)).isEqualTo(10 * (8 + 8) * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (StickBreakingAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(() -> StickBreakingAttentionConfig.of(0))
        .hasMessage("stick_breaking_attention: heads must be at least 1, got 0");
    assertThatThrownBy(
            () -> StickBreakingAttentionConfig.of(3).build(MixerConfig.Place.alone(WIDTH)))
        .hasMessageContaining("stick_breaking_attention: width 8 must be divisible by heads 3");
  }
}
