package io.sequencezoo.core.kernel;

import java.util.Arrays;

/**
 * {@link Kernels} in single precision without the Vector API: loops simple enough for HotSpot to
 * vectorise. Reductions and transcendental functions are evaluated in double precision and rounded
 * once.
 */
final class ScalarKernels32 implements Kernels<float[]> {

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public float[] allocate(int n) {
    return new float[n];
  }

  @Override
  public int length(float[] a) {
    return a.length;
  }

  @Override
  public double get(float[] a, int i) {
    return a[i];
  }

  @Override
  public void set(float[] a, int i, double value) {
    a[i] = (float) value;
  }

  @Override
  public void fill(float[] y, int yo, int n, double value) {
    Arrays.fill(y, yo, yo + n, (float) value);
  }

  @Override
  public void round(double[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (float) x[xo + i];
    }
  }

  @Override
  public void widen(float[] x, int xo, double[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = x[xo + i];
    }
  }

  @Override
  public void transpose(
      int rows, int columns, float[] x, int xo, int ldx, float[] y, int yo, int ldy) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        y[yo + j * ldy + i] = x[xo + i * ldx + j];
      }
    }
  }

  @Override
  public void map(Unary f, float[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (float) ScalarMath.value(f, x[xo + i]);
    }
  }

  @Override
  public void mapPullback(
      Unary f,
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      int n) {
    for (int i = 0; i < n; i++) {
      gx[gxo + i] = (float) (gy[gyo + i] * ScalarMath.slope(f, x[xo + i], y[yo + i]));
    }
  }

  @Override
  public void add(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] + y[yo + i];
    }
  }

  @Override
  public void subtract(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] - y[yo + i];
    }
  }

  @Override
  public void multiply(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] * y[yo + i];
    }
  }

  @Override
  public void divide(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] = x[xo + i] / y[yo + i];
    }
  }

  @Override
  public void multiplyAdd(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    for (int i = 0; i < n; i++) {
      z[zo + i] += x[xo + i] * y[yo + i];
    }
  }

  @Override
  public void affine(double alpha, float[] x, int xo, double beta, float[] y, int yo, int n) {
    float scale = (float) alpha;
    float shift = (float) beta;
    for (int i = 0; i < n; i++) {
      y[yo + i] = scale * x[xo + i] + shift;
    }
  }

  @Override
  public void axpy(double alpha, float[] x, int xo, float[] y, int yo, int n) {
    float scale = (float) alpha;
    for (int i = 0; i < n; i++) {
      y[yo + i] += scale * x[xo + i];
    }
  }

  @Override
  public double sum(float[] x, int xo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[xo + i];
    }
    return sum;
  }

  @Override
  public double dot(float[] x, int xo, float[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) x[xo + i] * y[yo + i];
    }
    return sum;
  }

  @Override
  public double max(float[] x, int xo, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[xo + i]);
    }
    return max;
  }

  @Override
  public double maxAbs(float[] x, int xo, int n) {
    float max = 0;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, Math.abs(x[xo + i]));
    }
    return max;
  }

  @Override
  public double expShift(float[] x, int xo, double shift, float[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      float e = (float) Math.exp(x[xo + i] - shift);
      y[yo + i] = e;
      sum += e;
    }
    return sum;
  }

  @Override
  public double expAbove(float[] x, int xo, double shift, double low, float[] y, int yo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double d = x[xo + i] - shift;
      float e = d < low ? 0 : (float) Math.exp(d);
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
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      double beta,
      float[] c,
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
          sum += (double) a[ao + i * down + p * along] * b[bo + j * ldb + p];
        }
        c[row + j] += (float) (alpha * sum);
      }
      for (int p = 0; !transposeB && p < k; p++) {
        axpy(alpha * a[ao + i * down + p * along], b, bo + p * ldb, c, row, n);
      }
    }
  }

  @Override
  public void layerNorm(
      float[] x,
      int xo,
      float[] w,
      float[] b,
      double eps,
      float[] y,
      int yo,
      float[] stats,
      int so,
      int n) {
    double mean = sum(x, xo, n) / n;
    double variance = 0;
    for (int i = 0; i < n; i++) {
      double deviation = x[xo + i] - mean;
      variance += deviation * deviation / n;
    }
    double rstd = 1 / Math.sqrt(variance + eps);
    stats[so] = (float) mean;
    stats[so + 1] = (float) rstd;
    for (int i = 0; i < n; i++) {
      double normal = (x[xo + i] - mean) * rstd;
      y[yo + i] = (float) (normal * (w == null ? 1 : w[i]) + (b == null ? 0 : b[i]));
    }
  }

  @Override
  public void layerNormPullback(
      float[] x,
      int xo,
      float[] w,
      float[] stats,
      int so,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      float[] gw,
      float[] gb,
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
        gw[i] += (float) (gy[gyo + i] * normal);
      }
      if (gb != null) {
        gb[i] += gy[gyo + i];
      }
    }
    for (int i = 0; i < n; i++) {
      double g = gy[gyo + i] * (w == null ? 1 : w[i]);
      double normal = (x[xo + i] - mean) * rstd;
      gx[gxo + i] = (float) (rstd * (g - sum / n - normal * product / n));
    }
  }

  @Override
  public void rmsNorm(
      float[] x,
      int xo,
      float[] w,
      int wo,
      float[] b,
      int bo,
      double eps,
      float[] y,
      int yo,
      float[] stats,
      int so,
      int n) {
    double rstd = 1 / Math.sqrt(dot(x, xo, x, xo, n) / n + eps);
    stats[so] = (float) rstd;
    for (int i = 0; i < n; i++) {
      double normal = x[xo + i] * rstd;
      y[yo + i] = (float) (normal * (w == null ? 1 : w[wo + i]) + (b == null ? 0 : b[bo + i]));
    }
  }

  @Override
  public void rmsNormPullback(
      float[] x,
      int xo,
      float[] w,
      int wo,
      float[] stats,
      int so,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      float[] gw,
      int gwo,
      float[] gb,
      int gbo,
      int n) {
    double rstd = stats[so];
    double product = 0; // of the normalised row and its gradient
    for (int i = 0; i < n; i++) {
      double normal = x[xo + i] * rstd;
      product += gy[gyo + i] * (w == null ? 1 : w[wo + i]) * normal;
      if (gw != null) {
        gw[gwo + i] += (float) (gy[gyo + i] * normal);
      }
      if (gb != null) {
        gb[gbo + i] += gy[gyo + i];
      }
    }
    for (int i = 0; i < n; i++) {
      double g = gy[gyo + i] * (w == null ? 1 : w[wo + i]);
      gx[gxo + i] = (float) (rstd * (g - x[xo + i] * rstd * product / n));
    }
  }

  @Override
  public void complexScan(
      float[] lambda,
      float[] x,
      int xo,
      float[] h,
      int ho,
      int stride,
      int steps,
      float[] state,
      int so,
      int n) {
    for (int t = 0; t < steps; t++) {
      int in = xo + t * stride;
      int out = ho + t * stride;
      for (int i = 0; i < n; i++) {
        float re = state[so + i];
        float im = state[so + n + i];
        state[so + i] = lambda[i] * re - lambda[n + i] * im + x[in + i];
        state[so + n + i] = lambda[i] * im + lambda[n + i] * re + x[in + n + i];
      }
      System.arraycopy(state, so, h, out, 2 * n);
    }
  }

  @Override
  public void linearScan(
      float[] a,
      int ao,
      float[] x,
      int xo,
      float[] h,
      int ho,
      float[] y,
      int yo,
      int steps,
      int n) {
    ScalarScans32.linearScan(a, ao, x, xo, h, ho, y, yo, steps, 0, n);
  }

  @Override
  public void linearScanPullback(
      float[] a,
      int ao,
      float[] before,
      int bo,
      float[] gy,
      int gyo,
      float[] gh,
      int gho,
      float[] ga,
      int gao,
      float[] gx,
      int gxo,
      int steps,
      int n) {
    ScalarScans32.linearScanPullback(
        a, ao, before, bo, gy, gyo, gh, gho, ga, gao, gx, gxo, steps, 0, n);
  }

  @Override
  public void selectiveScan(
      float[] dt,
      float[] x,
      float[] a,
      float[] b,
      float[] c,
      float[] h,
      float[] y,
      int steps,
      int states,
      int n) {
    ScalarScans32.selectiveScan(dt, x, a, b, c, h, y, steps, states, 0, n);
  }

  @Override
  public int selectiveScanWork(int steps, int states) {
    return ScalarScans32.work(steps, states);
  }

  @Override
  public void selectiveScanPullback(
      float[] dt,
      float[] x,
      float[] a,
      float[] b,
      float[] c,
      float[] h,
      float[] gy,
      float[] gh,
      float[] y,
      float[] gdt,
      float[] gx,
      float[] ga,
      float[] gb,
      float[] gc,
      float[] work,
      int steps,
      int states,
      int n) {
    ScalarScans32.selectiveScanPullback(
        dt, x, a, b, c, h, gy, gh, y, gdt, gx, ga, gb, gc, work, steps, states, 0, n);
  }

  @Override
  public void adamW(
      float[] w,
      int wo,
      float[] g,
      int go,
      float[] m,
      int mo,
      float[] v,
      int vo,
      double gradientScale,
      double lr,
      double beta1,
      double beta2,
      double eps,
      double decay,
      double correction1,
      double correction2,
      int n) {
    for (int i = 0; i < n; i++) {
      double gradient = g[go + i] * gradientScale;
      double first = beta1 * m[mo + i] + (1 - beta1) * gradient;
      double second = beta2 * v[vo + i] + (1 - beta2) * gradient * gradient;
      m[mo + i] = (float) first;
      v[vo + i] = (float) second;
      double step = first / correction1 / (Math.sqrt(second / correction2) + eps);
      w[wo + i] -= (float) (lr * decay * w[wo + i] + lr * step);
    }
  }
}
