package io.sequencezoo.core.dynamics.memory;

/**
 * A memory of one head as papers write it, token by token in plain loops: a linear map or two
 * layers with GELU, its gradient by hand, momentum, decay, windows, chunks. Shares nothing with
 * what it judges.
 */
final class MemoryOracle {
  /** {@code ∂ℓ/∂z} of what is recalled and what should be. */
  interface Slope {
    double[] at(double[] recalled, double[] value, double threshold);
  }

  /** What drives it, a row per token; numbers that a rule doesn't have are null. */
  static final class Drive {
    double[][] q;
    double[][] k;
    double[][] v;
    double[] theta;
    double[] alpha;
    double[] eta;
    double[] gamma;
    double[] delta;
    double[] rho;
    double[] gain;
    double[] offset;
  }

  private final Slope slope;
  private final int chunk;
  private final int window;
  private final boolean miniBatch;
  private final Drive c;

  /** Sums of steps: one matrix, or two. */
  private double[][][] w;

  private double[][][] s;
  private double[][][] base;

  MemoryOracle(
      Drive drive, double[][][] start, Slope slope, int chunk, int window, boolean miniBatch) {
    this.c = drive;
    this.w = copy(start);
    this.base = copy(start);
    this.s = zeros(start);
    this.slope = slope;
    this.chunk = chunk;
    this.window = window;
    this.miniBatch = miniBatch;
  }

  double[][] run() {
    double[][] y = new double[c.q.length][];
    for (int t = 0; t < y.length; t++) {
      double[][][] update = zeros(w);
      for (int r = Math.max(0, t - window + 1); r <= t; r++) {
        addGradient(r, c.gamma == null ? 1 : c.gamma[r], update);
      }
      double[][][] read = copy(w);
      for (int i = 0; i < w.length; i++) {
        for (int a = 0; a < w[i].length; a++) {
          for (int b = 0; b < w[i][a].length; b++) {
            double eta = miniBatch ? 1 : c.eta == null ? 0 : c.eta[t];
            s[i][a][b] = eta * s[i][a][b] - c.theta[t] * update[i][a][b];
            if (miniBatch) {
              read[i][a][b] = base[i][a][b] + c.rho[t] * s[i][a][b];
            } else {
              double alpha = c.alpha == null ? 1 : c.alpha[t];
              w[i][a][b] = alpha * w[i][a][b] + s[i][a][b];
              read[i][a][b] = w[i][a][b];
            }
          }
        }
      }
      y[t] = recall(read, c.q[t]);
      if ((t + 1) % chunk == 0) {
        base = copy(read);
        if (miniBatch) {
          s = zeros(base);
        }
      }
    }
    return y;
  }

  private double[] recall(double[][][] weights, double[] x) {
    double[] z = forward(weights, x);
    return c.gain == null ? z : normalised(z, x);
  }

  private double[] normalised(double[] z, double[] x) {
    double[] out = new double[z.length];
    double mean = mean(z);
    double deviation = deviation(z, mean);
    for (int i = 0; i < z.length; i++) {
      out[i] = x[i] + (z[i] - mean) / deviation * c.gain[i] + c.offset[i];
    }
    return out;
  }

  private static double mean(double[] z) {
    double sum = 0;
    for (double x : z) {
      sum += x / z.length;
    }
    return sum;
  }

  private static double deviation(double[] z, double mean) {
    double sum = 0;
    for (double x : z) {
      sum += (x - mean) * (x - mean) / z.length;
    }
    return Math.sqrt(sum + 1e-6);
  }

  private static double[] forward(double[][][] weights, double[] x) {
    double[] z = times(x, weights[0]);
    return weights.length == 1 ? z : times(gelu(z), weights[1]);
  }

  private void addGradient(int t, double share, double[][][] into) {
    double[] x = c.k[t];
    double[] hidden = times(x, base[0]);
    double[] z = forward(base, x);
    double threshold = c.delta == null ? 0 : c.delta[t];
    double[] d;
    if (c.gain == null) {
      d = slope.at(z, c.v[t], threshold);
    } else {
      d = slope.at(normalised(z, x), c.v[t], threshold);
      double mean = mean(z);
      double deviation = deviation(z, mean);
      // By the Jacobian of the norm, entry by entry.
      double[] through = new double[d.length];
      for (int i = 0; i < d.length; i++) {
        for (int j = 0; j < d.length; j++) {
          double centred = (i == j ? 1 : 0) - 1.0 / d.length;
          double along = (z[i] - mean) * (z[j] - mean) / (d.length * deviation * deviation);
          through[i] += d[j] * c.gain[j] * (centred - along) / deviation;
        }
      }
      d = through;
    }
    double[] last = weightsLength() == 1 ? x : gelu(hidden);
    outer(last, d, share, into[into.length - 1]);
    if (weightsLength() == 2) {
      double[] back = new double[hidden.length];
      for (int i = 0; i < hidden.length; i++) {
        for (int j = 0; j < d.length; j++) {
          back[i] += base[1][i][j] * d[j];
        }
        // The slope of GELU by a difference would cost digits: by its formula.
        double u = Math.sqrt(2 / Math.PI) * (hidden[i] + 0.044715 * Math.pow(hidden[i], 3));
        double tanh = Math.tanh(u);
        double du = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * hidden[i] * hidden[i]);
        back[i] *= 0.5 * (1 + tanh) + 0.5 * hidden[i] * (1 - tanh * tanh) * du;
      }
      outer(x, back, share, into[0]);
    }
  }

  private int weightsLength() {
    return base.length;
  }

  private static void outer(double[] x, double[] d, double share, double[][] into) {
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < d.length; j++) {
        into[i][j] += share * x[i] * d[j];
      }
    }
  }

  private static double[] times(double[] x, double[][] w) {
    double[] y = new double[w[0].length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        y[j] += x[i] * w[i][j];
      }
    }
    return y;
  }

  private static double[] gelu(double[] z) {
    double[] out = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      double u = Math.sqrt(2 / Math.PI) * (z[i] + 0.044715 * Math.pow(z[i], 3));
      out[i] = 0.5 * z[i] * (1 + Math.tanh(u));
    }
    return out;
  }

  private static double[][][] zeros(double[][][] like) {
    double[][][] zeros = new double[like.length][][];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = new double[like[i].length][like[i][0].length];
    }
    return zeros;
  }

  private static double[][][] copy(double[][][] x) {
    double[][][] copy = new double[x.length][][];
    for (int i = 0; i < x.length; i++) {
      copy[i] = new double[x[i].length][];
      for (int j = 0; j < x[i].length; j++) {
        copy[i][j] = x[i][j].clone();
      }
    }
    return copy;
  }
}
