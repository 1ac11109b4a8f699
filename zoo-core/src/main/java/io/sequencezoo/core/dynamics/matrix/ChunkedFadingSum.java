package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The sum whose value channels decay: with {@code E} the decays of columns, what keys write is
 * {@code N = V / E}, and outputs are {@code (tril(Q Kᵀ) N + Q S') ⊙ E}. The log decays gather what
 * readers {@code o ⊙ do} and writers {@code v ⊙ dv} bring.
 *
 * @param <A> the array type
 */
final class ChunkedFadingSum<A> extends ChunkedUncorrected<A> {
  private final A written;

  /** For backward only. */
  private final DecayGradient<A> fading;

  ChunkedFadingSum(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    super(precision, shape, backward, scratch);
    this.written = scratch.take(ChunkSize.ROWS * columns);
    this.fading = backward ? new DecayGradient<>(precision, columns, scratch) : null;
  }

  @Override
  void stack(MatrixStateTile<A> tile) {
    x = tile.q;
    y = tile.k;
    values = written;
    kernels.multiply(tile.v, 0, blocks.toFirst, 0, written, 0, blocks.rows() * columns);
  }

  @Override
  void answer(MatrixStateTile<A> tile, Block block, A state) {
    int at = block.start() * columns;
    read(block, 0, state, tile.o, at);
    respond(tile, block);
    kernels.multiply(tile.o, at, blocks.fromFirst, at, tile.o, at, block.rows() * columns);
  }

  /** Leaves in the gradient of the outputs that of what readers saw before it faded. */
  @Override
  void pullValues(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {
    int rows = block.rows();
    int at = block.start() * columns;
    int n = rows * columns;
    kernels.multiply(gradient.o, at, blocks.fromFirst, at, gradient.o, at, n);
    // A token's own write has no decay before its output, and would only cancel there.
    for (int i = 0; i < rows; i++) {
      int own = block.scores() + i * rows + i;
      int row = at + i * columns;
      double seen = kernels.get(scores, own);
      kernels.affine(seen, gradient.o, row, 0, gradient.v, row, columns);
      kernels.set(scores, own, 0);
    }
    collectReads(gradient, block);
    collectWrites(gradient, block, stateGradient);
    kernels.multiply(gradient.v, at, blocks.toFirst, at, gradient.v, at, n);
    through(block, stateGradient);
    fading.collect(rows, gradient.decay, block.start());
  }

  private void collectReads(MatrixStateTile<A> gradient, Block block) {
    int at = block.start() * columns;
    int n = block.rows() * columns;
    int so = block.index() * keys * columns;
    product(false, block, keys, x, block.start() * keys, states, so, fading.readAcross);
    kernels.multiply(fading.readAcross, 0, gradient.o, at, fading.readAcross, 0, n);
    product(false, block, block.rows(), scores, block.scores(), values, at, fading.readWithin);
    kernels.multiply(fading.readWithin, 0, gradient.o, at, fading.readWithin, 0, n);
  }

  private void collectWrites(MatrixStateTile<A> gradient, Block block, A stateGradient) {
    int at = block.start() * columns;
    int n = block.rows() * columns;
    A within = fading.writeWithin;
    A across = fading.writeAcross;
    product(true, block, block.rows(), scores, block.scores(), gradient.o, at, within);
    product(false, block, keys, y, block.start() * keys, stateGradient, 0, across);
    kernels.add(gradient.v, at, within, 0, gradient.v, at, n);
    kernels.add(gradient.v, at, across, 0, gradient.v, at, n);
    kernels.multiply(within, 0, values, at, within, 0, n);
    kernels.multiply(across, 0, values, at, across, 0, n);
  }

  /** {@code to = A B}, or {@code Aᵀ B}, with the block's rows and all columns. */
  private void product(boolean transposed, Block block, int inner, A a, int ao, A b, int bo, A to) {
    int rows = block.rows();
    kernels.gemm(
        transposed,
        false,
        rows,
        columns,
        inner,
        1,
        a,
        ao,
        inner,
        b,
        bo,
        columns,
        0,
        to,
        0,
        columns);
  }

  private void through(Block block, A stateGradient) {
    int so = block.index() * keys * columns;
    kernels.fill(fading.through, 0, columns, 0);
    for (int d = 0; d < keys; d++) {
      int row = d * columns;
      kernels.multiplyAdd(states, so + row, stateGradient, row, fading.through, 0, columns);
    }
  }
}
