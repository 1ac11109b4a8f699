package io.sequencezoo.eval.chaos;

import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.eval.experiment.Estimate;

/**
 * Power spectra of series over the last power of two of their steps, their means taken away.
 *
 * <ul>
 *   <li>in decibels, {@code 20 log10(2 |F_k| / n)}, the mean over features and examples; the error
 *       is the mean difference over frequencies (Vlachas et al., arXiv 1910.05266)
 *   <li>as distributions over frequencies, smoothed, per feature: the Hellinger distance {@code √(1
 *       - Σ_k √(p_k q_k))}, the mean over features (Mikhaeil, Monfared and Durstewitz, arXiv
 *       2110.07238). A series without power is as far as can be, 1
 * </ul>
 *
 * @param powers {@code |F_k|²} by example, feature and frequency from 1 to n/2 - 1
 */
record Spectra(double[][][] powers) {
  /** Deviation of the Gaussian that smooths distributions, in frequencies. */
  private static final double SMOOTHING = 2;

  private static final int REACH = 6;

  /** Less than this amplitude is nothing: -120 dB. */
  private static final double FLOOR = 1e-6;

  /** Forecasts that diverged are cut here, so that there is a spectrum. */
  private static final double LARGEST = 1e3;

  /** The spectra of series {@code [count][steps][F]}. */
  static Spectra of(double[][][] series) {
    int steps = series[0].length;
    int n = Integer.highestOneBit(steps);
    int features = series[0][0].length;
    Fourier<double[]> fourier = Fourier.of(Precision.DOUBLE, n);
    double[][][] powers = new double[series.length][features][n / 2 - 1];
    double[] x = new double[n];
    for (int e = 0; e < series.length; e++) {
      for (int i = 0; i < features; i++) {
        double mean = 0;
        for (int t = 0; t < n; t++) {
          double value = series[e][steps - n + t][i];
          x[t] = Double.isNaN(value) ? LARGEST : Math.max(-LARGEST, Math.min(LARGEST, value));
          mean += x[t] / n;
        }
        for (int t = 0; t < n; t++) {
          x[t] -= mean;
        }
        fourier.forward(x);
        for (int k = 1; k < n / 2; k++) {
          powers[e][i][k - 1] = x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1];
        }
      }
    }
    return new Spectra(powers);
  }

  private int bins() {
    return powers[0][0].length;
  }

  /** In decibels by frequency, without one example or {@link Jackknife#NONE}. */
  double[] decibels(int without) {
    int n = 2 * (bins() + 1);
    double[] decibels = new double[bins()];
    int used = powers.length - (without == Jackknife.NONE ? 0 : 1);
    for (int e = 0; e < powers.length; e++) {
      for (int i = 0; e != without && i < powers[e].length; i++) {
        for (int k = 0; k < decibels.length; k++) {
          double amplitude = Math.max(FLOOR, 2 * Math.sqrt(powers[e][i][k]) / n);
          decibels[k] += 20 * Math.log10(amplitude) / used / powers[e].length;
        }
      }
    }
    return decibels;
  }

  /** The mean difference in decibels from the truth. */
  Estimate error(Spectra truth) {
    return Jackknife.of(
        powers.length,
        without -> {
          double[] own = decibels(without);
          double[] other = truth.decibels(without);
          double sum = 0;
          for (int k = 0; k < own.length; k++) {
            sum += Math.abs(own[k] - other[k]);
          }
          return sum / own.length;
        });
  }

  /** The Hellinger distance from the truth. */
  Estimate hellinger(Spectra truth) {
    return Jackknife.of(
        powers.length,
        without -> {
          double[][] own = distributions(without);
          double[][] other = truth.distributions(without);
          double mean = 0;
          for (int i = 0; i < own.length; i++) {
            double overlap = 0;
            for (int k = 0; k < own[i].length; k++) {
              overlap += Math.sqrt(own[i][k] * other[i][k]);
            }
            mean += Math.sqrt(Math.max(0, 1 - overlap)) / own.length;
          }
          return mean;
        });
  }

  /** Smoothed power by feature and frequency, which sums to one, or is zero. */
  private double[][] distributions(int without) {
    double[][] distributions = new double[powers[0].length][];
    for (int i = 0; i < distributions.length; i++) {
      double[] sum = new double[bins()];
      for (int e = 0; e < powers.length; e++) {
        for (int k = 0; e != without && k < sum.length; k++) {
          sum[k] += powers[e][i][k];
        }
      }
      distributions[i] = normalised(smoothed(sum));
    }
    return distributions;
  }

  private static double[] smoothed(double[] power) {
    double[] smooth = new double[power.length];
    for (int k = 0; k < power.length; k++) {
      double weights = 0;
      int end = Math.min(power.length - 1, k + REACH);
      for (int j = Math.max(0, k - REACH); j <= end; j++) {
        double weight = Math.exp(-(j - k) * (j - k) / (2 * SMOOTHING * SMOOTHING));
        smooth[k] += weight * power[j];
        weights += weight;
      }
      smooth[k] /= weights;
    }
    return smooth;
  }

  private static double[] normalised(double[] power) {
    double sum = 0;
    for (double p : power) {
      sum += p;
    }
    // A constant series is its own mean up to rounding.
    boolean nothing = sum < FLOOR * FLOOR;
    for (int k = 0; k < power.length; k++) {
      power[k] = nothing ? 0 : power[k] / sum;
    }
    return power;
  }
}
