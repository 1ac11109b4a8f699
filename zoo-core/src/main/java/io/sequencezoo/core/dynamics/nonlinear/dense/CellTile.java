package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.kernel.Kernels;

/**
 * Where the numbers of a range of units of some rows lie in an array of slots. Wide ranges lie slot
 * by slot, {@code [slot][row][unit]}, so that one call of a kernel handles a slot of all rows; what
 * is narrow or doesn't fill vectors lies row by row, {@code [row][slot][unit]}, so that products
 * can lead to several slots at once.
 *
 * @param left the first unit
 * @param n units
 * @param rows rows
 * @param bySlot whether slots come first
 */
record CellTile(int left, int n, int rows, boolean bySlot) {
  /** Slots or rows a power of two apart would fall on the same few sets of a cache. */
  static final int PADDING = 16;

  /** From a slot to the next. */
  int slotStride() {
    return bySlot ? rows * n + PADDING : n;
  }

  /** From a row to the next in an array of so many slots. */
  int rowStride(int slots) {
    return bySlot ? n : slots * n + PADDING;
  }

  /** Where a slot of a row starts in an array of so many slots. */
  int at(int slots, int slot, int row) {
    return slot * slotStride() + row * rowStride(slots);
  }

  /** The length of an array of so many slots. */
  int length(int slots) {
    return bySlot ? slots * slotStride() : rows * rowStride(slots);
  }

  /** Where a row's units start in numbers per unit, one slot of which every row sees. */
  int shared(int row) {
    return bySlot ? row * n : 0;
  }

  /** Spreads {@code slots} runs of H numbers to all rows: {@code shared} says where. */
  <A> void spread(Kernels<A> kernels, A from, int hidden, int slots, A into) {
    for (int slot = 0; slot < slots; slot++) {
      for (int row = 0; row < (bySlot ? rows : 1); row++) {
        int to = slot * slotStride() + shared(row);
        kernels.copy(from, slot * hidden + left, into, to, n);
      }
    }
  }

  /**
   * Calls the body with ranges of rows that run at a step, as many at a time as one call of a
   * kernel can take.
   *
   * @param lengths of all rows, this tile's from {@code first} on
   */
  void runs(int[] lengths, int first, int step, Run body) {
    for (int row = 0; row < rows; row++) {
      if (step >= lengths[first + row]) {
        continue;
      }
      int end = row + 1;
      while (bySlot && end < rows && step < lengths[first + end]) {
        end++;
      }
      body.accept(row, (end - row) * n);
      row = end - 1;
    }
  }

  /** Some rows: the first of them, and how many units they have. */
  @FunctionalInterface
  interface Run {
    void accept(int row, int units);
  }
}
