package io.sequencezoo.models.memory;

import static io.sequencezoo.models.memory.MemoryLayersTest.STEPS;
import static io.sequencezoo.models.memory.MemoryLayersTest.WIDTH;
import static io.sequencezoo.models.memory.MemoryLayersTest.copy;
import static io.sequencezoo.models.memory.MemoryLayersTest.part;
import static io.sequencezoo.models.memory.MemoryLayersTest.rate;
import static io.sequencezoo.models.memory.MemoryLayersTest.residual;
import static io.sequencezoo.models.memory.MemoryLayersTest.sigmoid;
import static io.sequencezoo.models.memory.MemoryLayersTest.slope;
import static io.sequencezoo.models.memory.MemoryLayersTest.start;
import static io.sequencezoo.models.memory.MemoryLayersTest.times;
import static io.sequencezoo.models.memory.MemoryLayersTest.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.MemoryContextRecurrence;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.registry.MixerConfig;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Memory as context against plain loops, token by token. */
@Tag("double")
class TitansContextTest {
  @Test
  void titansContext_isTheOracle() {
    int heads = 2;
    int size = WIDTH / heads;
    int segment = 4;
    int persistent = 3;
    MemoryLayersTest.assertTranscribed(
        new TitansContextConfig(heads, segment, persistent, 1, 1, true, 0.8, 0),
        (x, p) -> {
          double[][][] w = new double[heads][][];
          double[][][] base = new double[heads][][];
          double[][][] s = new double[heads][size][size];
          for (int h = 0; h < heads; h++) {
            w[h] = start(p, "start_W", h);
            base[h] = copy(w[h]);
          }
          double[][] recalled = new double[STEPS][WIDTH];
          double[][] out = new double[STEPS][];
          for (int t = 0; t < STEPS; t++) {
            int first = t / segment * segment;
            double[] recall = silu(times(x[t], p, "recall"));
            for (int h = 0; h < heads; h++) {
              double[] query = unit(part(recall, h, size));
              put(recalled[t], h, residual(query, times(query, base[h]), p, h));
            }
            // The sequence that attention sees: persistent tokens, what was recalled, the segment.
            double[][] seen = new double[persistent + 2 * (t - first + 1)][];
            for (int i = 0; i < persistent; i++) {
              seen[i] = new double[WIDTH];
              for (int d = 0; d < WIDTH; d++) {
                seen[i][d] = p.value("persistent").getDouble(i, d);
              }
            }
            for (int i = 0; i <= t - first; i++) {
              seen[persistent + i] = recalled[first + i];
              seen[persistent + t - first + 1 + i] = x[first + i];
            }
            double[] attended = times(attention(x[t], seen, p, heads), p, "attended");
            double[] q = silu(times(attended, p, "memory_q"));
            double[] k = silu(times(attended, p, "memory_k"));
            double[] v = silu(times(attended, p, "memory_v"));
            double[] read = new double[WIDTH];
            for (int h = 0; h < heads; h++) {
              double[] key = unit(part(k, h, size));
              double[] slope = slope(key, part(v, h, size), times(key, base[h]), p, h);
              double theta = 0.8 / (segment * size) * rate(attended, p, "theta", h);
              double alpha = rate(attended, p, "alpha", h);
              double eta = rate(attended, p, "eta", h);
              for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                  s[h][i][j] = eta * s[h][i][j] - theta * key[i] * slope[j];
                  w[h][i][j] = alpha * w[h][i][j] + s[h][i][j];
                }
              }
              double[] query = unit(part(q, h, size));
              put(read, h, residual(query, times(query, w[h]), p, h));
              if ((t + 1) % segment == 0) {
                base[h] = copy(w[h]);
              }
            }
            double[] y = normed(attended, p, "attended_norm");
            double[] m = normed(read, p, "read_norm");
            for (int d = 0; d < WIDTH; d++) {
              y[d] *= sigmoid(m[d]);
            }
            out[t] = times(y, p, "output");
          }
          return out;
        });
  }

  /** Softmax attention of one token to a sequence, heads side by side. */
  private static double[] attention(double[] x, double[][] seen, Parameters p, int heads) {
    int size = WIDTH / heads;
    double[] q = times(x, p, "q");
    double[] read = new double[WIDTH];
    for (int h = 0; h < heads; h++) {
      double[] weights = new double[seen.length];
      double total = 0;
      for (int j = 0; j < seen.length; j++) {
        double[] key = times(seen[j], p, "k");
        double score = 0;
        for (int i = 0; i < size; i++) {
          score += q[h * size + i] * key[h * size + i];
        }
        weights[j] = Math.exp(score / Math.sqrt(size));
        total += weights[j];
      }
      for (int j = 0; j < seen.length; j++) {
        double[] value = times(seen[j], p, "v");
        for (int i = 0; i < size; i++) {
          read[h * size + i] += weights[j] / total * value[h * size + i];
        }
      }
    }
    return read;
  }

  private static double[] silu(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] * sigmoid(x[i]);
    }
    return y;
  }

  private static double[] normed(double[] x, Parameters p, String gain) {
    double square = 0;
    for (double e : x) {
      square += e * e / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / Math.sqrt(square + 1e-5) * p.value(gain).getDouble(i);
    }
    return y;
  }

  private static void put(double[] all, int head, double[] part) {
    System.arraycopy(part, 0, all, head * part.length, part.length);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new TitansContextConfig(2, 3, 5, 2, 2, true, 1, 4)
            .build(MixerConfig.Place.alone(8))
            .parametrisation();
    int network = 4 * 8 + 8 * 4;
    // Weights, momentum and where the segment started; the segment; inputs of the convolutions.
    assertThat(layer.stateBytes(9, DataType.FLOAT))
        .isEqualTo(4L * (3 * 2 * network + 4 * 3 * 8 + 3 * 3 * 8));
    // Nine projections and two of what was recalled, convolutions, numbers per head; the memory,
    // which is read once more; and attention to 5 + 2 · 3 tokens.
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(
            8 * 8 * 11
                + 3 * 4 * 8
                + 3 * 8 * 2
                + 2 * ((3 + 1 + 3 + 1) * network + 2 * 4)
                + 2 * 8 * (5 + 2 * 3));
  }

  @Test
  void configurations_refuseWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TitansContextConfig(4, 0, 4, 2, 4, true, 1, 4))
        .withMessage("titans_context: segment must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TitansContextConfig(4, 16, -1, 2, 4, true, 1, 4))
        .withMessage(
            "titans_context: persistent must be from 0 to 1024, got -1; use 0 for no such tokens");
    MemoryRule rule = TitansContextConfig.standard().rule();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new MemoryContextRecurrence(
                    new MemoryRule(
                        rule.network(),
                        rule.bias(),
                        rule.retention(),
                        new InnerAlgorithm(InnerAlgorithm.Kind.MOMENTUM, 2),
                        4),
                    null))
        .withMessage(
            "memory context: algorithm must be of single tokens, got"
                + " InnerAlgorithm[kind=MOMENTUM, window=2]; use descent or momentum of window 1");
  }
}
