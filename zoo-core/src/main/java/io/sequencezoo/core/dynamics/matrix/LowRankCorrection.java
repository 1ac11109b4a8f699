package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * A decay plus a matrix of rank one, within a block. Row i reads the state before its own decay,
 * hence with {@code R_i = a_i E_{i-1}}; the block's first row reads before the state enters the
 * block. With the scores {@code L} of these readers with the rows before them:
 *
 * <pre>{@code
 * W = R S' + L_k V + L_b W                what rows read, and write again along b
 * Y = dW + L_bᵀ Y        dV += L_kᵀ Y     d(R S') = Y
 * }</pre>
 *
 * @param <A> the array type
 */
final class LowRankCorrection<A> implements BlockCorrection<A> {
  private final Kernels<A> kernels;
  private final DecayBlocks<A> blocks;
  private final int keys;
  private final int columns;
  private final A first;
  private final A firstReads;
  private final A matrix;

  /** The state that each block finds before it decays it; for backward only. */
  private final A before;

  LowRankCorrection(
      Precision<A> precision,
      MatrixStateShape shape,
      DecayBlocks<A> blocks,
      boolean backward,
      Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.blocks = blocks;
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.first = scratch.take(keys);
    this.firstReads = scratch.take(columns);
    this.matrix = scratch.take(DecayBlocks.BLOCK * DecayBlocks.BLOCK);
    this.before = backward ? scratch.take(ChunkSize.ROWS * shape.stateLength()) : null;
  }

  @Override
  public void enter(MatrixStateTile<A> tile, Block block, A state) {
    blocks.beforeEntry(block, tile.a, block.start() * keys, first, 0);
    kernels.gemm(
        false,
        false,
        1,
        columns,
        keys,
        1,
        first,
        0,
        keys,
        state,
        0,
        columns,
        0,
        firstReads,
        0,
        columns);
    if (before != null) {
      kernels.copy(state, 0, before, block.index() * keys * columns, keys * columns);
    }
  }

  @Override
  public void solve(MatrixStateTile<A> tile, Block block, A scores, A reads, A values) {
    int from = block.start();
    int rows = block.rows();
    int so = block.secondScores();
    int ro = block.queries() * columns;
    int own = 2 * from * columns;
    int read = own + rows * columns;
    kernels.copy(tile.v, from * columns, values, own, rows * columns);
    kernels.copy(firstReads, 0, values, read, columns);
    kernels.copy(reads, ro + columns, values, read + columns, (rows - 1) * columns);
    kernels.gemm(
        false, false, rows, columns, rows, 1, scores, so, 2 * rows, values, own, columns, 1, values,
        read, columns);
    negatedScores(rows, scores, so);
    kernels.solveUnitLower(false, rows, columns, matrix, 0, rows, values, read, columns);
  }

  /** {@code -L_b}. */
  private void negatedScores(int rows, A scores, int so) {
    for (int i = 1; i < rows; i++) {
      kernels.affine(-1, scores, so + (2 * i + 1) * rows, 0, matrix, i * rows, i);
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
    int half = rows * columns;
    negatedScores(rows, scores, so);
    kernels.solveUnitLower(true, rows, columns, matrix, 0, rows, valueGradient, half, columns);
    kernels.gemm(
        true,
        false,
        rows,
        columns,
        rows,
        1,
        scores,
        so,
        2 * rows,
        valueGradient,
        half,
        columns,
        1,
        valueGradient,
        0,
        columns);
    kernels.copy(valueGradient, 0, gradient.v, from * columns, half);
    kernels.copy(valueGradient, half, readGradient, ro, half);
    kernels.copy(valueGradient, half, firstReads, 0, columns);
  }

  @Override
  public void leave(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    int row = block.start() * keys;
    int at = block.index() * keys * columns;
    blocks.beforeEntry(block, tile.a, row, first, 0);
    for (int d = 0; d < keys; d++) {
      kernels.axpy(kernels.get(first, d), firstReads, 0, stateGradient, d * columns, columns);
      double read = kernels.dot(before, at + d * columns, firstReads, 0, columns);
      kernels.set(gradient.a, row + d, read);
    }
    blocks.beforeEntry(block, gradient.a, row, gradient.a, row);
  }
}
