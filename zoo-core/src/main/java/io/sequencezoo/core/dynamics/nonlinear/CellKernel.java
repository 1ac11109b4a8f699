package io.sequencezoo.core.dynamics.nonlinear;

/**
 * The arithmetic of a {@link Cell} on many positions at once. State, drive and Jacobian lie in
 * {@link Planes}; rows are neighbouring positions, independent of each other. Outputs never overlap
 * inputs.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface CellKernel<A> {
  /** {@code next = f(h, x)} for the first n positions of each. */
  void next(int n, Planes<A> h, Planes<A> x, Planes<A> next);

  /**
   * The same, and the Jacobian {@code ∂f/∂h}: one plane for DIAGONAL, for BLOCKS plane {@code i K +
   * j} is {@code ∂f_i/∂h_j}, for DENSE one plane of rows {@code [d, d]}.
   */
  void linearise(int n, Planes<A> h, Planes<A> x, Planes<A> next, Planes<A> jacobian);

  /**
   * The local pullback: from the cotangent g of next, with the state before as given, the gradient
   * of the drive, and those of the parameters, which are added up.
   *
   * @param parameters gradients of θ one after another, of the channels that are bound
   */
  void pullback(int n, Planes<A> h, Planes<A> x, Planes<A> g, Planes<A> gx, A parameters);
}
