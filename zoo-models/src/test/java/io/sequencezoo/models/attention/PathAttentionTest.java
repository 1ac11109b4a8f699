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

/** PaTH attention against a transcription of its equations, keys carried token by token. */
@Tag("double")
class PathAttentionTest {
  private static final int WIDTH = 8;

  /** More than two blocks of reflections. */
  private static final int STEPS = 140;

  static Stream<PathAttentionConfig> configs() {
    return Stream.concat(
        PathAttentionConfig.examples().stream(), Stream.of(PathAttentionConfig.forgetting(2)));
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(PathAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    double[][] x = Loops.input(1, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(PathAttentionConfig c, Parameters parameters, double[][] x) {
    int d = c.headDim() == 0 ? WIDTH / c.heads() : c.headDim();
    double[][] q = Loops.map(parameters, "query", null, x);
    double[][] k = Loops.map(parameters, "key", null, x);
    double[][] v = Loops.map(parameters, "value", null, x);
    if (c.qkNorm()) {
      Loops.norm(q, d, parameters.value("query_norm").toDoubleVector(), 1e-5);
      Loops.norm(k, d, parameters.value("key_norm").toDoubleVector(), 1e-5);
    }
    double[][] low = c.directionRank() == 0 ? x : Loops.map(parameters, "direction_down", null, x);
    double[][] w = directions(c, parameters, Loops.map(parameters, "direction", null, low), d);
    double[][] beta = Loops.map(parameters, "beta", "beta_bias", x);
    double[][] gate = c.forgetGate() ? Loops.map(parameters, "forget", "forget_bias", x) : null;
    double[][] o = new double[STEPS][c.heads() * d];
    for (int h = 0; h < c.heads(); h++) {
      int shared = h * c.keyValueHeads() / c.heads();
      double[][] carried = new double[STEPS][];
      double[] kept = new double[STEPS];
      for (int t = 0; t < STEPS; t++) {
        carried[t] = part(k[t], shared * d, d);
        double[] along = part(w[t], shared * d, d);
        double strength = 2 * Loops.sigmoid(beta[t][shared]);
        for (int s = 0; s < t; s++) {
          double dot = dot(along, carried[s]);
          for (int i = 0; i < d; i++) {
            carried[s][i] -= strength * dot * along[i];
          }
          kept[s] += gate == null ? 0 : Math.log(Loops.sigmoid(gate[t][h]));
        }
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double logit = (dot(part(q[t], h * d, d), carried[s]) + kept[s]) / Math.sqrt(d);
          sum += Math.exp(logit);
          for (int i = 0; i < d; i++) {
            o[t][h * d + i] += Math.exp(logit) * v[s][shared * d + i];
          }
        }
        for (int i = 0; i < d; i++) {
          o[t][h * d + i] /= sum;
        }
      }
    }
    return Loops.map(parameters, "output", null, o);
  }

  /** Convolved, through SiLU, of unit length per head. */
  private static double[][] directions(
      PathAttentionConfig c, Parameters parameters, double[][] u, int d) {
    int span = c.shortConvolution();
    double[][] w = new double[STEPS][u[0].length];
    for (int t = 0; t < STEPS; t++) {
      for (int i = 0; i < w[t].length; i++) {
        w[t][i] = span == 0 ? u[t][i] : 0;
        for (int j = 0; j < span && j <= t; j++) {
          w[t][i] += parameters.value("conv_direction").getDouble(i, span - 1 - j) * u[t - j][i];
        }
        w[t][i] *= span == 0 ? 1 : Loops.sigmoid(w[t][i]);
      }
      for (int from = 0; from < w[t].length; from += d) {
        double[] head = part(w[t], from, d);
        for (int i = 0; i < d; i++) {
          w[t][from + i] /= Math.sqrt(dot(head, head) + 1e-6);
        }
      }
    }
    return w;
  }

  private static double[] part(double[] row, int from, int n) {
    double[] part = new double[n];
    System.arraycopy(row, from, part, 0, n);
    return part;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  @Test
  void cost_countsEveryProduct() {
    MixerConfig.Place place = MixerConfig.Place.alone(WIDTH);
    PathAttention plain = new PathAttention(PathAttentionConfig.of(4), place);
    assertThat(plain.multiplyAddsPerToken(9))
        .isEqualTo(4 * 64 + 8 * 4 + 2 * 8 * 32 + 3 * 8 + 4 * 8 * 10);
    assertThat(plain.stateBytes(10, DataType.FLOAT)).isEqualTo((10 * (3 * 8 + 4) + 2 * 8) * 4);
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (PathAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(() -> PathAttentionConfig.of(0))
        .hasMessage("path_attention: heads must be at least 1, got 0");
    assertThatThrownBy(() -> new PathAttentionConfig(2, 0, 0, -1, 3, false, false))
        .hasMessage(
            "path_attention: directionRank must be at least 1, or 0 for a map of the input"
                + " itself, got -1");
  }
}
