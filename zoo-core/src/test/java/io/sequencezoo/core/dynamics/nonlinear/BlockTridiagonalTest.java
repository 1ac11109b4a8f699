package io.sequencezoo.core.dynamics.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damped corrections against the normal equations of the whole trajectory, written down densely.
 */
class BlockTridiagonalTest {
  /** Roundings times the condition of the undamped normal equations, up to 1e5 for these blocks. */
  private static final double TOLERANCE = 1e-10;

  /** One for every lane, the first two for others; none, little and much damping. */
  private static final double[] LAMBDA = {7, 7, 0, 1e-3, 1, 0.1, 100};

  private static final int FIRST = 2;

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "1, 1, 5",
    "2, 1, 5",
    "5, 1, 5",
    "64, 1, 5",
    "64, 1, 1",
    "1, 2, 5",
    "2, 2, 5",
    "5, 2, 5",
    "64, 2, 5",
    "64, 2, 1",
    "1, 3, 5",
    "2, 3, 5",
    "5, 3, 5",
    "64, 3, 5",
    "64, 3, 1"
  })
  void solve_givesTheLeastSquaresCorrectionOfEveryLane(int steps, int size, int lanes) {
    SplittableRandom random = new SplittableRandom(31L * steps + size);
    double[] jacobians = random.doubles((long) steps * size * size * lanes, -0.8, 0.8).toArray();
    // What is before the first step is zero: its matrix must not be read.
    Arrays.fill(jacobians, 0, size * size * lanes, Double.NaN);
    double[] residuals = random.doubles((long) steps * size * lanes, -1, 1).toArray();
    double[] actual = new double[residuals.length];
    Poison.during(
        () -> {
          try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
            BlockTridiagonal system = new BlockTridiagonal(scratch, steps, size, lanes);
            System.arraycopy(jacobians, 0, system.jacobians(), 0, jacobians.length);
            System.arraycopy(residuals, 0, system.vectors(), 0, residuals.length);
            system.solve(LAMBDA, FIRST);
            System.arraycopy(system.vectors(), 0, actual, 0, actual.length);
          }
        });
    for (int lane = 0; lane < lanes; lane++) {
      double[] expected = new double[steps * size];
      double[][] derivative = new double[steps * size][steps * size];
      for (int i = 0; i < steps * size; i++) {
        expected[i] = residuals[i * lanes + lane];
        derivative[i][i] = 1;
        for (int k = 0; i >= size && k < size; k++) {
          derivative[i][(i / size - 1) * size + k] = -jacobians[(i * size + k) * lanes + lane];
        }
      }
      solveNormal(derivative, expected, LAMBDA[FIRST + lane]);
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i * lanes + lane])
            .as("lane %s, number %s", lane, i)
            .isCloseTo(expected[i], offset(TOLERANCE));
      }
    }
  }

  /** Puts {@code (AᵀA + λ I)⁻¹ Aᵀ b} in place of b, by Gauss with pivots. */
  private static void solveNormal(double[][] a, double[] b, double lambda) {
    int n = b.length;
    double[][] m = new double[n][n + 1];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        m[i][j] = i == j ? lambda : 0;
        for (int k = 0; k < n; k++) {
          m[i][j] += a[k][i] * a[k][j];
        }
      }
      for (int k = 0; k < n; k++) {
        m[i][n] += a[k][i] * b[k];
      }
    }
    for (int c = 0; c < n; c++) {
      int pivot = c;
      for (int i = c + 1; i < n; i++) {
        pivot = Math.abs(m[i][c]) > Math.abs(m[pivot][c]) ? i : pivot;
      }
      double[] row = m[pivot];
      m[pivot] = m[c];
      m[c] = row;
      for (int i = c + 1; i < n; i++) {
        double factor = m[i][c] / row[c];
        for (int j = c; j <= n; j++) {
          m[i][j] -= factor * row[j];
        }
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      b[i] = m[i][n];
      for (int j = i + 1; j < n; j++) {
        b[i] -= m[i][j] * b[j];
      }
      b[i] /= m[i][i];
    }
  }
}
