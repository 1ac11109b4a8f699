package io.sequencezoo.core.dynamics;

/**
 * Advances one head of a matrix-state recurrence over one chunk, forwards and backwards. State
 * tiles are {@code [K, columns]}.
 *
 * @param <A> the array type
 */
interface MatrixStateSolver<A> {
  /** Rows of the largest chunk; states are kept at chunk starts for the backward pass. */
  int CHUNK = 64;

  /**
   * From {@code q, k, v, decay} of the tile and the state before the chunk: writes {@code o} and
   * advances the state, rows 0 to n-1.
   */
  void forward(MatrixStateTile<A> tile, int n, A state);

  /**
   * From {@code q, k, v, decay} of the tile, {@code o} of the gradient tile, the state before the
   * chunk and the gradient of the state after it: writes {@code q}, {@code k}, {@code v} of the
   * gradient tile and in {@code decay} the gradient of the log decay, and moves {@code
   * stateGradient} to the one before the chunk. May overwrite {@code state}.
   */
  void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient);
}
