package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.all;
import static io.sequencezoo.core.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Normalised rows and the optimiser by vectors. LayerNorm and RMSNorm share their loops: the latter
 * has mean 0.
 */
final class VectorRows {

  private VectorRows() {}

  /** {@code y = (x - mean) rstd w + b}; w and b may be null. */
  static void normalise(
      float[] x,
      int xo,
      float mean,
      float rstd,
      float @Nullable [] w,
      int wo,
      float @Nullable [] b,
      int bo,
      float[] y,
      int yo,
      int n) {
    if (w == null) {
      scale(x, xo, mean, rstd, y, yo, n);
    } else {
      scale(x, xo, mean, rstd, w, wo, y, yo, n);
    }
    if (b != null) {
      add(b, bo, y, yo, n);
    }
  }

  private static void scale(float[] x, int xo, float mean, float rstd, float[] y, int yo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).sub(mean).mul(rstd).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = (x[xo + i] - mean) * rstd;
    }
  }

  private static void scale(
      float[] x, int xo, float mean, float rstd, float[] w, int wo, float[] y, int yo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).sub(mean).mul(rstd).mul(load(w, wo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = (x[xo + i] - mean) * rstd * w[wo + i];
    }
  }

  /** {@code y += x}. */
  private static void add(float[] x, int xo, float[] y, int yo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(y, yo + i).add(load(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] += x[xo + i];
    }
  }

  /**
   * The pullback of {@link #normalise} with respect to x, w and b. A norm that doesn't subtract the
   * mean says so: then no gradient flows through it.
   */
  static void normalisePullback(
      boolean centred,
      float[] x,
      int xo,
      float mean,
      float rstd,
      float @Nullable [] w,
      int wo,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      float @Nullable [] gw,
      int gwo,
      float @Nullable [] gb,
      int gbo,
      int n) {
    if (gw != null) {
      addNormalised(x, xo, mean, rstd, gy, gyo, gw, gwo, n);
    }
    if (gb != null) {
      add(gy, gyo, gb, gbo, n);
    }
    if (w == null) {
      double sum = centred ? VectorReductions.sum(gy, gyo, n) : 0;
      double product = VectorReductions.centredDot(x, xo, mean, gy, gyo, n) * rstd;
      float shift = (float) (sum / n);
      project(x, xo, mean, rstd, shift, (float) (product / n), gy, gyo, gx, gxo, n);
    } else {
      double sum = centred ? VectorReductions.dot(gy, gyo, w, wo, n) : 0;
      double product = VectorReductions.weightedDot(x, xo, mean, w, wo, gy, gyo, n) * rstd;
      float shift = (float) (sum / n);
      project(x, xo, mean, rstd, shift, (float) (product / n), w, wo, gy, gyo, gx, gxo, n);
    }
  }

  /** {@code gw += gy (x - mean) rstd}. */
  private static void addNormalised(
      float[] x, int xo, float mean, float rstd, float[] gy, int gyo, float[] gw, int gwo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector normal = load(x, xo + i).sub(mean).mul(rstd);
      normal.fma(load(gy, gyo + i), load(gw, gwo + i)).intoArray(gw, gwo + i);
    }
    for (; i < n; i++) {
      gw[gwo + i] += gy[gyo + i] * ((x[xo + i] - mean) * rstd);
    }
  }

  /** {@code gx = rstd (gy - shift - product (x - mean) rstd)}. */
  private static void project(
      float[] x,
      int xo,
      float mean,
      float rstd,
      float shift,
      float product,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector normal = load(x, xo + i).sub(mean).mul(rstd);
      FloatVector g = load(gy, gyo + i).sub(shift);
      normal.fma(all(-product), g).mul(rstd).intoArray(gx, gxo + i);
    }
    for (; i < n; i++) {
      float normal = (x[xo + i] - mean) * rstd;
      gx[gxo + i] = rstd * (gy[gyo + i] - shift - product * normal);
    }
  }

  /** {@code gx = rstd (gy w - shift - product (x - mean) rstd)}. */
  private static void project(
      float[] x,
      int xo,
      float mean,
      float rstd,
      float shift,
      float product,
      float[] w,
      int wo,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector normal = load(x, xo + i).sub(mean).mul(rstd);
      FloatVector g = load(gy, gyo + i).mul(load(w, wo + i)).sub(shift);
      normal.fma(all(-product), g).mul(rstd).intoArray(gx, gxo + i);
    }
    for (; i < n; i++) {
      float normal = (x[xo + i] - mean) * rstd;
      gx[gxo + i] = rstd * (gy[gyo + i] * w[wo + i] - shift - product * normal);
    }
  }

  static void adamW(AdamWStep step, float[] w, float[] g, float[] m, float[] v, int n) {
    float scale = (float) step.gradientScale();
    float keep1 = (float) step.beta1();
    float take1 = (float) (1 - step.beta1());
    float keep2 = (float) step.beta2();
    float take2 = (float) (1 - step.beta2());
    float rate = (float) (step.lr() / step.correction1());
    float shrink = (float) (step.lr() * step.decay());
    float unbias = (float) (1 / step.correction2());
    float floor = (float) step.eps();
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector gradient = load(g, i).mul(scale);
      FloatVector first = load(m, i).mul(keep1).add(gradient.mul(take1));
      FloatVector second = load(v, i).mul(keep2).add(gradient.mul(gradient).mul(take2));
      first.intoArray(m, i);
      second.intoArray(v, i);
      FloatVector change = first.mul(rate).div(second.mul(unbias).sqrt().add(floor));
      FloatVector weight = load(w, i);
      weight.sub(weight.mul(shrink).add(change)).intoArray(w, i);
    }
    for (; i < n; i++) {
      float gradient = g[i] * scale;
      float first = m[i] * keep1 + gradient * take1;
      float second = v[i] * keep2 + gradient * gradient * take2;
      m[i] = first;
      v[i] = second;
      float change = first * rate / ((float) Math.sqrt(second * unbias) + floor);
      w[i] -= w[i] * shrink + change;
    }
  }
}
