package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The states of a channel at chunk starts, forwards and, as gradients, backwards: what inputs add
 * to them is one product over all chunks of all rows, what remains is a scan over chunks.
 *
 * @param <A> the array type
 */
final class ChannelChunks<A> {
  private final ChannelShape shape;
  private final ChannelModes<A> table;
  private final Kernels<A> kernels;
  private final int modes;
  private final int width;
  private final int chunk;
  private final int chunks;
  private final A row;

  ChannelChunks(ChannelShape shape, ChannelModes<A> table, Scratch<A> scratch) {
    this.shape = shape;
    this.table = table;
    this.kernels = table.precision().kernels();
    this.modes = shape.modes();
    this.width = shape.width();
    this.chunk = shape.chunk();
    this.chunks = shape.chunks();
    this.row = scratch.take(width);
  }

  /** Length of arrays of states: one row to each chunk and one to spare at both ends. */
  int length() {
    return (shape.rows() * chunks + 2) * width;
  }

  /** Adds what n chunks read of the states before them, {@code Y += S Rᵀ}. */
  void addReads(int n, A starts, A y) {
    addProduct(n, starts, table.read, y);
  }

  /** Adds what n chunks wrote to the states behind them, of gradients next, {@code gU += G Wᵀ}. */
  void addWrites(int n, A next, A gu) {
    addProduct(n, next, table.write, gu);
  }

  private void addProduct(int n, A rows, A factors, A sums) {
    kernels.gemm(
        false, true, n, chunk, width, 1, rows, width, width, factors, 0, width, 1, sums, 0, chunk);
  }

  /** Where the state of chunk j of row r lies. */
  int at(int r, int j) {
    return (1 + r * chunks + j) * width;
  }

  /**
   * {@code S_{j+1} = Z_L S_j + Σ_s Z_{L-1-s} u_s}: writes the states at chunk starts and moves
   * {@code states} behind the last valid step of each row.
   *
   * @param added a spare array of {@link #length()}
   */
  void forward(A u, int uo, int rows, int firstRow, A states, A starts, A added) {
    int n = rows * chunks;
    kernels.gemm(
        false, false, n, width, chunk, 1, u, uo, chunk, table.write, 0, width, 0, added, 0, width);
    for (int r = 0; r < rows; r++) {
      int so = r * width;
      kernels.copy(states, so, starts, at(r, 0), width);
      // Each state lands at the start of the next chunk; a row's last one on the next row's first,
      // which is written after it.
      kernels.complexScan(
          table.across,
          added,
          r * chunks * width,
          starts,
          at(r, 1),
          width,
          chunks,
          states,
          so,
          modes);
      int length = shape.lengths()[firstRow + r];
      int j = length / chunk;
      int rest = length % chunk;
      if (j < chunks) {
        table.advance(rest, false, starts, at(r, j), states, so);
        int from = uo + r * shape.padded() + j * chunk;
        int write = (chunk - rest) * width;
        kernels.gemm(
            false,
            false,
            1,
            width,
            rest,
            1,
            u,
            from,
            chunk,
            table.write,
            write,
            width,
            1,
            states,
            so,
            width);
      }
    }
  }

  /**
   * Gradients {@code G_j} of states at chunk starts from what is read of them and of the states
   * behind the last valid steps: {@code G_j = conj(Z_L) G_{j+1} + read_j}. Writes {@code G_{j+1}}
   * to chunk j of {@code next}, and turns {@code gStates} into {@code G_0}.
   *
   * @param read {@code [rows chunks, 2N]}, what chunk j's outputs ask of its start; changed
   */
  void backward(int rows, int firstRow, A read, A gStates, A next) {
    // From the last row to the first: a row's first gradient lands on the last of the one before.
    for (int r = rows - 1; r >= 0; r--) {
      int so = r * width;
      int length = shape.lengths()[firstRow + r];
      int j = length / chunk;
      if (j < chunks) {
        table.advance(length % chunk, true, gStates, so, row, 0);
        int at = (r * chunks + j) * width;
        kernels.add(read, at, row, 0, read, at, width);
        kernels.fill(gStates, so, width, 0);
      }
      kernels.copy(gStates, so, next, at(r, chunks - 1), width);
      kernels.complexScan(
          table.back,
          read,
          (r * chunks + chunks - 1) * width,
          next,
          at(r, chunks - 2),
          -width,
          chunks,
          gStates,
          so,
          modes);
    }
  }

  /**
   * The other paths of the gradient of states behind the last valid step: to the inputs of the last
   * chunk and to the powers that led there.
   *
   * @param gLast {@code [rows, 2N]}
   * @param gWrite {@code [L, 2N]}, added to
   */
  void lastBackward(
      A u,
      int uo,
      int rows,
      int firstRow,
      A gLast,
      A starts,
      A gu,
      A gWrite,
      ChannelGradient gradient) {
    for (int r = 0; r < rows; r++) {
      int length = shape.lengths()[firstRow + r];
      int j = length / chunk;
      int rest = length % chunk;
      if (j == chunks || rest == 0) {
        continue;
      }
      int so = r * width;
      int from = r * shape.padded() + j * chunk;
      int write = (chunk - rest) * width;
      kernels.gemm(
          false,
          true,
          1,
          rest,
          width,
          1,
          gLast,
          so,
          width,
          table.write,
          write,
          width,
          1,
          gu,
          from,
          chunk);
      kernels.gemm(
          true, false, rest, width, 1, 1, u, uo + from, rest, gLast, so, width, 1, gWrite, write,
          width);
      double[] product = new double[width];
      multiplyConjugate(gLast, so, starts, at(r, j), product);
      gradient.ofPower(rest, table.powers, rest * width, product, 0);
    }
  }

  /** Adds {@code Σ_j G_{j+1} conj(S_j)}, the gradient of {@code Z_L}. */
  void acrossBackward(int rows, A starts, A next, A spare, ChannelGradient gradient) {
    int n = rows * chunks;
    kernels.fill(spare, 0, 2 * width, 0);
    for (int k = 0; k < n; k++) {
      int at = (1 + k) * width;
      kernels.multiplyAdd(next, at, starts, at, spare, 0, width);
      kernels.multiplyAdd(next, at + modes, starts, at, spare, width, modes);
      kernels.multiplyAdd(next, at, starts, at + modes, spare, width + modes, modes);
    }
    double[] sums = new double[2 * width];
    kernels.widen(spare, 0, sums, 0, 2 * width);
    double[] product = new double[width];
    for (int i = 0; i < modes; i++) {
      product[i] = sums[i] + sums[modes + i];
      product[modes + i] = sums[width + i] - sums[width + modes + i];
    }
    gradient.ofPower(chunk, table.powers, chunk * width, product, 0);
  }

  /** {@code product = g conj(s)}. */
  private void multiplyConjugate(A g, int go, A s, int so, double[] product) {
    double[] gs = new double[width];
    double[] ss = new double[width];
    kernels.widen(g, go, gs, 0, width);
    kernels.widen(s, so, ss, 0, width);
    for (int i = 0; i < modes; i++) {
      product[i] = gs[i] * ss[i] + gs[modes + i] * ss[modes + i];
      product[modes + i] = gs[modes + i] * ss[i] - gs[i] * ss[modes + i];
    }
  }
}
