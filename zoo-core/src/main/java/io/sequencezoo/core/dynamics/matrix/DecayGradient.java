package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Collects the gradient of each log decay of a block from every pair that it stands between: writer
 * before row i, reader at or after it. Within the block and through the state are told apart, so
 * that only sums over the block's own pairs are subtracted.
 *
 * @param <A> the array type
 */
final class DecayGradient<A> {
  private final Kernels<A> kernels;
  private final int keys;

  /** Per row, reader ⊙ its gradient from writers of the block: {@code [rows, K]}. */
  final A readWithin;

  /** Per row, reader ⊙ its gradient from the state before the block. */
  final A readAcross;

  /** Per row, writer ⊙ its gradient from readers of the block. */
  final A writeWithin;

  /** Per row, writer ⊙ its gradient from the state after the block. */
  final A writeAcross;

  /** From the state before the block to that after it, {@code [K]}. */
  final A through;

  DecayGradient(Precision<A> precision, int keys, Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.keys = keys;
    int tile = DecayBlocks.BLOCK * keys;
    this.readWithin = scratch.take(tile);
    this.readAcross = scratch.take(tile);
    this.writeWithin = scratch.take(tile);
    this.writeAcross = scratch.take(tile);
    this.through = scratch.take(keys);
  }

  /** Writes the gradient of the log decays of a block's rows; overwrites the parts. */
  void collect(int rows, A gradient, int from) {
    int last = rows - 1;
    int first = from * keys;
    kernels.subtract(readWithin, 0, writeWithin, 0, readWithin, 0, rows * keys);
    for (int i = last - 1; i >= 0; i--) {
      addRow(readAcross, i + 1, readAcross, i);
      addRow(readWithin, i + 1, readWithin, i);
    }
    for (int i = 1; i < last; i++) {
      addRow(writeAcross, i - 1, writeAcross, i);
    }
    for (int i = 0; i < rows; i++) {
      kernels.add(through, 0, readAcross, i * keys, gradient, first + i * keys, keys);
    }
    // The first row's decay acts on the state alone: no writer of the block stands before it.
    int rest = last * keys;
    kernels.add(gradient, first + keys, readWithin, keys, gradient, first + keys, rest);
    kernels.add(gradient, first + keys, writeAcross, 0, gradient, first + keys, rest);
  }

  private void addRow(A x, int from, A y, int to) {
    kernels.add(x, from * keys, y, to * keys, y, to * keys, keys);
  }
}
