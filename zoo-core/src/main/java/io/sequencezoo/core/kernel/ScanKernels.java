package io.sequencezoo.core.kernel;

/**
 * Linear systems over time; see {@link Kernels}. Rows of n channels follow each other without gaps.
 *
 * <p>Systems of K numbers per channel lie in planes: plane p of a step is a row of n channels, rows
 * of one plane follow each other. Plane i K + j of the matrices is J_ij.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface ScanKernels<A> extends ElementwiseKernels<A> {

  /**
   * {@code h_t = J_t h_{t-1} + v_t} in place of v, or with {@code J_tᵀ} and from the last step to
   * the first.
   *
   * @param blocks K
   * @param state K rows: the state before, then that after
   */
  default void blockScan(
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> state,
      Strided<A> v,
      int steps,
      int n) {
    BlockScans.scan(this, transposed, blocks, j, state, v, steps, n);
  }

  /**
   * What {@link #blockScan} makes of a state it is not given yet, {@code P state + q}, for at least
   * one step.
   *
   * @param map K (K + 2) rows: writes P, row by row, and q; the last K are destroyed
   */
  default void blockMap(
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> v,
      Strided<A> map,
      int steps,
      int n) {
    BlockScans.map(this, transposed, blocks, j, v, map, steps, n);
  }

  /**
   * Advances n complex numbers by {@code steps}: {@code h_t = λ h_{t-1} + x_t}. Complex rows are
   * two runs of n, real parts first. Row t of x lies at {@code xo + t stride} and of h at {@code ho
   * + t stride}; a negative stride goes back in time. On entry {@code state} is the state before
   * the first step, on return after the last. x and h may be the same array and offset.
   */
  void complexScan(
      A lambda, A x, int xo, A h, int ho, int stride, int steps, A state, int so, int n);

  /**
   * {@code h_t = a_t h_{t-1} + x_t} channel by channel: writes {@code h_1 ... h_steps} into y,
   * which may be x. At ho, h holds n states from before the first step and is left with those after
   * the last.
   */
  void linearScan(A a, A x, A h, int ho, A y, int steps, int n);

  /**
   * The pullback of {@link #linearScan}, backwards through time with {@code G_t = gy_t + a_{t+1}
   * G_{t+1}}: turns gy into {@code gx_t = G_t} and before into {@code ga_t = G_t h_{t-1}}.
   *
   * @param before {@code h_0 ... h_{steps-1}}, the states that the decays multiplied
   * @param gh at gho, the gradient that reaches the last state from behind; on return, of {@code
   *     h_0}
   */
  void linearScanPullback(A a, A before, A gy, A gh, int gho, int steps, int n);

  /** Runs a system into y, rows of n, and leaves the state after the last step in its h. */
  void selectiveScan(SelectiveSystem<A> system, A y);

  /** The length of the array that {@link #selectiveScanPullback} works in. */
  int selectiveScanWork(int steps, int states);

  /**
   * The pullback of {@link #selectiveScan}, which it runs once more: writes y and leaves h as it
   * is.
   *
   * @param work {@link #selectiveScanWork} elements, destroyed
   */
  void selectiveScanPullback(
      SelectiveSystem<A> system, SelectiveGradients<A> gradients, A y, A work);
}
