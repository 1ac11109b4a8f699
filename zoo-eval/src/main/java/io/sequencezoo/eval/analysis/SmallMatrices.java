package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.exception.MaxCountExceededException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;

/** Products, norms and eigenvalues of plain matrices, in closed form where they are small. */
final class SmallMatrices {
  /** Where power iteration stops: relative change of the norm. */
  private static final double CONVERGED = 1e-12;

  private static final int ITERATIONS = 2000;

  private SmallMatrices() {}

  /** An eigenvalue {@code re + i im}. */
  record Complex(double re, double im) {
    double magnitude() {
      return Math.hypot(re, im);
    }
  }

  /** All eigenvalues, largest magnitude first; of a conjugate pair the upper one first. */
  static List<Complex> eigenvalues(double[][] m) {
    int n = m.length;
    checkArgument(
        Arrays.stream(m).flatMapToDouble(Arrays::stream).allMatch(Double::isFinite),
        "eigenvalues: matrix must be finite, got NaN or infinity");
    if (n == 1) {
      return List.of(new Complex(m[0][0], 0));
    }
    if (n == 2) {
      return ofTwo(m);
    }
    if (frobenius(m) == 0) {
      return IntStream.range(0, n).mapToObj(i -> new Complex(0, 0)).toList();
    }
    EigenDecomposition decomposition = decomposition(new Array2DRowRealMatrix(m, false));
    double[] re = decomposition.getRealEigenvalues();
    double[] im = decomposition.getImagEigenvalues();
    return sorted(IntStream.range(0, n).mapToObj(i -> new Complex(re[i], im[i])).toList());
  }

  /** Of the matrix or, where the iteration doesn't end on it, of one with the same eigenvalues. */
  private static EigenDecomposition decomposition(RealMatrix m) {
    try {
      return new EigenDecomposition(m);
    } catch (MaxCountExceededException e) {
      return new EigenDecomposition(m.transpose());
    }
  }

  private static List<Complex> ofTwo(double[][] m) {
    double mean = (m[0][0] + m[1][1]) / 2;
    double half = (m[0][0] - m[1][1]) / 2;
    double discriminant = half * half + m[0][1] * m[1][0];
    double root = Math.sqrt(Math.abs(discriminant));
    return sorted(
        discriminant < 0
            ? List.of(new Complex(mean, root), new Complex(mean, -root))
            : List.of(new Complex(mean + root, 0), new Complex(mean - root, 0)));
  }

  private static List<Complex> sorted(List<Complex> values) {
    return values.stream()
        .sorted(
            Comparator.comparingDouble(Complex::magnitude)
                .reversed()
                .thenComparing(Comparator.comparingDouble(Complex::re).reversed())
                .thenComparing(Comparator.comparingDouble(Complex::im).reversed()))
        .toList();
  }

  /** {@code x y}. */
  static double[][] multiply(double[][] x, double[][] y) {
    int columns = y.length == 0 ? 0 : y[0].length;
    double[][] out = new double[x.length][columns];
    for (int i = 0; i < x.length; i++) {
      for (int k = 0; k < y.length; k++) {
        double factor = x[i][k];
        if (factor != 0) {
          for (int j = 0; j < columns; j++) {
            out[i][j] += factor * y[k][j];
          }
        }
      }
    }
    return out;
  }

  /** {@code m x}. */
  static double[] multiply(double[][] m, double[] x) {
    double[] out = new double[m.length];
    for (int i = 0; i < m.length; i++) {
      out[i] = dot(m[i], x);
    }
    return out;
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** The root of the sum of squares. */
  static double frobenius(double[][] m) {
    double sum = 0;
    for (double[] row : m) {
      sum += dot(row, row);
    }
    return Math.sqrt(sum);
  }

  /** The largest singular value, by power iteration on {@code mᵀ m}. */
  static double spectralNorm(double[][] m) {
    int n = m.length;
    if (n == 1) {
      return Math.abs(m[0][0]);
    }
    double scale = frobenius(m);
    if (scale == 0) {
      return 0;
    }
    double[] x = new double[m[0].length];
    for (int i = 0; i < x.length; i++) {
      // No symmetry, so that no singular vector is orthogonal to it but by a rare chance.
      x[i] = 1 + 0.1 * Math.sin(i + 1);
    }
    double norm = 0;
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
      double length = Math.sqrt(dot(x, x));
      for (int i = 0; i < x.length; i++) {
        x[i] /= length;
      }
      double[] image = multiply(m, x);
      double next = Math.sqrt(dot(image, image));
      boolean converged = Math.abs(next - norm) <= CONVERGED * scale;
      norm = next;
      if (converged || norm == 0) {
        break;
      }
      x = multiplyTransposed(m, image);
    }
    return norm;
  }

  private static double[] multiplyTransposed(double[][] m, double[] x) {
    double[] out = new double[m[0].length];
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < out.length; j++) {
        out[j] += m[i][j] * x[i];
      }
    }
    return out;
  }
}
