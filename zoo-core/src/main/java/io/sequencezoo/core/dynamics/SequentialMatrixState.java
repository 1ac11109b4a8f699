package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The readable specification: one token after the other.
 *
 * <pre>{@code
 * S_t = diag(e^{g_t}) S_{t-1} + k_t v_tᵀ      dS_t += q_t do_tᵀ
 * o_t = S_tᵀ q_t                              dq_t = S_t do_t    dk_t = dS_t v_t   dv_t = dS_tᵀ k_t
 *                                             dg_t = e^{g_t} rowsum(S_{t-1} ⊙ dS_t)
 *                                             dS_{t-1} = diag(e^{g_t}) dS_t
 * }</pre>
 *
 * @param <A> the array type
 */
final class SequentialMatrixState<A> implements MatrixStateSolver<A> {
  private final Kernels<A> kernels;
  private final int keys;
  private final int columns;
  private final boolean decays;
  private final A states;

  SequentialMatrixState(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.decays = shape.decay() != MatrixStateShape.Decay.NONE;
    this.states = backward ? scratch.take(CHUNK * shape.stateLength()) : null;
  }

  @Override
  public void forward(MatrixStateTile<A> tile, int n, A state) {
    for (int t = 0; t < n; t++) {
      kernels.fill(tile.o, t * columns, columns, 0);
      advance(tile, t, state, 0);
      for (int d = 0; d < keys; d++) {
        double q = kernels.get(tile.q, t * keys + d);
        kernels.axpy(q, state, d * columns, tile.o, t * columns, columns);
      }
    }
  }

  private void advance(MatrixStateTile<A> tile, int t, A state, int at) {
    for (int d = 0; d < keys; d++) {
      int row = at + d * columns;
      if (decays) {
        double decay = kernels.get(tile.decay, t * keys + d);
        kernels.affine(decay, state, row, 0, state, row, columns);
      }
      double k = kernels.get(tile.k, t * keys + d);
      kernels.axpy(k, tile.v, t * columns, state, row, columns);
    }
  }

  @Override
  public void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient) {
    int length = keys * columns;
    for (int t = 0; t < n; t++) {
      if (t == 0) {
        kernels.copy(state, 0, states, 0, length);
      } else {
        kernels.copy(states, (t - 1) * length, states, t * length, length);
      }
      advance(tile, t, states, t * length);
    }
    for (int t = n - 1; t >= 0; t--) {
      kernels.fill(gradient.v, t * columns, columns, 0);
      A before = t == 0 ? state : states;
      int beforeAt = t == 0 ? 0 : (t - 1) * length;
      for (int d = 0; d < keys; d++) {
        backward(tile, gradient, t, d, before, beforeAt + d * columns, stateGradient);
      }
    }
  }

  private void backward(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      int t,
      int d,
      A before,
      int beforeRow,
      A stateGradient) {
    int row = d * columns;
    int i = t * keys + d;
    int token = t * columns;
    int after = (t * keys + d) * columns;
    double q = kernels.get(tile.q, i);
    double k = kernels.get(tile.k, i);
    kernels.set(gradient.q, i, kernels.dot(states, after, gradient.o, token, columns));
    kernels.axpy(q, gradient.o, token, stateGradient, row, columns);
    kernels.set(gradient.k, i, kernels.dot(stateGradient, row, tile.v, token, columns));
    kernels.axpy(k, stateGradient, row, gradient.v, token, columns);
    if (decays) {
      double decay = kernels.get(tile.decay, i);
      double crossing = kernels.dot(before, beforeRow, stateGradient, row, columns);
      kernels.set(gradient.decay, i, decay == 0 ? 0 : decay * crossing);
      kernels.affine(decay, stateGradient, row, 0, stateGradient, row, columns);
    }
  }
}
