package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The plain sum: queries read, keys write, and what they write is {@code N = V}. A stack's row is
 * the chunk's.
 *
 * @param <A> the array type
 */
final class ChunkedSum<A> extends ChunkedMatrixState<A> {
  private static final Block.Layout LAYOUT = new Block.Layout(1, 1, 1);

  private final A readers;
  private final A writers;

  ChunkedSum(Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    super(precision, shape, LAYOUT, backward, scratch);
    this.readers = decays ? scratch.take(ChunkSize.ROWS * keys) : null;
    this.writers = decays ? scratch.take(ChunkSize.ROWS * keys) : null;
  }

  @Override
  void stack(MatrixStateTile<A> tile) {
    x = decays ? readers : tile.q;
    y = decays ? writers : tile.k;
    values = tile.v;
    if (decays) {
      int length = blocks.rows() * keys;
      stack(tile.q, 0, blocks.fromFirst, 0, x, 0, length);
      stack(tile.k, 0, blocks.toFirst, 0, y, 0, length);
    }
  }

  @Override
  void answer(MatrixStateTile<A> tile, Block block, A state) {
    read(block, 0, state, tile.o, block.start() * columns);
    respond(tile, block);
  }

  @Override
  void values(MatrixStateTile<A> tile, Block block, A state) {
    // They are the tile's.
  }

  @Override
  void clear(MatrixStateTile<A> gradient, int n) {
    kernels.fill(gradient.q, 0, n * keys, 0);
    kernels.fill(gradient.k, 0, n * keys, 0);
  }

  @Override
  void pullValues(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    valueGradient(gradient, block, stateGradient, gradient.v, block.start() * columns);
  }

  @Override
  A seenGradient(MatrixStateTile<A> gradient) {
    return gradient.o;
  }

  @Override
  int seenAt(Block block) {
    return block.start() * columns;
  }

  @Override
  void splitLastWrites(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
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
  void unstack(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int from = block.start();
    int rows = block.rows();
    unstackReads(new Part<>(tile.q, gradient.q, from, 0, rows, 0), block, false);
    unstackWrites(new Part<>(tile.k, gradient.k, from, 0, rows, 0), block, false);
  }
}
