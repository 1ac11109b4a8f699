package io.sequencezoo.eval.chaos;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;

/**
 * An echo state network: a random recurrent network of which the read-out alone is learned, by
 * ridge regression on the series (Jaeger and Haas, Science 304, 2004; as in Pathak et al., Phys.
 * Rev. Lett. 120, 2018).
 *
 * <pre>{@code
 * r_t = tanh(A r_{t-1} + W_in u_t)        A sparse, of a spectral radius; W_in one input per unit
 * û_{t+1} = W_out g(r_t)                  g squares every other number, or odd laws couldn't be told
 * W_out = Σ u_{t+1} g(r_t)ᵀ (Σ g(r_t) g(r_t)ᵀ + β I)⁻¹
 * }</pre>
 */
final class EchoStateNetwork {
  /** Sizes of a network. */
  record Settings(int units, int degree, double radius, double input, double ridge, long seed) {
    /**
     * Pathak et al. have 5000 units, degree 3, radius 0.6, inputs up to 1 and a ridge of 1e-4 for
     * series of 10^5 steps; this is a tenth of the units, for series of 10^4, and inputs up to 0.5,
     * as Vlachas et al. choose among.
     */
    static Settings standard() {
      return new Settings(500, 3, 0.6, 0.5, 1e-4, 1);
    }
  }

  private static final int WASHOUT = 100;
  private static final int POWERS = 200;

  private final Settings settings;
  private final int features;
  private final int[][] sources;
  private final double[][] weights;
  private final double[] inputs;
  private double[][] readOut;

  /** A network that hasn't learned anything. */
  EchoStateNetwork(Settings settings, int features) {
    this.settings = settings;
    this.features = features;
    SplittableRandom random = new SplittableRandom(settings.seed);
    int n = settings.units;
    this.sources = new int[n][];
    this.weights = new double[n][];
    for (int i = 0; i < n; i++) {
      sources[i] = random.ints(settings.degree, 0, n).toArray();
      weights[i] = random.doubles(settings.degree, -1, 1).toArray();
    }
    double scale = settings.radius / radius(random);
    for (double[] row : weights) {
      for (int j = 0; j < row.length; j++) {
        row[j] *= scale;
      }
    }
    this.inputs = random.doubles(n, -settings.input, settings.input).toArray();
  }

  /** The spectral radius: the mean growth of a vector over many products. */
  private double radius(SplittableRandom random) {
    double[] x = random.doubles(settings.units, -1, 1).toArray();
    double growth = 0;
    for (int k = 0; k < POWERS; k++) {
      x = products(x);
      double norm = Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
      for (int i = 0; i < x.length; i++) {
        x[i] /= norm;
      }
      growth += k < POWERS / 2 ? 0 : Math.log(norm);
    }
    return Math.exp(growth / (POWERS - POWERS / 2));
  }

  private double[] products(double[] r) {
    double[] next = new double[r.length];
    for (int i = 0; i < next.length; i++) {
      for (int j = 0; j < weights[i].length; j++) {
        next[i] += weights[i][j] * r[sources[i][j]];
      }
    }
    return next;
  }

  private double[] next(double[] r, double[] u) {
    double[] next = products(r);
    for (int i = 0; i < next.length; i++) {
      next[i] = Math.tanh(next[i] + inputs[i] * u[i % features]);
    }
    return next;
  }

  private static double[] features(double[] r) {
    double[] g = r.clone();
    for (int i = 1; i < g.length; i += 2) {
      g[i] *= g[i];
    }
    return g;
  }

  /** Learns to tell the next step of a series {@code [steps][F]}. */
  void train(double[][] series) {
    int n = settings.units;
    double[][] gram = new double[n][n];
    double[][] cross = new double[n][features];
    double[] r = new double[n];
    int washout = Math.min(WASHOUT, series.length / 10);
    for (int t = 0; t + 1 < series.length; t++) {
      r = next(r, series[t]);
      if (t >= washout) {
        double[] g = features(r);
        for (int i = 0; i < n; i++) {
          double factor = g[i];
          double[] row = gram[i];
          for (int j = 0; j <= i; j++) {
            row[j] += factor * g[j];
          }
          for (int f = 0; f < features; f++) {
            cross[i][f] += factor * series[t + 1][f];
          }
        }
      }
    }
    for (int i = 0; i < n; i++) {
      gram[i][i] += settings.ridge;
      for (int j = 0; j < i; j++) {
        gram[j][i] = gram[i][j];
      }
    }
    RealMatrix solved =
        new CholeskyDecomposition(new Array2DRowRealMatrix(gram, false))
            .getSolver()
            .solve(new Array2DRowRealMatrix(cross, false));
    readOut = solved.transpose().getData();
  }

  /** What follows a series, each forecast fed back. */
  double[][] forecast(double[][] given, int steps) {
    double[] r = new double[settings.units];
    for (double[] u : given) {
      r = next(r, u);
    }
    double[][] forecast = new double[steps][];
    for (int t = 0; t < steps; t++) {
      double[] g = features(r);
      double[] u = new double[features];
      for (int f = 0; f < features; f++) {
        for (int i = 0; i < g.length; i++) {
          u[f] += readOut[f][i] * g[i];
        }
      }
      forecast[t] = u;
      r = next(r, u);
    }
    return forecast;
  }
}
