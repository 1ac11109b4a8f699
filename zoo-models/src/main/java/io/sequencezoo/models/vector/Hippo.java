package io.sequencezoo.models.vector;

import java.util.Arrays;
import java.util.Comparator;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/**
 * The normal part of the HiPPO-LegS matrix, {@code S = A + p pᵀ}, {@code p_n = √(n + 1/2)}, and its
 * eigenvectors: {@code S = V diag(-1/2 + i ω) V*} (Gu et al. 2022, arXiv 2111.00396, theorem 1).
 *
 * @param frequencies {@code ω}, ascending, n of them; the conjugate of the k-th is the k-th last
 * @param re real parts of V, n rows; column k belongs to {@code ω_k}
 * @param im imaginary parts of V
 */
record Hippo(double[] frequencies, double[][] re, double[][] im) {
  /** The real part of every eigenvalue: the diagonal of S. */
  static final double REAL_PART = -0.5;

  /** Eigenvalues and unitary eigenvectors for n states. */
  static Hippo legs(int n) {
    // S + 1/2 = K is skew, so that -iK is Hermitian. Its real form [0 K; -K 0] has each eigenvalue
    // twice, and any x | y of a double eigenvalue's plane is an eigenvector x + iy of -iK.
    double[][] real = new double[2 * n][2 * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double below = -Math.sqrt((i + 0.5) * (j + 0.5));
        real[i][n + j] = below;
        real[j][n + i] = -below;
        real[n + i][j] = -below;
        real[n + j][i] = below;
      }
    }
    EigenDecomposition decomposition = new EigenDecomposition(new Array2DRowRealMatrix(real));
    double[] values = decomposition.getRealEigenvalues();
    Integer[] order = new Integer[2 * n];
    Arrays.setAll(order, k -> k);
    Arrays.sort(order, Comparator.comparingDouble(k -> values[k]));
    double[] frequencies = new double[n];
    double[][] re = new double[n][n];
    double[][] im = new double[n][n];
    for (int k = 0; k < n; k++) {
      double[] vector = decomposition.getEigenvector(order[2 * k]).toArray();
      frequencies[k] = values[order[2 * k]];
      for (int i = 0; i < n; i++) {
        re[i][k] = vector[i];
        im[i][k] = vector[n + i];
      }
    }
    return new Hippo(frequencies, re, im);
  }
}
