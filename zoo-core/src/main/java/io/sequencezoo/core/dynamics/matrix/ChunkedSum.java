package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The plain sum: queries read, keys write, and what they write is {@code N = V}. A stack's row is
 * the chunk's.
 *
 * @param <A> the array type
 */
final class ChunkedSum<A> extends ChunkedUncorrected<A> {
  private final A readers;
  private final A writers;

  ChunkedSum(Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    super(precision, shape, backward, scratch);
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
  void pullValues(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    valueGradient(gradient, block, stateGradient, gradient.v, block.start() * columns);
  }
}
