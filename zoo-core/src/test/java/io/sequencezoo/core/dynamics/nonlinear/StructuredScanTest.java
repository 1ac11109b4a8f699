package io.sequencezoo.core.dynamics.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.kernel.Precision;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Linear recurrences with structured matrices against dense loops written down here. */
class StructuredScanTest {
  /** Sums of random products in another order: a few roundings per step. */
  private static final double TOLERANCE = 1e-12;

  private static final int[] STEPS = {1, 2, 3, 7, 63, 64, 65, 200};

  /** A structure: K blocks of n, or dense of n. */
  private record Structure(boolean dense, int blocks, int width) {
    StructuredScan<double[]> scan() {
      return dense
          ? StructuredScan.dense(Precision.DOUBLE, width)
          : StructuredScan.blocks(Precision.DOUBLE, blocks, width);
    }

    int size() {
      return blocks * width;
    }

    Planes<double[]> matrices(int steps) {
      return dense
          ? new Planes<>(new double[steps * width * width], steps, 1, width * width)
          : new Planes<>(
              new double[steps * blocks * blocks * width], steps, blocks * blocks, width);
    }

    Planes<double[]> vectors(int steps) {
      return new Planes<>(new double[steps * blocks * width], steps, blocks, width);
    }

    /** The matrix at a step, dense, with states numbered plane by plane. */
    double[][] matrix(Planes<double[]> j, int t) {
      double[][] m = new double[size()][size()];
      for (int a = 0; a < size(); a++) {
        for (int b = 0; b < size(); b++) {
          if (dense) {
            m[a][b] = j.data()[j.at(0, t) + a * width + b];
          } else if (a % width == b % width) {
            m[a][b] = j.data()[j.at(a / width * blocks + b / width, t) + a % width];
          }
        }
      }
      return m;
    }

    double[] vector(Planes<double[]> v, int t) {
      double[] x = new double[size()];
      for (int a = 0; a < size(); a++) {
        x[a] = v.data()[v.at(a / width, t) + a % width];
      }
      return x;
    }
  }

  static Stream<Arguments> structures() {
    return Stream.of(
            new Structure(false, 1, 1),
            new Structure(false, 1, 5),
            new Structure(false, 2, 3),
            new Structure(false, 3, 4),
            new Structure(true, 1, 4))
        .flatMap(s -> Stream.of(Arguments.of(s, false), Arguments.of(s, true)));
  }

  private static double[][] oracle(
      Structure s, Planes<double[]> j, Planes<double[]> v, int steps, boolean transposed) {
    double[][] out = new double[steps][];
    for (int i = 0; i < steps; i++) {
      int t = transposed ? steps - 1 - i : i;
      out[t] = s.vector(v, t);
      if (i == 0) {
        continue;
      }
      double[][] m = s.matrix(j, transposed ? t + 1 : t);
      double[] before = out[transposed ? t + 1 : t - 1];
      for (int a = 0; a < s.size(); a++) {
        for (int b = 0; b < s.size(); b++) {
          out[t][a] += (transposed ? m[b][a] : m[a][b]) * before[b];
        }
      }
    }
    return out;
  }

  private interface Method {
    void solve(StructuredScan<double[]> scan, Planes<double[]> j, Planes<double[]> v, int steps);
  }

