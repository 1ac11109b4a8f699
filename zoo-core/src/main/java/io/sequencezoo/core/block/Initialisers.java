package io.sequencezoo.core.block;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/** The usual initialisers. Weight matrices are {@code [in, out]}, biases {@code [out]}. */
public final class Initialisers {
  private Initialisers() {}

  /** Every element is the value. */
  public static Initialiser constant(double value) {
    return (shape, random) -> {
      double[] values = new double[length(shape)];
      Arrays.fill(values, value);
      return values;
    };
  }

  /** Zeros. */
  public static Initialiser zeros() {
    return constant(0);
  }

  /** Ones. */
  public static Initialiser ones() {
    return constant(1);
  }

  /** Normal with mean 0. */
  public static Initialiser normal(double standardDeviation) {
    return (shape, random) -> fill(shape, () -> standardDeviation * gaussian(random));
  }

  /** Uniform on {@code [low, high)}. */
  public static Initialiser uniform(double low, double high) {
    return (shape, random) -> fill(shape, () -> low + (high - low) * random.nextDouble());
  }

  /** Glorot and Bengio's uniform on ±gain √(6/(in + out)). */
  public static Initialiser xavierUniform(double gain) {
    return (shape, random) -> {
      double bound = gain * Math.sqrt(6.0 / (shape[0] + shape[shape.length - 1]));
      return fill(shape, () -> bound * (2 * random.nextDouble() - 1));
    };
  }

  /** PyTorch's default for linear layers: uniform on ±1/√in. */
  public static Initialiser fanInUniform() {
    return (shape, random) -> {
      double bound = 1 / Math.sqrt((double) shape[0]);
      return fill(shape, () -> bound * (2 * random.nextDouble() - 1));
    };
  }

  /**
   * Orthonormal rows or columns, by Gram-Schmidt on normal vectors; a matrix {@code [in, blocks x
   * out]} can be asked for as side-by-side orthogonal blocks.
   */
  public static Initialiser orthogonal(int blocks) {
    return (shape, random) -> {
      int rows = (int) shape[0];
      int columns = (int) shape[1] / blocks;
      double[] values = new double[rows * columns * blocks];
      for (int block = 0; block < blocks; block++) {
        double[][] q = orthonormal(Math.min(rows, columns), Math.max(rows, columns), random);
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            values[(i * blocks + block) * columns + j] = rows <= columns ? q[i][j] : q[j][i];
          }
        }
      }
      return values;
    };
  }

  private static double[][] orthonormal(int count, int size, SplittableRandom random) {
    double[][] q = new double[count][size];
    for (int i = 0; i < count; i++) {
      double norm = 0;
      // A normal vector is almost never in the span of fewer than size others; draw again if it is.
      while (norm < 1e-6) {
        for (int j = 0; j < size; j++) {
          q[i][j] = gaussian(random);
        }
        // Twice is enough (Kahan): one pass can leave a component along earlier rows.
        for (int pass = 0; pass < 2; pass++) {
          for (int p = 0; p < i; p++) {
            double dot = 0;
            for (int j = 0; j < size; j++) {
              dot += q[p][j] * q[i][j];
            }
            for (int j = 0; j < size; j++) {
              q[i][j] -= dot * q[p][j];
            }
          }
        }
        norm = 0;
        for (double x : q[i]) {
          norm += x * x;
        }
        norm = Math.sqrt(norm);
      }
      for (int j = 0; j < size; j++) {
        q[i][j] /= norm;
      }
    }
    return q;
  }

  private static double[] fill(long[] shape, DoubleSupplier supplier) {
    double[] values = new double[length(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = supplier.getAsDouble();
    }
    return values;
  }

  private static int length(long[] shape) {
    return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
  }

  /** Marsaglia's polar method, without the cached second value, so that a stream has no state. */
  static double gaussian(SplittableRandom random) {
    while (true) {
      double u = 2 * random.nextDouble() - 1;
      double v = 2 * random.nextDouble() - 1;
      double s = u * u + v * v;
      if (s > 0 && s < 1) {
        return u * Math.sqrt(-2 * Math.log(s) / s);
      }
    }
  }
}
