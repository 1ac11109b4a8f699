package io.sequencezoo.core.kernel;

import io.sequencezoo.core.kernel.KernelCase.Argument;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Matrix products against three nested loops. */
class GemmTest {
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {1, 16, 3},
    {2, 33, 5},
    {3, 5, 0},
    {4, 64, 64},
    {5, 7, 11},
    {6, 64, 9},
    {7, 31, 17},
    {8, 128, 33},
    {13, 80, 65},
    {16, 16, 32},
    {17, 97, 300},
    {33, 65, 40},
    {64, 64, 64},
    {70, 3, 520}
  };

  static List<Kernels<float[]>> providers() {
    return KernelsTest.providers();
  }

  @ParameterizedTest
  @MethodSource("providers")
  void product_allTransposesAndScales(Kernels<float[]> provider) {
    for (int[] shape : SHAPES) {
      for (int variant = 0; variant < 16; variant++) {
        boolean ta = (variant & 1) != 0;
        boolean tb = (variant & 2) != 0;
        double alpha = (variant & 4) != 0 ? 1 : -0.5;
        double beta = (variant & 8) != 0 ? 0 : variant % 3 == 0 ? 1 : 0.25;
        check(provider, ta, tb, shape[0], shape[1], shape[2], alpha, beta);
      }
    }
  }

  private static void check(
      Kernels<float[]> provider,
      boolean ta,
      boolean tb,
      int m,
      int n,
      int k,
      double alpha,
      double beta) {
    Random random = new Random(31L * m + 17L * n + k);
    // Leading dimensions beyond the width, offsets, and NaN wherever nothing may be read.
    int lda = (ta ? m : k) + 3;
    int ldb = (tb ? k : n) + 2;
    int ldc = n + 1;
    float[] a = matrix(random, ta ? k : m, ta ? m : k, lda, 5);
    float[] b = matrix(random, tb ? n : k, tb ? k : n, ldb, 4);
    float[] c = matrix(random, m, n, ldc, 3);
    Argument before = new Argument(c.clone());
    if (beta == 0) {
      Arrays.fill(c, Float.NaN);
    }
    provider.gemm(ta, tb, m, n, k, alpha, a, 5, lda, b, 4, ldb, beta, c, 3, ldc);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        double size = 0;
        for (int p = 0; p < k; p++) {
          double term =
              (double) a[5 + (ta ? p * lda + i : i * lda + p)]
                  * b[4 + (tb ? j * ldb + p : p * ldb + j)];
          sum += term;
          size += Math.abs(term);
        }
        double old = before.exact[3 + i * ldc + j];
        double expected = alpha * sum + (beta == 0 ? 0 : beta * old);
        String what = String.format("%s%s %dx%dx%d (%d, %d)", ta, tb, m, n, k, i, j);
        KernelCase.same(what, c[3 + i * ldc + j], expected, size + 1);
      }
    }
    for (int i = 0; i + 1 < m; i++) {
      KernelCase.same("gap", c[3 + i * ldc + n], Double.NaN, 0);
    }
  }

  private static float[] matrix(Random random, int rows, int columns, int ld, int offset) {
    float[] a = new float[offset + rows * ld];
    Arrays.fill(a, Float.NaN);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        a[offset + i * ld + j] = (float) random.nextGaussian();
      }
    }
    return a;
  }
}
