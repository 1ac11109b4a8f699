package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Sums without corrections: queries read, keys write, and what they write doesn't depend on the
 * state. A stack's row is the chunk's.
 *
 * @param <A> the array type
 */
abstract class ChunkedUncorrected<A> extends ChunkedMatrixState<A> {
  private static final Block.Layout LAYOUT = new Block.Layout(1, 1, 1);

  ChunkedUncorrected(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    super(precision, shape, LAYOUT, backward, scratch);
  }

  @Override
  final void values(MatrixStateTile<A> tile, Block block, A state) {
    // They are stacked.
  }

  @Override
  final void clear(MatrixStateTile<A> gradient, int n) {
    kernels.fill(gradient.q, 0, n * keys, 0);
    kernels.fill(gradient.k, 0, n * keys, 0);
  }

  @Override
  final A seenGradient(MatrixStateTile<A> gradient) {
    return gradient.o;
  }

  @Override
  final int seenAt(Block block) {
    return block.start() * columns;
  }

  @Override
  final void splitLastWrites(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int rows = block.rows();
    for (int i = 0; i < rows; i++) {
      int at = (block.start() + i) * keys;
      double own = kernels.get(scoreGradients, i * rows + i);
      kernels.axpy(own, tile.k, at, gradient.q, at, keys);
      kernels.axpy(own, tile.q, at, gradient.k, at, keys);
      hideUnseen(scoreGradients, i * rows, block, i);
    }
  }

  @Override
  final void unstack(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int from = block.start();
    int rows = block.rows();
    unstackReads(new Part<>(tile.q, gradient.q, from, 0, rows, 0), block, false);
    unstackWrites(new Part<>(tile.k, gradient.k, from, 0, rows, 0), block, false);
  }
}
