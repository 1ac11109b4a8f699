package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Update;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * A sum whose written values depend on the state: the delta rule's keys read as well, {@code k E},
 * and its values follow from what they read; a matrix of rank one adds the reader {@code a} and the
 * writer {@code b}. Second readers and writers are stacked below the first of their block, so that
 * one product serves both; a {@link BlockCorrection} solves for the values.
 *
 * @param <A> the array type
 */
final class ChunkedCorrectedSum<A> extends ChunkedMatrixState<A> {
  private final boolean lowRank;
  private final int writers;

  /** Rows from one that the query reads to the next: the writes of a token. */
  private final int apart;

  /** Rows from the reading of the second reader back to the last write that it sees. */
  private final int lag;

  private final BlockCorrection<A> correction;
  private final A ownReaders;
  private final A ownWriters;
  private final A ownValues;
  private final A reads;

  // Backward only.
  private final A valueGradients;
  private final A readGradients;

  ChunkedCorrectedSum(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    super(precision, shape, layout(shape), backward, scratch);
    this.lowRank = shape.update() == Update.LOW_RANK;
    this.writers = layout(shape).writers();
    this.apart = shape.writes();
    this.lag = lowRank ? 1 : 0;
    this.correction =
        lowRank
            ? new LowRankCorrection<>(precision, shape, blocks, backward, scratch)
            : new DeltaCorrection<>(precision, shape, scratch);
    int rows = ChunkSize.ROWS;
    this.ownReaders = scratch.take(2 * rows * keys);
    this.ownWriters = decays || lowRank ? scratch.take(writers * rows * keys) : null;
    this.ownValues = scratch.take(writers * rows * columns);
    this.reads = scratch.take(2 * BLOCK * columns);
    this.valueGradients = backward ? scratch.take(writers * BLOCK * columns) : null;
    this.readGradients = backward ? scratch.take(2 * BLOCK * columns) : null;
  }

  private static Block.Layout layout(MatrixStateShape shape) {
    return new Block.Layout(2, shape.update() == Update.LOW_RANK ? 2 : 1, shape.writes());
  }

  /** The vectors, or their gradients, by which the second reader reads. */
  private A second(MatrixStateTile<A> tile) {
    return lowRank ? tile.a : tile.k;
  }

  /** The vectors, or their gradients, along which writer w writes. */
  private A writer(MatrixStateTile<A> tile, int w) {
    return w == 0 ? tile.k : tile.b;
  }

  @Override
  void stack(MatrixStateTile<A> tile) {
    x = ownReaders;
    y = ownWriters == null ? tile.k : ownWriters;
    values = ownValues;
    for (int i = 0; i < blocks.count(); i++) {
      Block block = blocks.get(i);
      int from = block.start();
      int rows = block.rows();
      stackQueries(tile, block);
      stackSecond(tile, block);
      for (int w = 0; w < writers && ownWriters != null; w++) {
        int to = (block.writersAbove() + w * rows) * keys;
        stack(writer(tile, w), from * keys, blocks.toFirst, from, y, to, rows * keys);
      }
    }
  }

  private void stackQueries(MatrixStateTile<A> tile, Block block) {
    int query = block.query();
    int to = block.readersAbove() * keys;
    if (apart == 1) {
      int from = block.start();
      stack(tile.q, from * keys, blocks.fromFirst, from, x, to, block.rows() * keys);
      return;
    }
    for (int i = 0; i < block.queries(); i++) {
      int row = block.start() + block.lastWrite(i);
      stack(tile.q, (query + i) * keys, blocks.fromFirst, row, x, to + i * keys, keys);
    }
  }

  private void stackSecond(MatrixStateTile<A> tile, Block block) {
    int from = block.start();
    int to = (block.readersAbove() + block.queries()) * keys;
    int late = lag * keys;
    kernels.fill(x, to, late, 0);
    int length = block.rows() * keys - late;
    stack(second(tile), from * keys + late, blocks.fromFirst, from, x, to + late, length);
  }