  private static void check(
      Structure s, boolean transposed, SplittableRandom random, double tolerance, boolean signs) {
    Method[] methods = {
      (scan, j, v, n) -> scan.sequential(j, v, 0, n, transposed),
      (scan, j, v, n) -> scan.chunked(j, v, 0, n, 1, transposed),
      (scan, j, v, n) -> scan.chunked(j, v, 0, n, 16, transposed),
      (scan, j, v, n) -> scan.chunked(j, v, 0, n, 1000, transposed),
    };
    for (int steps : STEPS) {
      Planes<double[]> j = s.matrices(steps);
      Planes<double[]> v = s.vectors(steps);
      fill(s, j, v, random, signs);
      double[][] expected = oracle(s, j, v, steps, transposed);
      for (int m = 0; m < methods.length; m++) {
        Planes<double[]> jj = new Planes<>(j.data().clone(), steps, j.count(), j.width());
        // What is before the first step is zero: its matrix must not be read.
        for (int p = 0; p < jj.count(); p++) {
          java.util.Arrays.fill(jj.data(), jj.at(p, 0), jj.at(p, 0) + jj.width(), Double.NaN);
        }
        Planes<double[]> vv = new Planes<>(v.data().clone(), steps, v.count(), v.width());
        methods[m].solve(s.scan(), jj, vv, steps);
        for (int t = 0; t < steps; t++) {
          double[] actual = s.vector(vv, t);
          for (int a = 0; a < s.size(); a++) {
            assertThat(Math.abs(actual[a] - expected[t][a]))
                .as("%s method %s T=%s t=%s", s, m, steps, t)
                .isLessThanOrEqualTo(tolerance * (1 + Math.abs(expected[t][a])));
          }
        }
      }
    }
  }

  private static void fill(
      Structure s, Planes<double[]> j, Planes<double[]> v, SplittableRandom random, boolean signs) {
    for (int i = 0; i < v.data().length; i++) {
      v.data()[i] = signs ? random.nextInt(-8, 9) : random.nextDouble(-1, 1);
    }
    if (!signs) {
      for (int i = 0; i < j.data().length; i++) {
        j.data()[i] = random.nextDouble(-1, 1) / Math.sqrt(s.dense() ? s.width() : s.blocks());
      }
      return;
    }
    // Signed permutations of the K parts (swaps and quarter turns among them), of modulus 1.
    int k = s.dense() ? s.width() : s.blocks();
    for (int t = 0; t < v.positions(); t++) {
      for (int c = 0; c < (s.dense() ? 1 : s.width()); c++) {
        int shift = random.nextInt(k);
        for (int a = 0; a < k; a++) {
          int b = (a + shift) % k;
          int at = s.dense() ? j.at(0, t) + a * k + b : j.at(a * k + b, t) + c;
          j.data()[at] = random.nextBoolean() ? 1 : -1;
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("structures")
  void solve_equalsDenseLoops(Structure structure, boolean transposed) {
    check(structure, transposed, new SplittableRandom(1), TOLERANCE, false);
  }

  @ParameterizedTest
  @MethodSource("structures")
  void solve_isExactForSignedPermutations(Structure structure, boolean transposed) {
    check(structure, transposed, new SplittableRandom(2), 0, true);
  }

  @ParameterizedTest
  @MethodSource("structures")
  void solve_keepsRotationsBounded(Structure structure, boolean transposed) {
    if (structure.blocks() != 2) {
      return;
    }
    int steps = 4096;
    SplittableRandom random = new SplittableRandom(3);
    Planes<double[]> j = structure.matrices(steps);
    Planes<double[]> v = structure.vectors(steps);
    for (int t = 0; t < steps; t++) {
      for (int c = 0; c < structure.width(); c++) {
        double angle = random.nextDouble(-3, 3);
        j.data()[j.at(0, t) + c] = Math.cos(angle);
        j.data()[j.at(1, t) + c] = -Math.sin(angle);
        j.data()[j.at(2, t) + c] = Math.sin(angle);
        j.data()[j.at(3, t) + c] = Math.cos(angle);
        v.data()[v.at(0, t) + c] = random.nextDouble(-1, 1);
      }
    }
    Planes<double[]> w = new Planes<>(v.data().clone(), steps, v.count(), v.width());
    structure.scan().sequential(j, v, 0, steps, transposed);
    structure.scan().chunked(j, w, 0, steps, 64, transposed);
    for (int i = 0; i < v.data().length; i++) {
      // The reference's bound for modulus 1: a rounding per step.
      assertThat(w.data()[i])
          .isCloseTo(v.data()[i], org.assertj.core.data.Offset.offset(1e-12 * 64));
    }
  }
}
