package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Update;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The readable specification: one write after the other.
 *
 * <pre>{@code
 * P = diag(e^g) S_{t-1}        S_t = P + k uᵀ [+ b wᵀ]        o = S_tᵀ q
 * sum        u = v
 * delta      u = beta r, r = v - Pᵀ k
 * low rank   u = v, w = S_{t-1}ᵀ a
 *
 * dS_t += q doᵀ     dq = S_t do     dk = dS_t u     du = dS_tᵀ k
 * sum        dv = du
 * delta      dbeta = r·du     dv = beta du     dk -= P dv     dP = dS_t - k dvᵀ
 * low rank   dv = du     db = dS_t w     dw = dS_tᵀ b     da = S_{t-1} dw
 * dg = e^g rowsum(S_{t-1} ⊙ dP)     dS_{t-1} = diag(e^g) dP [+ a dwᵀ]
 * where columns decay: P = S_{t-1} diag(e^g), with sums over columns
 * }</pre>
 *
 * @param <A> the array type
 */
final class SequentialMatrixState<A> implements MatrixStateSolver<A> {
  private final Kernels<A> kernels;
  private final StateProducts<A> products;
  private final Update update;
  private final int keys;
  private final int columns;
  private final boolean decays;
  private final boolean fades;
  private final int writes;

  /** {@code S_t} of every row; for backward only. */
  private final A states;

  /** {@code P}; for the backward pass of the delta rule only. */
  private final A decayed;

  /** {@code u}, then its gradient; {@code w} or {@code P dv}, then the gradient of {@code w}. */
  private final A written;

  private final A other;

  SequentialMatrixState(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.update = shape.update();
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.products = new StateProducts<>(kernels, keys, columns);
    this.decays = shape.decaysRows();
    this.fades = shape.decay() == MatrixStateShape.Decay.VALUE;
    this.writes = shape.writes();
    this.states = backward ? scratch.take(ChunkSize.ROWS * shape.stateLength()) : null;
    this.decayed = backward && update == Update.DELTA ? scratch.take(shape.stateLength()) : null;
    this.written = scratch.take(columns);
    this.other = scratch.take(Math.max(keys, columns));
  }

  @Override
  public void forward(MatrixStateTile<A> tile, int n, A state) {
    for (int t = 0; t < n; t++) {
      advance(tile, t, state, 0);
      if (isRead(t)) {
        int token = t / writes;
        products.recall(state, 0, tile.q, token * keys, tile.o, token * columns);
      }
    }
  }

  /** Whether a row is the last write of its token. */
  private boolean isRead(int row) {
    return (row + 1) % writes == 0;
  }

  private void advance(MatrixStateTile<A> tile, int t, A state, int at) {
    int key = t * keys;
    if (update == Update.LOW_RANK) {
      products.recall(state, at, tile.a, key, other, 0);
    }
    forget(tile, t, state, at);
    A values = tile.v;
    int value = t * columns;
    if (update == Update.DELTA) {
      missing(tile, t, state, at);
      kernels.affine(kernels.get(tile.beta, t), written, 0, 0, written, 0, columns);
      values = written;
      value = 0;
    }
    products.write(tile.k, key, values, value, state, at);
    if (update == Update.LOW_RANK) {
      products.write(tile.b, key, other, 0, state, at);
    }
  }

  private void forget(MatrixStateTile<A> tile, int t, A state, int at) {
    if (decays) {
      products.forget(tile.decay, t * keys, state, at);
    } else if (fades) {
      products.fade(tile.decay, t * columns, state, at);
    }
  }

  /** {@code r = v - Pᵀ k} into written. */
  private void missing(MatrixStateTile<A> tile, int t, A p, int at) {
    products.recall(p, at, tile.k, t * keys, written, 0);
    kernels.subtract(tile.v, t * columns, written, 0, written, 0, columns);
  }

