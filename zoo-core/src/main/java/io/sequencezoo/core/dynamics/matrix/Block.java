package io.sequencezoo.core.dynamics.matrix;

/**
 * Consecutive rows of a chunk, and where they lie in stacks: below each other the block's first
 * readers and its second ones, and its first writers and its second ones. Belongs to a task, which
 * places it anew for every chunk.
 */
final class Block {
  /**
   * What every row of a chunk brings to the stacks.
   *
   * @param readers vectors that read the state: the query, and what a correction reads by
   * @param writers vectors along which it is written
   * @param apart rows from one that the query reads to the next: the writes of a token
   */
  record Layout(int readers, int writers, int apart) {
    /** Rows of the readers' stack before a row of the chunk. */
    private int readersAbove(int row) {
      return row / apart + (readers - 1) * row;
    }
  }

  private final Layout layout;
  private final int index;
  private int start;
  private int end;

  Block(Layout layout, int index) {
    this.layout = layout;
    this.index = index;
  }

  /** Moves it to the rows from start to before end. */
  void place(int start, int end) {
    this.start = start;
    this.end = end;
  }

  /** Blocks before it. */
  int index() {
    return index;
  }

  /** Its first row. */
  int start() {
    return start;
  }

  /** How many rows it has. */
  int rows() {
    return end - start;
  }

  /** The first token whose last write is in it. */
  int query() {
    return start / layout.apart;
  }

  /** How many tokens have their last write in it: the rows of its first reader. */
  int queries() {
    return end / layout.apart - start / layout.apart;
  }

  /** Rows of the readers' stack before its own. */
  int readersAbove() {
    return layout.readersAbove(start);
  }

  /** Rows of its readers; the second ones start after {@link #queries}. */
  int height() {
    return layout.readersAbove(end) - layout.readersAbove(start);
  }

  /** Rows of the writers' stack before its own. */
  int writersAbove() {
    return layout.writers * start;
  }

  /** Rows of its writers; the second ones start after {@link #rows}. */
  int width() {
    return layout.writers * rows();
  }

  /** Where its scores start, {@code [height, width]}. */
  int scores() {
    return layout.readers * layout.writers * DecayBlocks.BLOCK * start;
  }

  /** Where the scores of its second reader start. */
  int secondScores() {
    return scores() + queries() * width();
  }

  /** The row at which its i-th query reads: the last write of the token. */
  int lastWrite(int i) {
    return (query() + i + 1) * layout.apart - 1 - start;
  }

  /**
   * How many of its rows a row of its readers sees: a query its own token's writes, a second reader
   * only those before.
   */
  int seen(int reader) {
    return reader < queries() ? lastWrite(reader) + 1 : reader - queries();
  }
}