  @Override
  void enter(MatrixStateTile<A> tile, Block block, A state) {
    correction.enter(tile, block, state);
    super.enter(tile, block, state);
  }

  @Override
  void leave(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    super.leave(tile, gradient, block, stateGradient);
    correction.leave(tile, gradient, block, stateGradient);
  }

  @Override
  void answer(MatrixStateTile<A> tile, Block block, A state) {
    read(block, 0, state, reads, 0);
    correction.solve(tile, block, scores, reads, values);
    kernels.copy(reads, 0, tile.o, block.query() * columns, block.queries() * columns);
    respond(tile, block);
  }

  @Override
  void values(MatrixStateTile<A> tile, Block block, A state) {
    read(block, block.queries(), state, reads, 0);
    correction.solve(tile, block, scores, reads, values);
  }

  @Override
  void clear(MatrixStateTile<A> gradient, int n) {
    kernels.fill(gradient.q, 0, n / apart * keys, 0);
    kernels.fill(gradient.k, 0, n * keys, 0);
    if (lowRank) {
      kernels.fill(gradient.a, 0, n * keys, 0);
      kernels.fill(gradient.b, 0, n * keys, 0);
    }
  }

  @Override
  void pullValues(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    valueGradient(gradient, block, stateGradient, valueGradients, 0);
    int queries = block.queries() * columns;
    kernels.copy(gradient.o, block.query() * columns, readGradients, 0, queries);
    correction.pullback(tile, gradient, block, scores, valueGradients, readGradients);
  }

  @Override
  A seenGradient(MatrixStateTile<A> gradient) {
    return readGradients;
  }

  @Override
  int seenAt(Block block) {
    return 0;
  }

  @Override
  void splitLastWrites(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int queries = block.queries();
    for (int j = 0; j < queries; j++) {
      int read = (block.query() + j) * keys;
      splitLastWrite(tile, gradient, block, j, block.lastWrite(j), tile.q, gradient.q, read);
    }
    for (int i = 0; i < block.rows(); i++) {
      if (lowRank && i > 0) {
        int read = (block.start() + i) * keys;
        A readGradient = gradient.a;
        splitLastWrite(tile, gradient, block, queries + i, i - 1, tile.a, readGradient, read);
      } else {
        hideUnseen(scoreGradients, (queries + i) * block.width(), block, i);
      }
    }
  }

  /** The same for row j of the block's readers, whose last write is that of row {@code last}. */
  private void splitLastWrite(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      Block block,
      int j,
      int last,
      A reader,
      A readerGradient,
      int read) {
    int at = j * block.width();
    int written = (block.start() + last) * keys;
    for (int w = 0; w < writers; w++) {
      double own = kernels.get(scoreGradients, at + w * block.rows() + last);
      kernels.axpy(own, writer(tile, w), written, readerGradient, read, keys);
      kernels.axpy(own, reader, read, writer(gradient, w), written, keys);
    }
    hideUnseen(scoreGradients, at, block, last);
  }

  @Override
  void unstack(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int from = block.start();
    int rows = block.rows();
    unstackQueries(tile, gradient, block);
    int late = block.queries() + lag;
    unstackReads(
        new Part<>(second(tile), second(gradient), from + lag, late, rows - lag, 0), block, true);
    for (int w = 0; w < writers; w++) {
      unstackWrites(
          new Part<>(writer(tile, w), writer(gradient, w), from, w * rows, rows, 0), block, w > 0);
    }
  }

  private void unstackQueries(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block) {
    int query = block.query();
    if (apart == 1) {
      unstackReads(new Part<>(tile.q, gradient.q, query, 0, block.rows(), 0), block, false);
      return;
    }
    if (decays) {
      kernels.fill(decayGradient.readWithin, 0, block.rows() * keys, 0);
      kernels.fill(decayGradient.readAcross, 0, block.rows() * keys, 0);
    }
    for (int i = 0; i < block.queries(); i++) {
      int row = block.lastWrite(i);
      unstackReads(new Part<>(tile.q, gradient.q, query + i, i, 1, row), block, false);
    }
  }
}
