package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The largest error of element-wise functions over the arguments that layers see. */
class UnaryAccuracyTest {
  private static final int POINTS = 1 << 16;

  private static final double RANGE = 9;

  /** In units in the last place: a fit, its rounding, a division, a product; most stay below 3. */
  private static final double BOUND = 6;

  static List<Kernels<float[]>> providers() {
    return KernelsTest.providers();
  }

  /**
   * The size whose last place counts: the value, but for both forms of GELU also what rounding the
   * argument alone does to it, which in the lower tail is {@code x²} times as much.
   */
  private static double size(Unary f, double x, double y) {
    boolean tails = f == Unary.GELU || f == Unary.GELU_TANH;
    return tails ? Math.max(Math.abs(y), Math.abs(x * ScalarMath.slope(f, x, y))) : y;
  }

  @ParameterizedTest
  @MethodSource("providers")
  void value_isWithinAFewUnitsInTheLastPlace(Kernels<float[]> provider) {
    float[] x = new float[POINTS];
    float[] y = new float[POINTS];
    for (int i = 0; i < POINTS; i++) {
      x[i] = (float) (-RANGE + 2 * RANGE * i / POINTS);
    }
    for (Unary f : Unary.values()) {
      provider.map(f, x, 0, y, 0, POINTS);
      double worst = 0;
      int where = 0;
      for (int i = 0; i < POINTS; i++) {
        double exact = ScalarMath.value(f, x[i]);
        double error = Math.abs(y[i] - exact) / Math.ulp((float) size(f, x[i], exact));
        if (error > worst && !Double.isInfinite(exact)) {
          worst = error;
          where = i;
        }
      }
      assertThat(worst).as("%s at %s", f, x[where]).isLessThanOrEqualTo(BOUND);
    }
  }
}
