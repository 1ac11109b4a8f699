package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Chunks of all rows at once as products of real matrices: a triangular Toeplitz matrix within
 * chunks, and states between them. The cost per token doesn't depend on T.
 *
 * <pre>{@code
 * Y = U K + S Rᵀ        gU = gY Kᵀ + G Wᵀ
 * }</pre>
 *
 * <p>with U, Y {@code [chunks, L]}, S the states before chunks, G the gradients of those behind
 * them, and the tables K, R, W of {@link ChannelModes}. States are made again for the backward
 * pass.
 *
 * @param <A> the array type
 */
final class ChunkedChannel<A> implements ChannelSolver<A> {
  private final ChannelModes<A> table;
  private final ChannelChunks<A> states;
  private final Kernels<A> kernels;
  private final int width;
  private final int chunk;
  private final int chunks;
  private final A starts;
  private final A next;
  private final A spare;
  private final A gLast;
  private final A gWithin;
  private final A gTable;
  private final double[] wide;

  ChunkedChannel(ChannelShape shape, ChannelModes<A> table, Scratch<A> scratch) {
    this.table = table;
    this.states = new ChannelChunks<>(shape, table, scratch);
    this.kernels = table.precision().kernels();
    this.width = shape.width();
    this.chunk = shape.chunk();
    this.chunks = shape.chunks();
    this.starts = scratch.take(states.length());
    this.next = scratch.take(states.length());
    this.spare = scratch.take(states.length());
    this.gLast = scratch.take(shape.rows() * width);
    this.gWithin = scratch.take(chunk * chunk);
    this.gTable = scratch.take(chunk * width);
    this.wide = new double[chunk * Math.max(width, chunk)];
  }

  @Override
  public void forward(A u, int uo, int rows, int firstRow, A state, A y) {
    int n = rows * chunks;
    states.forward(u, uo, rows, firstRow, state, starts, spare);
    kernels.gemm(
        false, false, n, chunk, chunk, 1, u, uo, chunk, table.within, 0, chunk, 0, y, 0, chunk);
    states.addReads(n, starts, y);
  }

  @Override
  public void backward(
      A u,
      int uo,
      int rows,
      int firstRow,
      A state,
      A gy,
      int gyo,
      A gStates,
      A gu,
      ChannelGradient gradient) {
    int n = rows * chunks;
    states.forward(u, uo, rows, firstRow, state, starts, spare);
    kernels.copy(gStates, 0, gLast, 0, rows * width);
    kernels.gemm(
        false, false, n, width, chunk, 1, gy, gyo, chunk, table.read, 0, width, 0, spare, 0, width);
    states.backward(rows, firstRow, spare, gStates, next);
    kernels.gemm(
        false, true, n, chunk, chunk, 1, gy, gyo, chunk, table.within, 0, chunk, 0, gu, 0, chunk);
    states.addWrites(n, next, gu);
    kernels.gemm(
        true, false, chunk, width, n, 1, u, uo, chunk, next, width, width, 0, gTable, 0, width);
    states.lastBackward(u, uo, rows, firstRow, gLast, starts, gu, gTable, gradient);
    kernels.widen(gTable, 0, wide, 0, chunk * width);
    gradient.ofWrites(table, chunk, wide);
    kernels.gemm(
        true, false, chunk, width, n, 1, gy, gyo, chunk, starts, width, width, 0, gTable, 0, width);
    kernels.widen(gTable, 0, wide, 0, chunk * width);
    gradient.ofReads(table, chunk, wide);
    kernels.gemm(
        true, false, chunk, chunk, n, 1, u, uo, chunk, gy, gyo, chunk, 0, gWithin, 0, chunk);
    withinGradient(gradient);
    states.acrossBackward(rows, starts, next, spare, gradient);
  }

  /** Sums along diagonals are the gradient of the response. */
  private void withinGradient(ChannelGradient gradient) {
    for (int s = 1; s < chunk; s++) {
      kernels.add(gWithin, 0, gWithin, s * chunk + s, gWithin, 0, chunk - s);
    }
    kernels.widen(gWithin, 0, wide, 0, chunk);
    gradient.feed += wide[0];
    for (int l = 0; l < chunk; l++) {
      gradient.ofResponse(l, table.w, table.powers, l * width, wide[l]);
    }
  }
}
