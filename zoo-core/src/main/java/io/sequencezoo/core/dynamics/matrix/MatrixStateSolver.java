package io.sequencezoo.core.dynamics.matrix;

/**
 * Advances one head of a matrix-state recurrence over one chunk, forwards and backwards. State
 * tiles are {@code [K, columns]}.
 *
 * @param <A> the array type
 */
interface MatrixStateSolver<A> {
  /**
   * From the coefficients of the tile and the state before the chunk: writes {@code o} and advances
   * the state, rows 0 to n-1, whole tokens.
   */
  void forward(MatrixStateTile<A> tile, int n, A state);

  /**
   * From the coefficients of the tile, {@code o} of the gradient tile, the state before the chunk
   * and the gradient of the state after it: writes the coefficients of the gradient tile, in {@code
   * decay} the gradient of the log decay, and moves {@code stateGradient} to the one before the
   * chunk. May overwrite {@code state}.
   */
  void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient);
}
