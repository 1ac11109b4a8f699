package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The largest singular value of recurrent weights, and clipping it. A recurrence whose Jacobian
 * stays below 1 in norm forgets exponentially, and Newton's method on its trajectory converges in a
 * few iterations; ParaRNN (arXiv 2510.21450, appendix C.1) clips at {@link #LANGUAGE} in language
 * models and {@link #SYNTHETIC} on synthetic tasks.
 */
public final class SpectralNorm {
  /** ParaRNN's limit in language models. */
  public static final double LANGUAGE = 0.5;

  /** ParaRNN's limit on synthetic tasks. */
  public static final double SYNTHETIC = 0.9;

  /** The power iteration ends when the norm grows by less than this factor. */
  private static final double CONVERGED = 1e-12;

  private static final int ITERATIONS = 10_000;

  private SpectralNorm() {}

  /**
   * The largest singular value of a matrix, by power iteration; of a vector, which stands for a
   * diagonal matrix, its largest magnitude.
   */
  public static double of(INDArray weight) {
    checkArgument(
        weight.rank() == 1 || weight.rank() == 2,
        "spectral norm: weight must be a vector or a matrix, got shape %s",
        Arrays.toString(weight.shape()));
    if (weight.rank() == 1) {
      return Arrays.stream(weight.toDoubleVector()).map(Math::abs).max().orElse(0);
    }
    return of(weight.toDoubleMatrix(), 0, (int) weight.size(1));
  }

  private static double of(double[][] w, int from, int to) {
    // From a random direction, which almost surely has a part along the largest one.
    double[] v = new SplittableRandom(1).doubles(to - from, -1, 1).toArray();
    double norm = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      double[] u = new double[w.length];
      double[] next = new double[v.length];
      double length = length(v);
      for (int p = 0; p < w.length; p++) {
        for (int j = 0; j < v.length; j++) {
          u[p] += w[p][from + j] * v[j] / length;
        }
        for (int j = 0; j < v.length; j++) {
          next[j] += w[p][from + j] * u[p];
        }
      }
      double before = norm;
      norm = length(u);
      v = next;
      if (norm == 0 || !Double.isFinite(norm) || norm - before <= CONVERGED * norm) {
        break;
      }
    }
    return norm;
  }

  private static double length(double[] v) {
    double sum = 0;
    for (double x : v) {
      sum += x * x;
    }
    return Math.sqrt(sum);
  }

  /**
   * Scales each of the side-by-side blocks of a weight, such as the gates of {@code recurrent [H,
   * 4H]}, down to the limit where its norm exceeds it; in place.
   *
   * @param weight a matrix, or a vector, each of whose entries is then cut
   * @param blocks 1 for the matrix as a whole
   * @return the largest norm before
   */
  public static double clip(INDArray weight, int blocks, double limit) {
    checkArgument(
        limit > 0 && Double.isFinite(limit),
        "spectral norm: limit must be positive and finite, got %s",
        limit);
    if (weight.rank() == 1) {
      double largest = of(weight);
      for (long i = 0; i < weight.length(); i++) {
        weight.putScalar(i, Math.max(-limit, Math.min(limit, weight.getDouble(i))));
      }
      return largest;
    }
    checkArgument(
        weight.rank() == 2 && blocks >= 1 && weight.size(1) % blocks == 0,
        "spectral norm: weight must be a matrix with columns divisible by blocks %s, got shape %s",
        blocks,
        Arrays.toString(weight.shape()));
    double[][] values = weight.toDoubleMatrix();
    int columns = (int) weight.size(1) / blocks;
    double largest = 0;
    for (int block = 0; block < blocks; block++) {
      double norm = of(values, block * columns, (block + 1) * columns);
      largest = Math.max(largest, norm);
      for (int p = 0; norm > limit && p < values.length; p++) {
        for (int j = block * columns; j < (block + 1) * columns; j++) {
          weight.putScalar(p, j, values[p][j] * limit / norm);
        }
      }
    }
    return largest;
  }

  /**
   * Clips the recurrent weights of a model, each gate by itself: every parameter whose name {@code
   * isRecurrent} accepts, such as {@code name -> name.contains("recurrent")}.
   *
   * @return the largest norm before
   */
  public static double clip(Parameters parameters, Predicate<String> isRecurrent, double limit) {
    double largest = 0;
    for (ParameterSpec spec : parameters.specs()) {
      if (isRecurrent.test(spec.name())) {
        INDArray weight = parameters.value(spec.name());
        boolean gates = weight.rank() == 2 && weight.size(1) % weight.size(0) == 0;
        int blocks = gates ? (int) (weight.size(1) / weight.size(0)) : 1;
        largest = Math.max(largest, clip(weight, blocks, limit));
      }
    }
    return largest;
  }
}
