package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Dense products within blocks of rows, the state between them. With {@code E_i} the decay from a
 * block's first row to row i, readers {@code X = q E}, writers {@code Y = k / E}, the values {@code
 * N} that they write, and {@code S'} the state decayed to the block's first row:
 *
 * <pre>{@code
 * O = tril(X Yᵀ) N + X S'        S = diag(E_last) (S' + Yᵀ N)
 *
 * dN = tril(X Yᵀ)ᵀ dO + Y D'     dX = tril(dO Nᵀ) Y + dO S'ᵀ     dY = tril(dO Nᵀ)ᵀ X + N D'ᵀ
 * }</pre>
 *
 * <p>Here are the products. {@link ChunkedSum} writes {@code N = V}; in a {@link
 * ChunkedCorrectedSum} what is written depends on what is read. Derivation: {@code
 * docs/derivations/matrix-state.md}.
 *
 * @param <A> the array type
 */
abstract class ChunkedMatrixState<A> implements MatrixStateSolver<A> {
  static final int BLOCK = DecayBlocks.BLOCK;

  final Kernels<A> kernels;
  final int keys;
  final int columns;

  /** Whether readers and writers decay: whether rows of the state do. */
  final boolean decays;

  final DecayBlocks<A> blocks;
  final A scores;

  /** Readers, writers and values of the present chunk, stacked: own arrays, or the tile's. */
  A x;

  A y;
  A values;

  // Backward only.
  final A scoreGradients;
  final DecayGradient<A> decayGradient;

  /** {@code S'} of every block. */
  final A states;

  private final A xWithin;
  private final A xAcross;
  private final A yWithin;
  private final A yAcross;

  ChunkedMatrixState(
      Precision<A> precision,
      MatrixStateShape shape,
      Block.Layout layout,
      boolean backward,
      Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.decays = shape.decaysRows();
    this.blocks = new DecayBlocks<>(precision, shape, layout, scratch);
    int pairs = layout.readers() * layout.writers();
    this.scores = scratch.take(pairs * BLOCK * ChunkSize.ROWS);
    int xs = layout.readers() * BLOCK * keys;
    int ys = layout.writers() * BLOCK * keys;
    this.states = backward ? scratch.take(ChunkSize.ROWS * keys * columns) : null;
    this.scoreGradients = backward ? scratch.take(pairs * BLOCK * BLOCK) : null;
    this.xWithin = backward && decays ? scratch.take(xs) : null;
    this.xAcross = backward ? scratch.take(xs) : null;
    this.yWithin = backward && decays ? scratch.take(ys) : null;
    this.yAcross = backward ? scratch.take(ys) : null;
    this.decayGradient = backward && decays ? new DecayGradient<>(precision, keys, scratch) : null;
  }

  /** Stacks the chunk's readers {@code . E}, its writers {@code . /E} and its values. */
  abstract void stack(MatrixStateTile<A> tile);

  /** From scores and state, the values that the block writes, and the tile's outputs. */
  abstract void answer(MatrixStateTile<A> tile, Block block, A state);

  /** From scores and state, the values that the block writes, again. */
  abstract void values(MatrixStateTile<A> tile, Block block, A state);

  /** Clears the gradients of readers and writers, to which all blocks add. */
  abstract void clear(MatrixStateTile<A> gradient, int n);

  /** Takes the gradient of the block's values back to what they came from. */
  abstract void pullValues(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient);

  /** Where {@link #pullValues} leaves the gradient of what the block's readers saw. */
  abstract A seenGradient(MatrixStateTile<A> gradient);

  /** Where it starts there. */
  abstract int seenAt(Block block);

  /**
   * Takes out of the scores' gradients what isn't seen, and the last write that a reader sees: it
   * has no decay between, goes to both vectors at once and would only cancel in the decays'
   * gradient.
   */
  abstract void splitLastWrites(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block);

  /** Adds the stacks' gradients to those of readers and writers. */
  abstract void unstack(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block);

  @Override
  public final void forward(MatrixStateTile<A> tile, int n, A state) {
    blocks.cut(tile.decay, n);
    stack(tile);
    for (int i = 0; i < blocks.count(); i++) {
      Block block = blocks.get(i);
      enter(tile, block, state);
      score(block);
      answer(tile, block, state);
      write(block, state);
    }
    blocks.leave(n, state);
  }

