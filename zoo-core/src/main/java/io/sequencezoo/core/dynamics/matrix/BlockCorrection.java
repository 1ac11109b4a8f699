package io.sequencezoo.core.dynamics.matrix;

/**
 * What makes a written value depend on the state: solves for the values that a block of rows
 * writes, forwards and backwards. Called block by block by {@link ChunkedCorrectedSum}, whose
 * stacks it shares: the rows of each reader, then those of the next, and of writers and their
 * values likewise.
 *
 * @param <A> the array type
 */
interface BlockCorrection<A> {
  /** Before the state decays to a block's first row. */
  default void enter(MatrixStateTile<A> tile, Block block, A state) {}

  /**
   * Computes the values that the block writes.
   *
   * @param scores readers x writers within the block, where {@link Block#scores} says
   * @param reads what the block's readers see of the state before it, the second after the first
   * @param values takes the values of the block's writers, in the chunk's stack
   */
  void solve(MatrixStateTile<A> tile, Block block, A scores, A reads, A values);

  /**
   * From the gradient of the values, which may be overwritten, writes the gradients of the tile's
   * own values and rates, and the gradient of what the second reader saw of the state and of the
   * values before it.
   *
   * @param readGradient takes the latter, after the first reader's
   */
  void pullback(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      Block block,
      A scores,
      A valueGradient,
      A readGradient);

  /** After the gradient of the state went back through the decay to the block's first row. */
  default void leave(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, Block block, A stateGradient) {}
}
