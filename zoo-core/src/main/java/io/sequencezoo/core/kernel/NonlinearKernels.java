package io.sequencezoo.core.kernel;

/**
 * Nonlinear cells; see {@link Kernels}. A slot is a run of numbers, one per unit; slots lie stride
 * apart.
 *
 * <p>Cells whose recurrent weights are diagonal: over whole sequences, all arrays from their first
 * element, rows of n channels or of the drive's 3 n without gaps; and one step from any state, on
 * runs of n numbers that may be channels of several positions, with the weights repeated.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface NonlinearKernels<A> extends ArrayKernels<A> {

  /**
   * One step of n units of a cell of this kind. Gates (slots from {@code work[go]}) come as
   * pre-activations and leave as activations, auxiliaries (from {@code work[ao]}) but for the first
   * are written for the pullback, and the state (from {@code state[so]}) moves on.
   *
   * @param parameters the cell's own parameters, from {@code po}; null for kinds without
   */
  default void cell(
      CellKind kind,
      A work,
      int go,
      int ao,
      A state,
      int so,
      A parameters,
      int po,
      int stride,
      int n) {
    ScalarCells.cell(this, kind, work, go, ao, state, so, parameters, po, stride, n);
  }

  /**
   * The pullback of {@link #cell}: from what it left in work and the gradient of the next state in
   * gState, writes the gradient of the pre-activations to gGates and that of the state, as far as
   * it doesn't come through the recurrent products, to gState.
   */
  default void cellPullback(
      CellKind kind,
      A work,
      int go,
      int ao,
      A gState,
      int so,
      A gGates,
      int ggo,
      A parameters,
      int po,
      int stride,
      int n) {
    ScalarCells.pullback(
        this, kind, work, go, ao, gState, so, gGates, ggo, parameters, po, stride, n);
  }

  /**
   * All steps of n channels.
   *
   * @param a a row per weight
   * @param x a row per step and gate
   * @param h the state before the first step in row 0; writes rows 1 to {@code steps}
   * @param c the same of the second number of the state; null for kinds without
   */
  default void diagonalScan(DiagonalCell kind, A a, A x, A h, A c, int steps, int n) {
    ScalarDiagonalCells.scan(this, kind, a, x, h, c, steps, 0, n);
  }

  /**
   * The pullback of {@link #diagonalScan}, which evaluates the gates again: writes gx (may be x),
   * adds to ga.
   *
   * @param h all {@code steps + 1} rows; c likewise
   * @param gy gradients of rows 1 to {@code steps} of h
   * @param gh the gradient that reaches the last state from behind; on return, of row 0; gc
   *     likewise
   */
  default void diagonalScanPullback(
      DiagonalCell kind, A a, A x, A h, A c, A gy, A gh, A gc, A gx, A ga, int steps, int n) {
    ScalarDiagonalCells.scanPullback(this, kind, a, x, h, c, gy, gh, gc, gx, ga, steps, 0, n);
  }

  /**
   * One step from every state, and its slopes.
   *
   * @param a a plane per weight from the first element, {@code as} apart
   * @param h planes of the state; next likewise
   * @param x a plane per gate
   * @param j planes ∂h'/∂h, ∂h'/∂c, ∂c'/∂h, ∂c'/∂c, or the first alone
   */
  default void diagonalLinearise(
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> next,
      Strided<A> j,
      int n) {
    ScalarDiagonalCells.linearise(this, kind, a, as, h, x, next, j, 0, n);
  }

  /**
   * The pullback of one step from every state: from the gradient g of the next state writes that of
   * x and adds to ga, which is laid out as a.
   */
  default void diagonalPullback(
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> g,
      Strided<A> gx,
      A ga,
      int n) {
    ScalarDiagonalCells.pullback(this, kind, a, as, h, x, g, gx, ga, 0, n);
  }
}
