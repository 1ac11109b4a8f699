package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The delta rule within a block. With {@code K = k E} the keys as readers, {@code L} their scores
 * with the writers before them, and {@code B = diag(beta)}:
 *
 * <pre>{@code
 * R = V - K S' - L B R        U = B R          what a row finds missing, and what it writes
 * Y = dU - (B L)ᵀ Y           dV = B Y         dbeta = rowsum(R ⊙ Y)      d(K S') = -B Y
 * }</pre>
 *
 * @param <A> the array type
 */
final class DeltaCorrection<A> implements BlockCorrection<A> {
  private final Kernels<A> kernels;
  private final int columns;
  private final A missing;
  private final A matrix;

  DeltaCorrection(Precision<A> precision, MatrixStateShape shape, Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.columns = shape.columns();
    this.missing = scratch.take(ChunkSize.ROWS * columns);
    this.matrix = scratch.take(DecayBlocks.BLOCK * DecayBlocks.BLOCK);
  }

  @Override
  public void solve(MatrixStateTile<A> tile, Block block, A scores, A reads, A values) {
    int from = block.start();
    int rows = block.rows();
    int so = block.secondScores();
    int ro = block.queries() * columns;
    int at = from * columns;
    kernels.subtract(tile.v, at, reads, ro, missing, at, rows * columns);
    for (int i = 1; i < rows; i++) {
      kernels.multiply(scores, so + i * rows, tile.beta, from, matrix, i * rows, i);
    }
    kernels.solveUnitLower(false, rows, columns, matrix, 0, rows, missing, at, columns);
    for (int i = 0; i < rows; i++) {
      int row = at + i * columns;
      kernels.affine(kernels.get(tile.beta, from + i), missing, row, 0, values, row, columns);
    }
  }

  @Override
  public void pullback(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      Block block,
      A scores,
      A valueGradient,
      A readGradient) {
    int from = block.start();
    int rows = block.rows();
    int so = block.secondScores();
    int ro = block.queries() * columns;
    int at = from * columns;
    for (int i = 1; i < rows; i++) {
      double beta = kernels.get(tile.beta, from + i);
      kernels.affine(beta, scores, so + i * rows, 0, matrix, i * rows, i);
    }
    kernels.solveUnitLower(true, rows, columns, matrix, 0, rows, valueGradient, 0, columns);
    for (int i = 0; i < rows; i++) {
      int row = at + i * columns;
      double beta = kernels.get(tile.beta, from + i);
      double rate = kernels.dot(missing, row, valueGradient, i * columns, columns);
      kernels.set(gradient.beta, from + i, rate);
      kernels.affine(beta, valueGradient, i * columns, 0, gradient.v, row, columns);
    }
    kernels.affine(-1, gradient.v, at, 0, readGradient, ro, rows * columns);
  }
}
