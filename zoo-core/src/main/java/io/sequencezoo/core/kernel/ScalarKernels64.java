package io.sequencezoo.core.kernel;

import org.jspecify.annotations.Nullable;

/** The readable specification of {@link Kernels}, in double precision. */
final class ScalarKernels64 extends DoubleArrays {

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void transpose(
      int rows, int columns, double[] x, int xo, int ldx, double[] y, int yo, int ldy) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        y[yo + j * ldy + i] = x[xo + i * ldx + j];
      }
    }
  }

  @Override
  public void map(Unary f, double[] x, int xo, double[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = ScalarMath.value(f, x[xo + i]);
    }
  }

  @Override
  public void mapPullback(
      Unary f,
      double[] x,
      int xo,
      double[] y,
      int yo,
      double[] gy,
      int gyo,
      double[] gx,
      int gxo,
      int n) {
    for (int i = 0; i < n; i++) {
      gx[gxo + i] = gy[gyo + i] * ScalarMath.slope(f, x[xo + i], y[yo + i]);
    }
  }

  @Override
  public void add(double[] x, int xo, double[] y, int yo, double[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] + y[yo + i];
    }
  }

  @Override
  public void subtract(double[] x, int xo, double[] y, int yo, double[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] - y[yo + i];
    }
  }

  @Override
  public void multiply(double[] x, int xo, double[] y, int yo, double[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] * y[yo + i];
    }
  }

  @Override
  public void divide(double[] x, int xo, double[] y, int yo, double[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] / y[yo + i];
    }
  }

  @Override
  public void multiplyAdd(double[] x, int xo, double[] y, int yo, double[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] += x[xo + i] * y[yo + i];
    }
  }

  @Override
  public void affine(double alpha, double[] x, int xo, double beta, double[] y, int yo, int n) {
    double scale = alpha;
    double shift = beta;
    for (int i = 0; i < n; i++) {
      y[yo + i] = scale * x[xo + i] + shift;
    }
  }

  @Override
  public void axpy(double alpha, double[] x, int xo, double[] y, int yo, int n) {
    double scale = alpha;
    for (int i = 0; i < n; i++) {
      y[yo + i] += scale * x[xo + i];
    }
  }

  @Override
  public double sum(double[] x, int xo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[xo + i];
    }
    return sum;
  }

  @Override
  public double dot(double[] x, int xo, double[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[xo + i] * y[yo + i];
    }
    return sum;
  }

  @Override
  public double max(double[] x, int xo, int n) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[xo + i]);
    }
    return max;
  }

  @Override
  public double maxAbs(double[] x, int xo, int n) {
    double max = 0;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, Math.abs(x[xo + i]));
    }
    return max;
  }

  @Override
  public double expShift(double[] x, int xo, double shift, double[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double e = Math.exp(x[xo + i] - shift);
      y[yo + i] = e;
      sum += e;
    }
    return sum;
  }

  @Override
  public double expAbove(double[] x, int xo, double shift, double low, double[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double d = x[xo + i] - shift;
      double e = d < low ? 0 : Math.exp(d);
      y[yo + i] = e;
      sum += e;
    }
    return sum;
  }

  @Override
  public void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      int ao,
      int lda,
      double[] b,
      int bo,
      int ldb,
      double beta,
      double[] c,
      int co,
      int ldc) {
    int down = transposeA ? 1 : lda; // from one row of op(A) to the next
    int along = transposeA ? lda : 1;
    for (int i = 0; i < m; i++) {
      int row = co + i * ldc;
      if (beta == 0) {
        fill(c, row, n, 0);
      } else if (beta != 1) {
        affine(beta, c, row, 0, c, row, n);
      }
      for (int j = 0; transposeB && j < n; j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += a[ao + i * down + p * along] * b[bo + j * ldb + p];
        }
        c[row + j] += alpha * sum;
      }
      for (int p = 0; !transposeB && p < k; p++) {
        axpy(alpha * a[ao + i * down + p * along], b, bo + p * ldb, c, row, n);
      }
    }
  }

  @Override
  public void layerNorm(
      double[] x,
      int xo,
      double @Nullable [] w,
      double @Nullable [] b,
      double eps,
      double[] y,
      int yo,
      double[] stats,
      int so,
      int n) {
    double mean = sum(x, xo, n) / n;
    double variance = 0;
    for (int i = 0; i < n; i++) {
      double deviation = x[xo + i] - mean;
      variance += deviation * deviation / n;
    }
    double rstd = 1 / Math.sqrt(variance + eps);
    stats[so] = mean;
    stats[so + 1] = rstd;
    for (int i = 0; i < n; i++) {
      double normal = (x[xo + i] - mean) * rstd;
      y[yo + i] = normal * (w == null ? 1 : w[i]) + (b == null ? 0 : b[i]);
    }
  }

  @Override
  public void layerNormPullback(
      double[] x,
      int xo,
      double @Nullable [] w,
      double[] stats,
      int so,
      double[] gy,
      int gyo,
      double[] gx,
      int gxo,
      double @Nullable [] gw,
      double @Nullable [] gb,
      int n) {
    double mean = stats[so];
    double rstd = stats[so + 1];
    double sum = 0; // of the gradient of the normalised row
    double product = 0; // of that gradient with the normalised row
    for (int i = 0; i < n; i++) {
      double g = gy[gyo + i] * (w == null ? 1 : w[i]);
      double normal = (x[xo + i] - mean) * rstd;
      sum += g;
      product += g * normal;
      if (gw != null) {
        gw[i] += gy[gyo + i] * normal;
      }
      if (gb != null) {
        gb[i] += gy[gyo + i];
      }
    }
    for (int i = 0; i < n; i++) {
      double g = gy[gyo + i] * (w == null ? 1 : w[i]);
      double normal = (x[xo + i] - mean) * rstd;
      gx[gxo + i] = rstd * (g - sum / n - normal * product / n);
    }
  }

  @Override
  public void rmsNorm(
      double[] x,
      int xo,
      double @Nullable [] w,
      int wo,
      double @Nullable [] b,
      int bo,
      double eps,
      double[] y,
      int yo,
      double[] stats,
      int so,
      int n) {
    double rstd = 1 / Math.sqrt(dot(x, xo, x, xo, n) / n + eps);
    stats[so] = rstd;
    for (int i = 0; i < n; i++) {
      y[yo + i] = x[xo + i] * rstd * (w == null ? 1 : w[wo + i]) + (b == null ? 0 : b[bo + i]);
    }
  }

  @Override
  public void rmsNormPullback(
      double[] x,
      int xo,
      double @Nullable [] w,
      int wo,
      double[] stats,
      int so,
      double[] gy,
      int gyo,
      double[] gx,
      int gxo,
      double @Nullable [] gw,
      int gwo,
      double @Nullable [] gb,
      int gbo,
      int n) {
    double rstd = stats[so];
    double product = 0; // of the normalised row and its gradient
    for (int i = 0; i < n; i++) {
      double normal = x[xo + i] * rstd;
      product += gy[gyo + i] * (w == null ? 1 : w[wo + i]) * normal;
      if (gw != null) {
        gw[gwo + i] += gy[gyo + i] * normal;
      }
      if (gb != null) {
        gb[gbo + i] += gy[gyo + i];
      }
    }
    for (int i = 0; i < n; i++) {
      double g = gy[gyo + i] * (w == null ? 1 : w[wo + i]);
      gx[gxo + i] = rstd * (g - x[xo + i] * rstd * product / n);
    }
  }

  @Override
  public void complexScan(
      double[] lambda,
      double[] x,
      int xo,
      double[] h,
      int ho,
      int stride,
      int steps,
      double[] state,
      int so,
      int n) {
    for (int t = 0; t < steps; t++) {
      int in = xo + t * stride;
      int out = ho + t * stride;
      for (int i = 0; i < n; i++) {
        double re = state[so + i];
        double im = state[so + n + i];
        state[so + i] = lambda[i] * re - lambda[n + i] * im + x[in + i];
        state[so + n + i] = lambda[i] * im + lambda[n + i] * re + x[in + n + i];
      }
      System.arraycopy(state, so, h, out, 2 * n);
    }
  }

  @Override
  public void linearScan(double[] a, double[] x, double[] h, int ho, double[] y, int steps, int n) {
    ScalarScans64.linearScan(a, x, h, ho, y, steps, 0, n);
  }

  @Override
  public void linearScanPullback(
      double[] a, double[] before, double[] gy, double[] gh, int gho, int steps, int n) {
    ScalarScans64.linearScanPullback(a, before, gy, gh, gho, steps, 0, n);
  }

  @Override
  public void selectiveScan(SelectiveSystem<double[]> system, double[] y) {
    ScalarScans64.selectiveScan(system, y, 0);
  }

  @Override
  public int selectiveScanWork(int steps, int states) {
    return ScalarScans64.work(steps, states);
  }

  @Override
  public void selectiveScanPullback(
      SelectiveSystem<double[]> system,
      SelectiveGradients<double[]> gradients,
      double[] y,
      double[] work) {
    ScalarScans64.selectiveScanPullback(system, gradients, y, work, 0);
  }

  @Override
  public void adamW(AdamWStep step, double[] w, double[] g, double[] m, double[] v, int n) {
    for (int i = 0; i < n; i++) {
      double gradient = g[i] * step.gradientScale();
      double first = step.beta1() * m[i] + (1 - step.beta1()) * gradient;
      double second = step.beta2() * v[i] + (1 - step.beta2()) * gradient * gradient;
      m[i] = first;
      v[i] = second;
      double change =
          first / step.correction1() / (Math.sqrt(second / step.correction2()) + step.eps());
      w[i] -= step.lr() * step.decay() * w[i] + step.lr() * change;
    }
  }
}
