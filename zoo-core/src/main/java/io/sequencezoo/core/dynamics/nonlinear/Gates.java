package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The diagonal weights of a cell that works channel by channel: vectors over its channels, each
 * repeated for as many positions as one call handles, so that a call is one run whatever the number
 * of channels.
 */
final class Gates<A> {
  /** Numbers of a run: long enough to outweigh a call, short enough for a level-1 cache. */
  private static final int RUN = 256;

  private final Kernels<A> kernels;
  private final int width;
  private final int rows;
  private final int vectors;
  private final A data;
  private final A sums;

  /**
   * Vectors of channels {@code from} to {@code to - 1}.
   *
   * @param parameters arrays {@code [vectors, all]}, which are taken together
   */
  Gates(
      Precision<A> precision,
      List<INDArray> parameters,
      int all,
      int from,
      int to,
      Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.width = to - from;
    this.rows = Math.max(1, RUN / width);
    this.vectors = parameters.stream().mapToInt(p -> (int) p.size(0)).sum();
    this.data = scratch.take(vectors * run());
    this.sums = scratch.take(vectors * run());
    int at = 0;
    for (INDArray parameter : parameters) {
      Slab<A> slab = precision.slab(parameter);
      for (int v = 0; v < parameter.size(0); v++) {
        slab.load((long) v * all + from, data, at, width);
        for (int r = 1; r < rows; r++) {
          kernels.copy(data, at, data, at + r * width, width);
        }
        at += run();
      }
    }
  }

  /** The channels. */
  int width() {
    return width;
  }

  /** The positions of a run. */
  int rows() {
    return rows;
  }

  /** The numbers of a run; vector v starts at v times that. */
  int run() {
    return rows * width;
  }

  /** All vectors. */
  A data() {
    return data;
  }

  /** Where the kernels add up gradients, laid out as the vectors are. */
  A sums() {
    return sums;
  }

  /** Sets the sums to zero. */
  void clearSums() {
    kernels.fill(sums, 0, vectors * run(), 0);
  }

  /**
   * Adds the sums, whose repetitions are the same weight, to the gradients {@code [vectors, N]}.
   */
  void addSums(A gradients) {
    for (int v = 0; v < vectors; v++) {
      for (int r = 0; r < rows; r++) {
        kernels.add(gradients, v * width, sums, v * run() + r * width, gradients, v * width, width);
      }
    }
  }

  /** N of a drive of so many gates. */
  static int width(String subject, int inputSize, int gates) {
    checkArgument(
        inputSize > 0 && inputSize % gates == 0,
        "%s: drive must have G divisible by its %s gates, got %s",
        subject,
        gates,
        inputSize);
    return inputSize / gates;
  }

  /** Refuses a parameter that isn't {@code [vectors, n]}. */
  static void check(String subject, String name, INDArray parameter, int vectors, int n) {
    checkArgument(
        parameter.rank() == 2 && parameter.size(0) == vectors && parameter.size(1) == n,
        "%s: parameter %s must be [%s, N=%s], got %s",
        subject,
        name,
        vectors,
        n,
        Arrays.toString(parameter.shape()));
  }
}
