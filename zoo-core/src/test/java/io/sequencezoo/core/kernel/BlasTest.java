package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Large products against three nested loops, and the independence from the number of threads. */
class BlasTest {
  /** Within a tile, beside its edge, several tiles in both directions, and sums cut into parts. */
  private static final int[][] SHAPES = {
    {3, 5, 7}, {256, 300, 19}, {1030, 257, 11}, {1, 600, 40}, {70, 33, 2100}
  };

  /** A sum of k products of numbers below 4 in size, in either precision. */
  private static final double DOUBLE_TOLERANCE = 1e-13;

  private static final double FLOAT_TOLERANCE = 1e-5;

  private final int before = Parallel.threads();

  @AfterEach
  void restore() {
    Parallel.setThreads(before);
  }

  @Test
  void product_allTransposesInBothPrecisions() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      for (int[] shape : SHAPES) {
        for (int variant = 0; variant < 8; variant++) {
          boolean ta = (variant & 1) != 0;
          boolean tb = (variant & 2) != 0;
          check(type, ta, tb, shape[0], shape[1], shape[2], (variant & 4) != 0 ? 0 : 0.5);
        }
      }
    }
  }

  private static void check(
      DataType type, boolean ta, boolean tb, int m, int n, int k, double beta) {
    INDArray a = numbers(type, ta ? k : m, ta ? m : k, 3);
    INDArray b = numbers(type, tb ? n : k, tb ? k : n, 5);
    INDArray c = numbers(type, m, n, 7);
    double[][] x = a.castTo(DataType.DOUBLE).toDoubleMatrix();
    double[][] y = b.castTo(DataType.DOUBLE).toDoubleMatrix();
    double[][] old = c.castTo(DataType.DOUBLE).toDoubleMatrix();
    if (beta == 0) {
      c.assign(Double.NaN);
    }
    gemm(Precision.of(c), ta, tb, m, n, k, a, b, beta, c);
    double[][] got = c.castTo(DataType.DOUBLE).toDoubleMatrix();
    double worst = 0;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = beta == 0 ? 0 : beta * old[i][j];
        for (int p = 0; p < k; p++) {
          sum += -2 * (ta ? x[p][i] : x[i][p]) * (tb ? y[j][p] : y[p][j]);
        }
        double error = Math.abs(sum - got[i][j]);
        worst = error > worst || Double.isNaN(error) ? error : worst;
      }
    }
    double tolerance = type == DataType.FLOAT ? FLOAT_TOLERANCE : DOUBLE_TOLERANCE;
    assertThat(worst)
        .as("%s %s %s %dx%dx%d beta %s", type, ta, tb, m, n, k, beta)
        .isLessThanOrEqualTo(tolerance * k);
  }

  private static <A> void gemm(
      Precision<A> precision,
      boolean ta,
      boolean tb,
      int m,
      int n,
      int k,
      INDArray a,
      INDArray b,
      double beta,
      INDArray c) {
    Slab<A> x = precision.slab(a);
    Slab<A> y = precision.slab(b);
    Slab<A> z = precision.slab(c);
    Blas.gemm(ta, tb, m, n, k, -2, x, 0, ta ? m : k, y, 0, tb ? k : n, beta, z, 0, n);
  }

  /** Numbers in [-1, 1] without a random generator, whose seed would be shared. */
  private static INDArray numbers(DataType type, int rows, int columns, int salt) {
    double[] values = new double[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.sin((double) salt * i + salt);
    }
    return Nd4j.createFromArray(values).reshape('c', rows, columns).castTo(type);
  }

  @Test
  void product_hasTheSameBitsWhateverTheThreads() {
    sameBits(false, 1030, 520, 70);
    sameBits(true, 70, 33, 2100);
  }

  private void sameBits(boolean transposed, int m, int n, int k) {
    INDArray a = numbers(DataType.FLOAT, transposed ? k : m, transposed ? m : k, 3);
    INDArray b = numbers(DataType.FLOAT, k, n, 5);
    float[] first = null;
    for (int threads = 1; threads <= 3; threads++) {
      Parallel.setThreads(threads);
      INDArray c = Nd4j.create(DataType.FLOAT, m, n);
      gemm(Precision.of(c), transposed, false, m, n, k, a, b, 0, c);
      float[] bits = c.data().asFloat();
      first = first == null ? bits : first;
      assertThat(bits).isEqualTo(first);
    }
  }

  @Test
  void openBlas_staysOnOneThreadWhateverOthersSet() {
    openblas.blas_set_num_threads(2);
    INDArray a = numbers(DataType.FLOAT, 4, 4, 3);
    gemm(Precision.of(a), false, false, 4, 4, 4, a, a.dup('c'), 0, a.dup('c'));
    assertThat(openblas.blas_get_num_threads()).isEqualTo(1);
  }
}
