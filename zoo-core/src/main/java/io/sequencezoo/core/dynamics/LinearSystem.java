package io.sequencezoo.core.dynamics;

import org.jspecify.annotations.Nullable;

/**
 * A linear time-varying system of one row and one head in double precision:
 *
 * <pre>{@code
 * h_t = Λ_t h_{t-1} + B_t u_t        y_t = C_t h_t + D_t u_t
 * }</pre>
 *
 * <p>This is the Dynamical Systems Framework's common form (Sieber et al., arXiv 2405.15731, eq.
 * 1).
 */
public interface LinearSystem {
  /** T, the number of steps. */
  int steps();

  /** N, the number of state variables. */
  int stateSize();

  /** The number of inputs per step. */
  int inputSize();

  /** The number of outputs per step. */
  int outputSize();

  /** {@code Λ_t}, t from 0. */
  Transition transition(int t);

  /** {@code B_t}, N rows of inputs. */
  double[][] inputMatrix(int t);

  /** {@code C_t}, outputs rows of N. */
  double[][] outputMatrix(int t);

  /** {@code D_t}, outputs rows of inputs; null for zero. */
  double @Nullable [][] feedthrough(int t);

  /** The state before step 0. */
  double[] initialState();

  /** The inputs {@code u_t} that the recurrence was driven by, T rows. */
  double[][] inputs();

  /** Runs the system on inputs {@code u}, T rows; returns the outputs, T rows. */
  double[][] simulate(double[][] u);

  /**
   * The mixing matrix {@code Φ}, {@code y = Φ u} for zero initial state: blocks {@code Φ_ij = C_i
   * (Λ_i ... Λ_{j+1}) B_j}, {@code Φ_ii = C_i B_i + D_i}, as {@code [T outputs][T inputs]} numbers.
   */
  double[][] mixingMatrix();
}
