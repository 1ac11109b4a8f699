package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;

import io.sequencezoo.core.block.Parameters;

/**
 * Layers that follow the delta rule as papers write them, in plain loops over time, heads, writes,
 * keys and values; decays and gates are the layer's own.
 *
 * @param heads of queries and keys
 * @param valueHeads of values
 * @param keys per head
 * @param values per value head
 * @param writes per token
 * @param span of the convolutions, 0 for none
 * @param largestRate what the sigmoid of the rates is multiplied by
 */
record DeltaOracle(
    int heads, int valueHeads, int keys, int values, int writes, int span, double largestRate) {

  /** The decay factor of a key channel of a value head at a token. */
  @FunctionalInterface
  interface Decay {
    double at(int t, int head, int key);
  }

  /** What normalised outputs are multiplied by, all value heads joined. */
  @FunctionalInterface
  interface Gate {
    double at(int t, int feature);
  }

  static double softplus(double x) {
    return Math.log1p(Math.exp(x));
  }

  double[][] run(double[][] x, Parameters p, Decay decay, Gate gate) {
    double[][] q = activated(x, p, "q");
    double[][] k = activated(x, p, "k");
    double[][] v = activated(x, p, "v");
    unit(q);
    unit(k);
    double[][] logits = projected(x, p, "beta");
    double[][][] s = new double[valueHeads][keys][values];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] read = new double[valueHeads * values];
      for (int h = 0; h < valueHeads; h++) {
        int group = h / (valueHeads / heads);
        for (int d = 0; d < keys; d++) {
          for (int e = 0; e < values; e++) {
            s[h][d][e] *= decay.at(t, h, d);
          }
        }
        for (int j = 0; j < writes; j++) {
          double beta = largestRate * sigmoid(logits[t][j * valueHeads + h]);
          int key = (j * heads + group) * keys;
          int value = (j * valueHeads + h) * values;
          correct(s[h], k[t], key, v[t], value, beta);
        }
        for (int d = 0; d < keys; d++) {
          for (int e = 0; e < values; e++) {
            read[h * values + e] += q[t][group * keys + d] / Math.sqrt(keys) * s[h][d][e];
          }
        }
        if (p.contains("norm")) {
          normalise(read, h * values, values);
        }
        for (int e = 0; e < values; e++) {
          double gain = p.contains("norm") ? p.value("norm").getDouble(e) : 1;
          read[h * values + e] *= gain * gate.at(t, h * values + e);
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  private void correct(double[][] s, double[] k, int key, double[] v, int value, double beta) {
    for (int e = 0; e < values; e++) {
      double recalled = 0;
      for (int d = 0; d < keys; d++) {
        recalled += k[key + d] * s[d][e];
      }
      for (int d = 0; d < keys; d++) {
        s[d][e] += beta * k[key + d] * (v[value + e] - recalled);
      }
    }
  }

  /** SiLU with or without a convolution. */
  private double[][] activated(double[][] x, Parameters p, String name) {
    double[][] y = convolved(x, p, name, span);
    for (double[] row : y) {
      for (int i = 0; i < row.length; i++) {
        row[i] = silu(row[i]);
      }
    }
    return y;
  }

  private void unit(double[][] x) {
    for (double[] row : x) {
      for (int at = 0; at < row.length; at += keys) {
        double square = 1e-6;
        for (int d = 0; d < keys; d++) {
          square += row[at + d] * row[at + d];
        }
        for (int d = 0; d < keys; d++) {
          row[at + d] /= Math.sqrt(square);
        }
      }
    }
  }
}
