package io.sequencezoo.core.dynamics.attention;

/**
 * The weights of one head of keys of one row, block of queries by block, and their pullback. A
 * block is the queries {@code [from, to)} of the row, counted with what the state held; its weights
 * are rows of {@code to} numbers.
 *
 * @param <A> the heap array type
 */
interface RowWeights<A> {
  /**
   * Writes the weights of a block.
   *
   * @param g the query head among those of this head of keys
   * @param queries of the block, packed
   * @param weights those of keys that a query doesn't see become zero
   */
  void forward(int g, int from, int to, A queries, A weights);

  /**
   * The pullback of the last block that went forward: adds to the gradients of what is held, and
   * writes those of the queries.
   *
   * @param weights as {@link #forward} left them
   * @param gWeights their gradient; overwritten
   */
  void backward(int g, int from, int to, A queries, A weights, A gWeights, A gQueries);

  /** Adds what is left to add once all blocks went backward. */
  void finish();
}
