package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;
import static io.sequencezoo.core.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Sums and maxima by vectors. Four running sums hide the latency of an addition; the order of
 * summation depends on the length and the width of a vector alone.
 */
final class VectorReductions {
  private static final int UNROLLED = 4 * COUNT;

  private VectorReductions() {}

  static double sum(float[] x, int xo, int n) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= n - UNROLLED; i += UNROLLED) {
      s0 = s0.add(load(x, xo + i));
      s1 = s1.add(load(x, xo + i + COUNT));
      s2 = s2.add(load(x, xo + i + 2 * COUNT));
      s3 = s3.add(load(x, xo + i + 3 * COUNT));
    }
    for (; i <= n - COUNT; i += COUNT) {
      s0 = s0.add(load(x, xo + i));
    }
    double sum = Lanes.sum(s0.add(s1).add(s2.add(s3)));
    for (; i < n; i++) {
      sum += x[xo + i];
    }
    return sum;
  }

  static double dot(float[] x, int xo, float[] y, int yo, int n) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= n - UNROLLED; i += UNROLLED) {
      s0 = load(x, xo + i).fma(load(y, yo + i), s0);
      s1 = load(x, xo + i + COUNT).fma(load(y, yo + i + COUNT), s1);
      s2 = load(x, xo + i + 2 * COUNT).fma(load(y, yo + i + 2 * COUNT), s2);
      s3 = load(x, xo + i + 3 * COUNT).fma(load(y, yo + i + 3 * COUNT), s3);
    }
    for (; i <= n - COUNT; i += COUNT) {
      s0 = load(x, xo + i).fma(load(y, yo + i), s0);
    }
    double sum = Lanes.sum(s0.add(s1).add(s2.add(s3)));
    for (; i < n; i++) {
      sum += (double) x[xo + i] * y[yo + i];
    }
    return sum;
  }

  static double max(float[] x, int xo, int n) {
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    if (n >= COUNT) {
      FloatVector v = load(x, xo);
      for (i = COUNT; i <= n - COUNT; i += COUNT) {
        v = v.max(load(x, xo + i));
      }
      // No order of comparisons changes a maximum, so this reduction is safe.
      max = v.reduceLanes(VectorOperators.MAX);
    }
    for (; i < n; i++) {
      max = Math.max(max, x[xo + i]);
    }
    return max;
  }

  /** Magnitudes are ordered as their bits are, with NaN above infinity. */
  static double maxAbs(float[] x, int xo, int n) {
    int max = 0;
    int i = 0;
    if (n >= COUNT) {
      IntVector v = load(x, xo).abs().reinterpretAsInts();
      for (i = COUNT; i <= n - COUNT; i += COUNT) {
        v = v.max(load(x, xo + i).abs().reinterpretAsInts());
      }
      max = v.reduceLanes(VectorOperators.MAX);
    }
    for (; i < n; i++) {
      max = Math.max(max, Float.floatToRawIntBits(Math.abs(x[xo + i])));
    }
    return Float.intBitsToFloat(max);
  }

  /** {@code Σ (x_i - mean)²}. */
  static double squaredDeviation(float[] x, int xo, float mean, int n) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * COUNT; i += 2 * COUNT) {
      FloatVector d0 = load(x, xo + i).sub(mean);
      FloatVector d1 = load(x, xo + i + COUNT).sub(mean);
      s0 = d0.fma(d0, s0);
      s1 = d1.fma(d1, s1);
    }
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector d = load(x, xo + i).sub(mean);
      s0 = d.fma(d, s0);
    }
    double sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      double d = x[xo + i] - mean;
      sum += d * d;
    }
    return sum;
  }

  /** {@code Σ (x_i - mean) g_i}. */
  static double centredDot(float[] x, int xo, float mean, float[] g, int go, int n) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * COUNT; i += 2 * COUNT) {
      s0 = load(x, xo + i).sub(mean).fma(load(g, go + i), s0);
      s1 = load(x, xo + i + COUNT).sub(mean).fma(load(g, go + i + COUNT), s1);
    }
    for (; i <= n - COUNT; i += COUNT) {
      s0 = load(x, xo + i).sub(mean).fma(load(g, go + i), s0);
    }
    double sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      sum += (double) (x[xo + i] - mean) * g[go + i];
    }
    return sum;
  }

  /** {@code Σ (x_i - mean) w_i g_i}. */
  static double weightedDot(
      float[] x, int xo, float mean, float[] w, int wo, float[] g, int go, int n) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * COUNT; i += 2 * COUNT) {
      FloatVector g0 = load(g, go + i).mul(load(w, wo + i));
      FloatVector g1 = load(g, go + i + COUNT).mul(load(w, wo + i + COUNT));
      s0 = load(x, xo + i).sub(mean).fma(g0, s0);
      s1 = load(x, xo + i + COUNT).sub(mean).fma(g1, s1);
    }
    for (; i <= n - COUNT; i += COUNT) {
      s0 = load(x, xo + i).sub(mean).fma(load(g, go + i).mul(load(w, wo + i)), s0);
    }
    double sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      sum += (double) (x[xo + i] - mean) * w[wo + i] * g[go + i];
    }
    return sum;
  }
}
