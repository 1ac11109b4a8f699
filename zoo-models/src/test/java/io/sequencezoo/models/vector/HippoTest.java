package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HippoTest {
  /** An iterative eigenproblem of a few hundred rows, relative to entries of the matrix. */
  private static final double EXACT = 1e-11;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64})
  void eigenvectors_giveTheNormalPartBack(int n) {
    Hippo hippo = Hippo.legs(n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double re = 0;
        double im = 0;
        for (int k = 0; k < n; k++) {
          // V_ik conj(V_jk) = (a, b), times the eigenvalue -1/2 + i ω.
          double a = hippo.re()[i][k] * hippo.re()[j][k] + hippo.im()[i][k] * hippo.im()[j][k];
          double b = hippo.im()[i][k] * hippo.re()[j][k] - hippo.re()[i][k] * hippo.im()[j][k];
          re += Hippo.REAL_PART * a - hippo.frequencies()[k] * b;
          im += Hippo.REAL_PART * b + hippo.frequencies()[k] * a;
        }
        assertThat(re).isCloseTo(normalPart(i, j), within(EXACT * n));
        assertThat(im).isCloseTo(0, within(EXACT * n));
      }
      assertThat(hippo.frequencies()[i])
          .isCloseTo(-hippo.frequencies()[n - 1 - i], within(EXACT * n));
    }
  }

  /**
   * {@code A + p pᵀ} with {@code A_ij = -√(2i+1)√(2j+1)} below and {@code -(i+1)} on the diagonal.
   */
  private static double normalPart(int i, int j) {
    double a = 0;
    if (i > j) {
      a = -Math.sqrt(2 * i + 1) * Math.sqrt(2 * j + 1);
    } else if (i == j) {
      a = -(i + 1);
    }
    return a + Math.sqrt(i + 0.5) * Math.sqrt(j + 0.5);
  }
}