  @Override
  public void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient) {
    int length = keys * columns;
    for (int t = 0; t < n; t++) {
      A before = t == 0 ? state : states;
      kernels.copy(before, t == 0 ? 0 : (t - 1) * length, states, t * length, length);
      advance(tile, t, states, t * length);
    }
    for (int t = n - 1; t >= 0; t--) {
      A before = t == 0 ? state : states;
      int beforeAt = t == 0 ? 0 : (t - 1) * length;
      int key = t * keys;
      if (isRead(t)) {
        int token = t / writes;
        int out = token * columns;
        products.probe(states, t * length, gradient.o, out, gradient.q, token * keys);
        products.write(tile.q, token * keys, gradient.o, out, stateGradient, 0);
      }
      switch (update) {
        case SUM -> sum(tile, gradient, t, stateGradient);
        case DELTA -> delta(tile, gradient, t, before, beforeAt, stateGradient);
        case LOW_RANK -> lowRank(tile, gradient, t, before, beforeAt, stateGradient);
      }
      for (int d = 0; decays && d < keys; d++) {
        int row = d * columns;
        double decay = kernels.get(tile.decay, key + d);
        double crossing = kernels.dot(before, beforeAt + row, stateGradient, row, columns);
        kernels.set(gradient.decay, key + d, decay == 0 ? 0 : decay * crossing);
      }
      if (fades) {
        fadingGradient(tile, gradient, t, before, beforeAt, stateGradient);
      }
      forget(tile, t, stateGradient, 0);
      if (update == Update.LOW_RANK) {
        products.write(tile.a, key, other, 0, stateGradient, 0);
      }
    }
  }

  /** {@code dg = e^g columnsum(S_{t-1} ⊙ dP)}. */
  private void fadingGradient(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      int t,
      A before,
      int beforeAt,
      A stateGradient) {
    int at = t * columns;
    kernels.fill(gradient.decay, at, columns, 0);
    for (int d = 0; d < keys; d++) {
      int row = d * columns;
      kernels.multiplyAdd(before, beforeAt + row, stateGradient, row, gradient.decay, at, columns);
    }
    for (int e = 0; e < columns; e++) {
      double decay = kernels.get(tile.decay, at + e);
      double crossing = kernels.get(gradient.decay, at + e);
      kernels.set(gradient.decay, at + e, decay == 0 ? 0 : decay * crossing);
    }
  }

  private void sum(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int t, A stateGradient) {
    products.probe(stateGradient, 0, tile.v, t * columns, gradient.k, t * keys);
    products.recall(stateGradient, 0, tile.k, t * keys, gradient.v, t * columns);
  }

  private void delta(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      int t,
      A before,
      int beforeAt,
      A stateGradient) {
    int key = t * keys;
    int value = t * columns;
    double beta = kernels.get(tile.beta, t);
    kernels.copy(before, beforeAt, decayed, 0, keys * columns);
    forget(tile, t, decayed, 0);
    missing(tile, t, decayed, 0);
    products.recall(stateGradient, 0, tile.k, key, gradient.v, value);
    kernels.set(gradient.beta, t, kernels.dot(written, 0, gradient.v, value, columns));
    kernels.affine(beta, written, 0, 0, written, 0, columns);
    products.probe(stateGradient, 0, written, 0, gradient.k, key);
    kernels.affine(beta, gradient.v, value, 0, gradient.v, value, columns);
    products.probe(decayed, 0, gradient.v, value, other, 0);
    kernels.subtract(gradient.k, key, other, 0, gradient.k, key, keys);
    kernels.affine(-1, gradient.v, value, 0, written, 0, columns);
    products.write(tile.k, key, written, 0, stateGradient, 0);
  }

  private void lowRank(
      MatrixStateTile<A> tile,
      MatrixStateTile<A> gradient,
      int t,
      A before,
      int beforeAt,
      A stateGradient) {
    int key = t * keys;
    sum(tile, gradient, t, stateGradient);
    products.recall(before, beforeAt, tile.a, key, other, 0);
    products.probe(stateGradient, 0, other, 0, gradient.b, key);
    products.recall(stateGradient, 0, tile.b, key, other, 0);
    products.probe(before, beforeAt, other, 0, gradient.a, key);
  }
}
