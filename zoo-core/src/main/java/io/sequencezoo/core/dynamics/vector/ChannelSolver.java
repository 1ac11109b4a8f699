package io.sequencezoo.core.dynamics.vector;

/**
 * Advances one channel of several rows over all time. A row of the channel is {@link
 * ChannelShape#padded()} numbers, zero from its length on.
 *
 * @param <A> the array type
 */
interface ChannelSolver<A> {
  /**
   * From the inputs u of {@code rows} rows and states {@code [rows, 2N]} before them: writes
   * outputs y and moves the states behind the last valid step of each row.
   *
   * @param firstRow the index of the first row in the batch
   */
  void forward(A u, int uo, int rows, int firstRow, A states, A y);

  /**
   * From inputs u, states before them, the gradients gy of the outputs and {@code gStates} of the
   * states behind: writes gu, turns gStates into the gradient of the states before, and adds to the
   * gradient of the coefficients.
   */
  void backward(
      A u,
      int uo,
      int rows,
      int firstRow,
      A states,
      A gy,
      int gyo,
      A gStates,
      A gu,
      ChannelGradient gradient);
}
