package io.sequencezoo.core.kernel;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Element-wise functions where they overflow, underflow, vanish or are not defined. */
class UnaryExtremesTest {
  private static final float[] SIZES = {
    0,
    Float.MIN_VALUE,
    1e-40f,
    Float.MIN_NORMAL,
    1e-30f,
    1e-20f,
    1e-8f,
    3e-4f,
    0.35f,
    0.3467f,
    0.99999994f,
    1,
    1.0000001f,
    1.4142135f,
    5,
    9.01f,
    10,
    16.7f,
    19.9f,
    20.1f,
    41,
    87.3f,
    88.5f,
    89,
    103.9f,
    104.1f,
    119,
    121,
    710,
    1e10f,
    1e19f,
    1e30f,
    Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NaN
  };

  static List<Kernels<float[]>> providers() {
    return KernelsTest.providers();
  }

  private static float[] extremes() {
    List<Float> values = new ArrayList<>();
    for (float size : SIZES) {
      values.add(size);
      values.add(-size);
    }
    float[] x = new float[values.size()];
    for (int i = 0; i < x.length; i++) {
      x[i] = values.get(i);
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("providers")
  void value_atExtremes(Kernels<float[]> provider) {
    float[] x = extremes();
    float[] y = new float[x.length];
    for (Unary f : Unary.values()) {
      provider.map(f, x, 0, y, 0, x.length);
      for (int i = 0; i < x.length; i++) {
        double expected = ScalarMath.value(f, x[i]);
        KernelCase.same(f + "(" + x[i] + ")", y[i], expected, condition(f, x[i], expected));
      }
    }
  }

  /** What rounding the argument alone does to the value. */
  private static double condition(Unary f, double x, double y) {
    double condition = Math.abs(x * ScalarMath.slope(f, x, y));
    return Double.isFinite(condition) ? condition : 0;
  }

  @ParameterizedTest
  @MethodSource("providers")
  void slope_atExtremes(Kernels<float[]> provider) {
    float[] x = extremes();
    float[] y = new float[x.length];
    float[] g = new float[x.length];
    float[] gx = new float[x.length];
    java.util.Arrays.fill(g, 1);
    for (Unary f : Unary.values()) {
      provider.map(f, x, 0, y, 0, x.length);
      provider.mapPullback(f, x, 0, y, 0, g, 0, gx, 0, x.length);
      for (int i = 0; i < x.length; i++) {
        double expected = ScalarMath.slope(f, x[i], y[i]);
        KernelCase.same(f + "'(" + x[i] + ")", gx[i], expected, 1);
      }
    }
  }
}
