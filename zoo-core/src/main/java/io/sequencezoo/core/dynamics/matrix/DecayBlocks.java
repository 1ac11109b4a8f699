package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Unary;

/**
 * A chunk's rows cut into blocks, and the decays within them: {@code E_i} is the product of the
 * decays from a block's second row to row i.
 *
 * <p>A block is at most {@link #BLOCK} rows and ends where {@code E} would leave {@code [1/LIMIT,
 * LIMIT]}, so that nothing overflows whatever the gates are; the first row's own decay acts on the
 * state alone and may be zero. Derivation: {@code docs/derivations/matrix-state.md}.
 *
 * @param <A> the array type
 */
final class DecayBlocks<A> {
  /**
   * Rows of a block. Products within a block cost C (K + V) per row and those with the state 2 K V,
   * so that short blocks save arithmetic, and 16 rows still fill the registers of a product: 16 was
   * measured against 32 and 64.
   */
  static final int BLOCK = 16;

  /**
   * The largest ratio of decays in a block, {@code e^30}: its reciprocal leaves as much room above
   * the smallest normal float for small gradients as it takes itself.
   */
  static final double LIMIT = Math.exp(30);

  private final Kernels<A> kernels;
  private final int keys;
  private final int columns;

  /** Channels that decay: keys, or columns. */
  private final int channels;

  private final boolean decays;
  private final boolean byColumn;

  /** As many as were ever needed; the first so many are the present chunk's. */
  private final Block[] pool = new Block[ChunkSize.ROWS];

  private final Block.Layout layout;
  private int count;
  private int rows;
  private final A factor;

  /** {@code E}, {@code [rows, K]} or {@code [rows, columns]}; null without decays. */
  final A fromFirst;

  /** {@code 1/E}, as {@code E}; null without decays. */
  final A toFirst;

  DecayBlocks(
      Precision<A> precision, MatrixStateShape shape, Block.Layout layout, Scratch<A> scratch) {
    this.layout = layout;
    this.kernels = precision.kernels();
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.channels = shape.decayed();
    this.decays = shape.decay() != MatrixStateShape.Decay.NONE;
    this.byColumn = shape.decay() == MatrixStateShape.Decay.VALUE;
    int tile = ChunkSize.ROWS * channels;
    this.fromFirst = decays ? scratch.take(tile) : null;
    this.toFirst = decays ? scratch.take(tile) : null;
    this.factor = scratch.take(channels);
  }

  /** The number of blocks. */
  int count() {
    return count;
  }

  /** The number of rows of all. */
  int rows() {
    return rows;
  }

  /** A block of the present chunk. */
  Block get(int i) {
    return pool[i];
  }

  private void place(int start, int end) {
    if (pool[count] == null) {
      pool[count] = new Block(layout, count);
    }
    pool[count++].place(start, end);
  }

  /** Cuts n rows into blocks and computes {@code E} and {@code 1/E}. */
  void cut(A decay, int n) {
    rows = n;
    count = 0;
    for (int start = 0; start < n; start += BLOCK) {
      place(start, Math.min(n, start + BLOCK));
    }
    if (!decays) {
      return;
    }
    for (int i = 0; i < n; i++) {
      decayRow(decay, i, i % BLOCK == 0);
    }
    int length = n * channels;
    kernels.map(Unary.RECIPROCAL, fromFirst, 0, toFirst, 0, length);
    if (kernels.max(toFirst, 0, length) > LIMIT || kernels.max(fromFirst, 0, length) > LIMIT) {
      cutShort(decay, n);
    }
  }

  private void decayRow(A decay, int i, boolean first) {
    if (first) {
      kernels.fill(fromFirst, i * channels, channels, 1);
    } else {
      kernels.multiply(
          fromFirst, (i - 1) * channels, decay, i * channels, fromFirst, i * channels, channels);
    }
  }

  /** Starts a new block wherever the decays of the present one would leave the limits. */
  private void cutShort(A decay, int n) {
    count = 0;
    int start = 0;
    for (int i = 0; i < n; i++) {
      boolean first = i == 0 || i - start == BLOCK;
      if (!first) {
        decayRow(decay, i, false);
        kernels.map(Unary.RECIPROCAL, fromFirst, i * channels, toFirst, i * channels, channels);
        first =
            kernels.max(toFirst, i * channels, channels) > LIMIT
                || kernels.max(fromFirst, i * channels, channels) > LIMIT;
      }
      if (first) {
        if (i > 0) {
          place(start, i);
        }
        start = i;
        kernels.fill(fromFirst, i * channels, channels, 1);
        kernels.fill(toFirst, i * channels, channels, 1);
      }
    }
    place(start, n);
  }

  /** Decays the state that the block before left unfinished to this block's first row. */
  void enter(A decay, Block block, A state) {
    if (!decays) {
      return;
    }
    int from = block.start();
    if (from == 0) {
      kernels.copy(decay, 0, factor, 0, channels);
    } else {
      kernels.multiply(
          fromFirst, (from - 1) * channels, decay, from * channels, factor, 0, channels);
    }
    decay(factor, 0, state);
  }

  /** Decays the state that the last block of n rows left unfinished to the last row. */
  void leave(int n, A state) {
    if (decays) {
      decay(fromFirst, (n - 1) * channels, state);
    }
  }

  private void decay(A factors, int fo, A state) {
    for (int d = 0; d < keys; d++) {
      int row = d * columns;
      if (byColumn) {
        kernels.multiply(state, row, factors, fo, state, row, columns);
        continue;
      }
      kernels.affine(kernels.get(factors, fo + d), state, row, 0, state, row, columns);
    }
  }

  /**
   * A vector that reads the state before a block's first decay, as one that reads what the block
   * before left unfinished. May be the same array.
   */
  void beforeEntry(Block block, A x, int xo, A y, int yo) {
    if (decays && block.start() > 0) {
      kernels.multiply(x, xo, fromFirst, (block.start() - 1) * keys, y, yo, keys);
    } else {
      kernels.copy(x, xo, y, yo, keys);
    }
  }
}
