package io.sequencezoo.models.pretrained;

import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/**
 * The public implementations' equations in plain loops over doubles, on tensors under their public
 * names: what a checkpoint computes, whatever the zoo makes of it. Streams are {@code [T][D]}.
 */
final class Reference {
  private final Map<String, double[]> tensors;

  Reference(Map<String, double[]> tensors) {
    this.tensors = tensors;
  }

  double[] get(String name) {
    double[] found = tensors.get(name);
    if (found == null) {
      throw new IllegalArgumentException(name + " not in " + tensors.keySet());
    }
    return found;
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** Rows of a table. */
  double[][] rows(String table, int width, int... ids) {
    double[] all = get(table);
    return Arrays.stream(ids)
        .mapToObj(id -> Arrays.copyOfRange(all, id * width, (id + 1) * width))
        .toArray(double[][]::new);
  }

  /** {@code torch.nn.Linear}: weight {@code [out, in]}, a bias where there is one. */
  double[][] linear(double[][] x, String name) {
    double[] w = get(name + ".weight");
    int in = x[0].length;
    int out = w.length / in;
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        double sum = has(name + ".bias") ? get(name + ".bias")[o] : 0;
        for (int i = 0; i < in; i++) {
          sum += w[o * in + i] * x[t][i];
        }
        y[t][o] = sum;
      }
    }
    return y;
  }

  /** {@code Conv1D} of GPT-2: weight {@code [in, out]}. */
  double[][] conv1d(double[][] x, String name) {
    double[] w = get(name + ".weight");
    double[] b = get(name + ".bias");
    int out = b.length;
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        y[t][o] = b[o];
        for (int i = 0; i < x[t].length; i++) {
          y[t][o] += w[i * out + o] * x[t][i];
        }
      }
    }
    return y;
  }

  /** A causal depthwise convolution, weight {@code [F, 1, W]}, then SiLU or nothing. */
  double[][] depthwise(double[][] x, String name, boolean silu) {
    double[] w = get(name + ".weight");
    int features = x[0].length;
    int span = w.length / features;
    double[][] y = new double[x.length][features];
    for (int t = 0; t < x.length; t++) {
      for (int f = 0; f < features; f++) {
        double sum = has(name + ".bias") ? get(name + ".bias")[f] : 0;
        for (int j = 0; j < span; j++) {
          int s = t - span + 1 + j;
          sum += s < 0 ? 0 : w[f * span + j] * x[s][f];
        }
        y[t][f] = silu ? silu(sum) : sum;
      }
    }
    return y;
  }

  static double[] rms(double[] x, double[] gain, double shift, double eps) {
    double square = Arrays.stream(x).map(v -> v * v).sum() / x.length;
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      // One more than a gain is a number in single precision, there as here.
      y[i] = x[i] / Math.sqrt(square + eps) * (float) (shift + gain[i]);
    }
    return y;
  }

  double[][] rms(double[][] x, String name, double eps) {
    return rms(x, name, 0, eps);
  }

  double[][] rms(double[][] x, String name, double shift, double eps) {
    double[] gain = get(name + ".weight");
    return Arrays.stream(x).map(row -> rms(row, gain, shift, eps)).toArray(double[][]::new);
  }

  double[][] layerNorm(double[][] x, String name, double eps) {
    double[] gain = get(name + ".weight");
    double[] bias = get(name + ".bias");
    return Arrays.stream(x)
        .map(
            row -> {
              double mean = Arrays.stream(row).average().orElse(0);
              double variance =
                  Arrays.stream(row).map(v -> (v - mean) * (v - mean)).average().orElse(0);
              double[] y = new double[row.length];
              for (int i = 0; i < y.length; i++) {
                y[i] = (row[i] - mean) / Math.sqrt(variance + eps) * gain[i] + bias[i];
              }
              return y;
            })
        .toArray(double[][]::new);
  }

  static double[][] add(double[][] a, double[][] b) {
    double[][] y = new double[a.length][a[0].length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = a[t][i] + b[t][i];
      }
    }
    return y;
  }

  static double[][] multiply(double[][] a, double[][] b) {
    double[][] y = new double[a.length][a[0].length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = a[t][i] * b[t][i];
      }
    }
    return y;
  }

  static double[][] map(double[][] x, DoubleUnaryOperator f) {
    return Arrays.stream(x)
        .map(row -> Arrays.stream(row).map(f).toArray())
        .toArray(double[][]::new);
  }

  static double[] part(double[] x, int from, int n) {
    return Arrays.copyOfRange(x, from, from + n);
  }

  static double[][] columns(double[][] x, int from, int n) {
    return Arrays.stream(x).map(row -> part(row, from, n)).toArray(double[][]::new);
  }

  static double silu(double x) {
    return x * sigmoid(x);
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double softplus(double x) {
    return Math.log1p(Math.exp(x));
  }

  static double geluNew(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Divides by {@code √(Σ + 1e-6)}. */
  static double[] unit(double[] x) {
    double norm = Math.sqrt(dot(x, x) + 1e-6);
    return Arrays.stream(x).map(v -> v / norm).toArray();
  }

  /**
   * transformers' rotation: features i and i + R/2 of the first R, by position times base^(-2i/R).
   */
  static double[] rotate(double[] x, int position, double base, int rotated) {
    double[] y = x.clone();
    int half = rotated / 2;
    for (int i = 0; i < half; i++) {
      double angle = position * Math.pow(base, -2.0 * i / rotated);
      y[i] = x[i] * Math.cos(angle) - x[i + half] * Math.sin(angle);
      y[i + half] = x[i + half] * Math.cos(angle) + x[i] * Math.sin(angle);
    }
    return y;
  }

  /** Causal softmax attention of one head; keys at most window - 1 steps back. */
  static double[][] attend(double[][] q, double[][] k, double[][] v, int window) {
    double[][] y = new double[q.length][v[0].length];
    for (int t = 0; t < q.length; t++) {
      double total = 0;
      for (int s = Math.max(0, t - window + 1); s <= t; s++) {
        double weight = Math.exp(dot(q[t], k[s]) / Math.sqrt(q[t].length));
        total += weight;
        for (int i = 0; i < y[t].length; i++) {
          y[t][i] += weight * v[s][i];
        }
      }
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] /= total;
      }
    }
    return y;
  }

  /**
   * {@code S = diag(a) S}, then {@code S += β k (v - Sᵀ k)ᵀ} or {@code S += k vᵀ}, then {@code o =
   * Sᵀ q / √K}.
   *
   * @param beta null for a sum without the delta rule
   */
  static double[][] matrixState(
      double[][] q, double[][] k, double[][] v, double[][] decay, double[] beta) {
    int keys = k[0].length;
    int values = v[0].length;
    double[][] state = new double[keys][values];
    double[][] o = new double[q.length][values];
    for (int t = 0; t < q.length; t++) {
      for (int i = 0; i < keys; i++) {
        for (int j = 0; j < values; j++) {
          state[i][j] *= decay[t][i];
        }
      }
      for (int j = 0; j < values; j++) {
        double recalled = 0;
        for (int i = 0; i < keys && beta != null; i++) {
          recalled += state[i][j] * k[t][i];
        }
        double written = beta == null ? v[t][j] : beta[t] * (v[t][j] - recalled);
        for (int i = 0; i < keys; i++) {
          state[i][j] += k[t][i] * written;
          o[t][j] += state[i][j] * q[t][i] / Math.sqrt(keys);
        }
      }
    }
    return o;
  }
}