  @Override
  public final void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient) {
    blocks.cut(tile.decay, n);
    stack(tile);
    replay(tile, state);
    blocks.leave(n, stateGradient);
    clear(gradient, n);
    for (int i = blocks.count() - 1; i >= 0; i--) {
      Block block = blocks.get(i);
      pullValues(tile, gradient, block, stateGradient);
      A seen = seenGradient(gradient);
      int at = seenAt(block);
      scoreGradient(block, seen, at);
      splitLastWrites(tile, gradient, block);
      across(block, seen, at, stateGradient);
      within(block);
      addOuter(x, block.readersAbove(), seen, at, block.height(), stateGradient);
      leave(tile, gradient, block, stateGradient);
      unstack(tile, gradient, block);
      if (decays) {
        decayGradient.collect(block.rows(), gradient.decay, block.start());
      }
    }
  }

  /** Leaves {@code S'}, scores and values of every block behind. */
  private void replay(MatrixStateTile<A> tile, A state) {
    int length = keys * columns;
    for (int i = 0; i < blocks.count(); i++) {
      Block block = blocks.get(i);
      enter(tile, block, state);
      kernels.copy(state, 0, states, i * length, length);
      score(block);
      values(tile, block, state);
      if (i < blocks.count() - 1) {
        write(block, state);
      }
    }
  }

  /** Decays the state to the block's first row. */
  void enter(MatrixStateTile<A> tile, Block block, A state) {
    blocks.enter(tile.decay, block, state);
  }

  /** Takes the gradient of the state back through that decay. */
  void leave(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    blocks.enter(tile.decay, block, stateGradient);
  }

  /** {@code to = from ⊙ factors}, or a copy without decays. */
  final void stack(A from, int at, A factors, int row, A to, int stacked, int length) {
    if (decays) {
      kernels.multiply(from, at, factors, row * keys, to, stacked, length);
    } else {
      kernels.copy(from, at, to, stacked, length);
    }
  }

  /** {@code X Yᵀ} of a block, zero where nothing is seen. */
  private void score(Block block) {
    int width = block.width();
    int at = block.scores();
    int yo = block.writersAbove() * keys;
    int xo = block.readersAbove() * keys;
    kernels.gemm(
        false,
        true,
        block.height(),
        width,
        keys,
        1,
        x,
        xo,
        keys,
        y,
        yo,
        keys,
        0,
        scores,
        at,
        width);
    for (int j = 0; j < block.height(); j++) {
      hideUnseen(scores, at + j * width, block, block.seen(j));
    }
  }

  /** Clears a row of scores but for what is seen of each writer. */
  final void hideUnseen(A matrix, int at, Block block, int seen) {
    int rows = block.rows();
    for (int w = 0; w < block.width(); w += rows) {
      kernels.fill(matrix, at + w + seen, rows - seen, 0);
    }
  }

  /** {@code X S'} of the block's readers from row {@code first}, to the same row of {@code to}. */
  final void read(Block block, int first, A state, A to, int at) {
    int xo = (block.readersAbove() + first) * keys;
    kernels.gemm(
        false,
        false,
        block.height() - first,
        columns,
        keys,
        1,
        x,
        xo,
        keys,
        state,
        0,
        columns,
        0,
        to,
        at + first * columns,
        columns);
  }

  /** {@code O += tril(X Yᵀ) N} of the queries. */
  final void respond(MatrixStateTile<A> tile, Block block) {
    int width = block.width();
    int no = block.writersAbove() * columns;
    int oo = block.query() * columns;
    kernels.gemm(
        false,
        false,
        block.queries(),
        columns,
        width,
        1,
        scores,
        block.scores(),
        width,
        values,
        no,
        columns,
        1,
        tile.o,
        oo,
        columns);
  }

  /** {@code S += Yᵀ N}. */
  private void write(Block block, A state) {
    int at = block.writersAbove();
    addOuter(y, at, values, at * columns, block.width(), state);
  }

  /** {@code S += Aᵀ B} over rows of the stacks. */
  private void addOuter(A a, int row, A b, int bo, int rows, A state) {
    kernels.gemm(
        true,
        false,
        keys,
        columns,
        rows,
        1,
        a,
        row * keys,
        keys,
        b,
        bo,
        columns,
        1,
        state,
        0,
        columns);
  }

  /** {@code dN = tril(X Yᵀ)ᵀ dO + Y D'}. */
  final void valueGradient(
      MatrixStateTile<A> gradient, Block block, A stateGradient, A to, int at) {
    int width = block.width();
    int yo = block.writersAbove() * keys;
    int go = block.query() * columns;
    kernels.gemm(
        false,
        false,
        width,
        columns,
        keys,
        1,
        y,
        yo,
        keys,
        stateGradient,
        0,
        columns,
        0,
        to,
        at,
        columns);
    kernels.gemm(
        true,
        false,
        width,
        columns,
        block.queries(),
        1,
        scores,
        block.scores(),
        width,
        gradient.o,
        go,
        columns,
        1,
        to,
        at,
        columns);
  }

  /** {@code dX̂ Nᵀ}, dX̂ the gradient of what readers saw. */
  private void scoreGradient(Block block, A seen, int at) {
    int width = block.width();
    int no = block.writersAbove() * columns;
    kernels.gemm(
        false,
        true,
        block.height(),
        width,
        columns,
        1,
        seen,
        at,
        columns,
        values,
        no,
        columns,
        0,
        scoreGradients,
        0,
        width);
  }

  /** What passes through the state: {@code dX = dX̂ S'ᵀ}, {@code dY = N D'ᵀ}. */
  private void across(Block block, A seen, int at, A stateGradient) {
    int so = block.index() * keys * columns;
    timesStateTransposed(block.height(), seen, at, states, so, xAcross);
    int no = block.writersAbove() * columns;
    timesStateTransposed(block.width(), values, no, stateGradient, 0, yAcross);
    for (int d = 0; decays && d < keys; d++) {
      double through = kernels.dot(states, so + d * columns, stateGradient, d * columns, columns);
      kernels.set(decayGradient.through, d, through);
    }
  }

  private void timesStateTransposed(int rows, A a, int ao, A state, int so, A to) {
    kernels.gemm(
        false, true, rows, keys, columns, 1, a, ao, columns, state, so, columns, 0, to, 0, keys);
  }

  /** What stays in the block: {@code dX = dA Y}, {@code dY = dAᵀ X}; kept apart for the decays. */
  private void within(Block block) {
    int height = block.height();
    int width = block.width();
    int xo = block.readersAbove() * keys;
    int yo = block.writersAbove() * keys;
    double beta = decays ? 0 : 1;
    A dx = decays ? xWithin : xAcross;
    A dy = decays ? yWithin : yAcross;
    kernels.gemm(
        false,
        false,
        height,
        keys,
        width,
        1,
        scoreGradients,
        0,
        width,
        y,
        yo,
        keys,
        beta,
        dx,
        0,
        keys);
    kernels.gemm(
        true,
        false,
        width,
        keys,
        height,
        1,
        scoreGradients,
        0,
        width,
        x,
        xo,
        keys,
        beta,
        dy,
        0,
        keys);
  }

  /**
   * Rows of a block's stack that belong to one tensor of the tile.
   *
   * @param x the tensor
   * @param gradient its gradient
   * @param row the first row of both
   * @param stackRow the first row of the stack
   * @param rows how many there are
   * @param blockRow the first row of the block by whose decays they are read or written
   */
  record Part<A>(A x, A gradient, int row, int stackRow, int rows, int blockRow) {}

  /** Adds readers' gradients to their tensor's, and to what their decays collect. */
  final void unstackReads(Part<A> part, Block block, boolean accumulate) {
    if (decays) {
      A decay = blocks.fromFirst;
      undecay(part, xWithin, decay, block, decayGradient.readWithin, accumulate);
      undecay(part, xAcross, decay, block, decayGradient.readAcross, accumulate);
    } else {
      add(part, xAcross);
    }
  }

  /** Adds writers' gradients to their tensor's, and to what their decays collect. */
  final void unstackWrites(Part<A> part, Block block, boolean accumulate) {
    if (decays) {
      A decay = blocks.toFirst;
      undecay(part, yWithin, decay, block, decayGradient.writeWithin, accumulate);
      undecay(part, yAcross, decay, block, decayGradient.writeAcross, accumulate);
    } else {
      add(part, yAcross);
    }
  }

  private void add(Part<A> part, A stack) {
    int at = part.row * keys;
    int length = part.rows * keys;
    kernels.add(stack, part.stackRow * keys, part.gradient, at, part.gradient, at, length);
  }

  /** {@code part *= decay; gradient += part; pairs (+)= part x}. */
  private void undecay(Part<A> part, A stack, A decay, Block block, A pairs, boolean accumulate) {
    int so = part.stackRow * keys;
    int at = part.row * keys;
    int po = part.blockRow * keys;
    int length = part.rows * keys;
    kernels.multiply(stack, so, decay, block.start() * keys + po, stack, so, length);
    kernels.add(stack, so, part.gradient, at, part.gradient, at, length);
    if (accumulate) {
      kernels.multiplyAdd(stack, so, part.x, at, pairs, po, length);
    } else {
      kernels.multiply(stack, so, part.x, at, pairs, po, length);
    }
  }
}
