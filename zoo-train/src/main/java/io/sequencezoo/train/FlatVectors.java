package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Parallel loops over a model's flat vectors, cut by shape alone. */
final class FlatVectors {
  /** Elements of one task: large enough to outweigh hand-over, small enough to share. */
  private static final int GRAIN = 1 << 15;

  /** Elements of a heap tile; four of them in float fit a level-1 cache of 32 KiB. */
  static final int TILE = 2048;

  private FlatVectors() {}

  /** Consecutive parameters that weight decay treats alike, in pieces for one task each. */
  static List<Piece> pieces(Parameters parameters) {
    List<Piece> pieces = new ArrayList<>();
    List<ParameterSpec> specs = parameters.specs();
    long start = 0;
    long at = 0;
    for (int i = 0; i < specs.size(); i++) {
      boolean decayed = specs.get(i).decayed();
      at += specs.get(i).length();
      if (i + 1 == specs.size() || specs.get(i + 1).decayed() != decayed) {
        for (long from = start; from < at; from += GRAIN) {
          pieces.add(new Piece(from, Math.min(at, from + GRAIN), decayed));
        }
        start = at;
      }
    }
    return pieces;
  }

  /**
   * All gradients in one vector.
   *
   * @throws IllegalArgumentException where the parameters have none
   */
  static INDArray gradients(Parameters parameters) {
    INDArray gradients = parameters.gradients();
    checkArgument(
        gradients != null, "train: parameters must have gradients, got none; give them a vector");
    return gradients;
  }

  /** {@code √Σ x²}, infinite only where an entry is. */
  static double norm(INDArray vector) {
    return norm(Precision.of(vector), vector);
  }

  private static <A> double norm(Precision<A> precision, INDArray vector) {
    double sum = sumOfSquares(precision, vector, 1);
    if (Double.isFinite(sum)) {
      return Math.sqrt(sum);
    }
    // Squares overflow float from 1.8e19 on although the entries are finite.
    double small = 1e-30;
    return Math.sqrt(sumOfSquares(precision, vector, small)) / small;
  }

  private static <A> double sumOfSquares(Precision<A> precision, INDArray vector, double scale) {
    Slab<A> slab = precision.slab(vector);
    Kernels<A> kernels = precision.kernels();
    double[] partial = new double[(int) ((slab.length() + GRAIN - 1) / GRAIN)];
    Parallel.ranges(
        slab.length(),
        GRAIN,
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(TILE);
            double sum = 0;
            for (long at = start; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              slab.load(at, tile, 0, n);
              if (scale != 1) {
                kernels.affine(scale, tile, 0, 0, tile, 0, n);
              }
              sum += kernels.dot(tile, 0, tile, 0, n);
            }
            partial[(int) (start / GRAIN)] = sum;
          }
        });
    double sum = 0;
    for (double part : partial) {
      sum += part;
    }
    return sum;
  }

  /** A vector of zeros outside every workspace. */
  static INDArray zeros(DataType type, long length) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.zeros(type, Math.max(1, length));
    }
  }

  /**
   * A range of the flat vector.
   *
   * @param from first element
   * @param to element after the last
   * @param decayed whether weight decay applies
   */
  record Piece(long from, long to, boolean decayed) {}
}
