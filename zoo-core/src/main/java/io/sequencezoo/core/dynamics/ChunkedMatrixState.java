package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Unary;

/**
 * Dense products within blocks of rows, the state between them. With {@code E_i} the decay from a
 * block's first row to row i, {@code Q = q E}, {@code K = k / E} and {@code S'} the state decayed
 * to the block's first row:
 *
 * <pre>{@code
 * O = tril(Q Kᵀ) V + Q S'        S = diag(E_last) (S' + Kᵀ V)
 * }</pre>
 *
 * <p>A block is at most {@link #BLOCK} rows and ends where {@code E} would leave {@code [1/LIMIT,
 * LIMIT]}, so that nothing overflows whatever the gates are; the first row's own decay acts on the
 * state alone and may be zero. Derivation: {@code docs/derivations/matrix-state.md}.
 *
 * @param <A> the array type
 */
final class ChunkedMatrixState<A> implements MatrixStateSolver<A> {
  /**
   * Rows of a block. Products within a block cost C (K + V) per row and those with the state 2 K V,
   * so that short blocks save arithmetic, and 16 rows still fill the registers of a product: 16 was
   * measured against 32 and 64.
   */
  static final int BLOCK = 16;

  /**
   * The largest ratio of decays in a block, {@code e^30}: its reciprocal leaves as much room above
   * the smallest normal float for small gradients as it takes itself.
   */
  static final double LIMIT = Math.exp(30);

  private final Kernels<A> kernels;
  private final int keys;
  private final int columns;
  private final boolean decays;

  /** First rows of the chunk's blocks, and its end. */
  private final int[] starts = new int[CHUNK + 1];

  private int blocks;

  private final A fromFirst;
  private final A toFirst;
  private final A qDecayed;
  private final A kDecayed;
  private final A scores;
  private final A scoreGradients;
  private final A factor;
  private final A states;
  private final A qWithin;
  private final A qAcross;
  private final A kWithin;
  private final A kAcross;

  ChunkedMatrixState(
      Precision<A> precision, MatrixStateShape shape, boolean backward, Scratch<A> scratch) {
    this.kernels = precision.kernels();
    this.keys = shape.keys();
    this.columns = shape.columns();
    this.decays = shape.decay() != MatrixStateShape.Decay.NONE;
    int tile = CHUNK * keys;
    this.fromFirst = decays ? scratch.take(tile) : null;
    this.toFirst = decays ? scratch.take(tile) : null;
    this.qDecayed = decays ? scratch.take(tile) : null;
    this.kDecayed = decays ? scratch.take(tile) : null;
    this.scores = scratch.take(BLOCK * BLOCK);
    this.factor = scratch.take(keys);
    this.scoreGradients = backward ? scratch.take(BLOCK * BLOCK) : null;
    this.states = backward ? scratch.take(CHUNK * keys * columns) : null;
    this.qWithin = backward && decays ? scratch.take(tile) : null;
    this.qAcross = backward && decays ? scratch.take(tile) : null;
    this.kWithin = backward && decays ? scratch.take(tile) : null;
    this.kAcross = backward && decays ? scratch.take(tile) : null;
  }

  @Override
  public void forward(MatrixStateTile<A> tile, int n, A state) {
    prepare(tile, n);
    A q = decays ? qDecayed : tile.q;
    A k = decays ? kDecayed : tile.k;
    for (int block = 0; block < blocks; block++) {
      int from = starts[block];
      int rows = starts[block + 1] - from;
      enter(tile, block, state, 0);
      score(q, k, from, rows);
      kernels.gemm(
          false,
          false,
          rows,
          columns,
          rows,
          1,
          scores,
          0,
          rows,
          tile.v,
          from * columns,
          columns,
          0,
          tile.o,
          from * columns,
          columns);
      read(q, from, rows, state, 0, tile.o);
      write(k, tile.v, from, rows, state, 0);
    }
    leave(n, state);
  }

  /** Cuts the chunk into blocks and computes {@code E}, {@code 1/E}, {@code q E}, {@code k/E}. */
  private void prepare(MatrixStateTile<A> tile, int n) {
    blocks = (n + BLOCK - 1) / BLOCK;
    for (int block = 0; block < blocks; block++) {
      starts[block] = block * BLOCK;
    }
    starts[blocks] = n;
    if (!decays) {
      return;
    }
    for (int i = 0; i < n; i++) {
      decayRow(tile.decay, i, i % BLOCK == 0);
    }
    int length = n * keys;
    kernels.map(Unary.RECIPROCAL, fromFirst, 0, toFirst, 0, length);
    if (kernels.max(toFirst, 0, length) > LIMIT || kernels.max(fromFirst, 0, length) > LIMIT) {
      cutShort(tile, n);
    }
    kernels.multiply(tile.q, 0, fromFirst, 0, qDecayed, 0, length);
    kernels.multiply(tile.k, 0, toFirst, 0, kDecayed, 0, length);
  }

  private void decayRow(A decay, int i, boolean first) {
    if (first) {
      kernels.fill(fromFirst, i * keys, keys, 1);
    } else {
      kernels.multiply(fromFirst, (i - 1) * keys, decay, i * keys, fromFirst, i * keys, keys);
    }
  }

  /** Starts a new block wherever the decays of the present one would leave the limits. */
  private void cutShort(MatrixStateTile<A> tile, int n) {
    blocks = 0;
    for (int i = 0; i < n; i++) {
      boolean first = i == 0 || i - starts[blocks - 1] == BLOCK;
      if (!first) {
        decayRow(tile.decay, i, false);
        kernels.map(Unary.RECIPROCAL, fromFirst, i * keys, toFirst, i * keys, keys);
        first =
            kernels.max(toFirst, i * keys, keys) > LIMIT
                || kernels.max(fromFirst, i * keys, keys) > LIMIT;
      }
      if (first) {
        starts[blocks++] = i;
        kernels.fill(fromFirst, i * keys, keys, 1);
        kernels.fill(toFirst, i * keys, keys, 1);
      }
    }
    starts[blocks] = n;
  }

  /** {@code S'}: the state decayed to the first row of a block. */
  private void enter(MatrixStateTile<A> tile, int block, A state, int at) {
    if (decays) {
      entryFactor(tile, block);
      scaleRows(factor, 0, state, at);
    }
  }

  /** The decay from the state that the last block left unfinished to this block's first row. */
  private void entryFactor(MatrixStateTile<A> tile, int block) {
    int from = starts[block];
    if (block == 0) {
      kernels.copy(tile.decay, 0, factor, 0, keys);
    } else {
      kernels.multiply(fromFirst, (from - 1) * keys, tile.decay, from * keys, factor, 0, keys);
    }
  }

  private void leave(int n, A state) {
    if (decays) {
      scaleRows(fromFirst, (n - 1) * keys, state, 0);
    }
  }

  private void scaleRows(A factors, int fo, A state, int at) {
    for (int d = 0; d < keys; d++) {
      int row = at + d * columns;
      kernels.affine(kernels.get(factors, fo + d), state, row, 0, state, row, columns);
    }
  }

  /** {@code tril(Q Kᵀ)} into scores, rows packed. */
  private void score(A q, A k, int from, int rows) {
    kernels.gemm(
        false,
        true,
        rows,
        rows,
        keys,
        1,
        q,
        from * keys,
        keys,
        k,
        from * keys,
        keys,
        0,
        scores,
        0,
        rows);
    for (int i = 0; i < rows - 1; i++) {
      kernels.fill(scores, i * rows + i + 1, rows - i - 1, 0);
    }
  }

  /** {@code O += Q S'}. */
  private void read(A q, int from, int rows, A state, int at, A o) {
    kernels.gemm(
        false,
        false,
        rows,
        columns,
        keys,
        1,
        q,
        from * keys,
        keys,
        state,
        at,
        columns,
        1,
        o,
        from * columns,
        columns);
  }

  /** {@code S += Kᵀ V}. */
  private void write(A k, A v, int from, int rows, A state, int at) {
    kernels.gemm(
        true,
        false,
        keys,
        columns,
        rows,
        1,
        k,
        from * keys,
        keys,
        v,
        from * columns,
        columns,
        1,
        state,
        at,
        columns);
  }

  @Override
  public void backward(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n, A state, A stateGradient) {
    prepare(tile, n);
    A q = decays ? qDecayed : tile.q;
    A k = decays ? kDecayed : tile.k;
    replayStates(tile, k, state);
    leave(n, stateGradient);
    for (int block = blocks - 1; block >= 0; block--) {
      int from = starts[block];
      int rows = starts[block + 1] - from;
      score(q, k, from, rows);
      scoreGradient(tile, gradient, from, rows);
      across(tile, gradient, k, block, stateGradient);
      within(gradient, q, k, from, rows);
      write(q, gradient.o, from, rows, stateGradient, 0);
      enter(tile, block, stateGradient, 0);
    }
    if (decays) {
      finish(tile, gradient, n);
    }
  }

  /** Leaves {@code S'} of every block in states. */
  private void replayStates(MatrixStateTile<A> tile, A k, A state) {
    int length = keys * columns;
    for (int block = 0; block < blocks; block++) {
      int at = block * length;
      if (block == 0) {
        kernels.copy(state, 0, states, 0, length);
      } else {
        int from = starts[block - 1];
        kernels.copy(states, at - length, states, at, length);
        write(k, tile.v, from, starts[block] - from, states, at);
      }
      enter(tile, block, states, at);
    }
  }

  /**
   * {@code tril(dO Vᵀ)}. With decays its diagonal goes to q and k at once: it says nothing about
   * decays, and would only cancel in their gradient.
   */
  private void scoreGradient(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int from, int rows) {
    kernels.gemm(
        false,
        true,
        rows,
        rows,
        columns,
        1,
        gradient.o,
        from * columns,
        columns,
        tile.v,
        from * columns,
        columns,
        0,
        scoreGradients,
        0,
        rows);
    for (int i = 0; i < rows; i++) {
      int diagonal = i * rows + i;
      if (decays) {
        double own = kernels.get(scoreGradients, diagonal);
        int at = (from + i) * keys;
        kernels.affine(own, tile.k, at, 0, gradient.q, at, keys);
        kernels.affine(own, tile.q, at, 0, gradient.k, at, keys);
        kernels.fill(scoreGradients, diagonal, rows - i, 0);
      } else {
        kernels.fill(scoreGradients, diagonal + 1, rows - i - 1, 0);
      }
    }
  }

  /**
   * What passes through the state: {@code dV = K D'}, {@code dQ = dO S'ᵀ}, {@code dK = V D'ᵀ} and,
   * from state to state, {@code rowsum(S' ⊙ D')} into the block's rows of the decay's gradient.
   */
  private void across(
      MatrixStateTile<A> tile, MatrixStateTile<A> gradient, A k, int block, A stateGradient) {
    int from = starts[block];
    int rows = starts[block + 1] - from;
    int at = block * keys * columns;
    int token = from * columns;
    int row = from * keys;
    kernels.gemm(
        false,
        false,
        rows,
        columns,
        keys,
        1,
        k,
        row,
        keys,
        stateGradient,
        0,
        columns,
        0,
        gradient.v,
        token,
        columns);
    kernels.gemm(
        false,
        true,
        rows,
        keys,
        columns,
        1,
        gradient.o,
        token,
        columns,
        states,
        at,
        columns,
        0,
        decays ? qAcross : gradient.q,
        row,
        keys);
    kernels.gemm(
        false,
        true,
        rows,
        keys,
        columns,
        1,
        tile.v,
        token,
        columns,
        stateGradient,
        0,
        columns,
        0,
        decays ? kAcross : gradient.k,
        row,
        keys);
    if (decays) {
      for (int d = 0; d < keys; d++) {
        double through = kernels.dot(states, at + d * columns, stateGradient, d * columns, columns);
        kernels.set(gradient.decay, row + d, through);
      }
      for (int i = 1; i < rows; i++) {
        kernels.copy(gradient.decay, row, gradient.decay, row + i * keys, keys);
      }
    }
  }

  /** What stays in the block: {@code dV += Aᵀ dO}, {@code dQ = dA K}, {@code dK = dAᵀ Q}. */
  private void within(MatrixStateTile<A> gradient, A q, A k, int from, int rows) {
    int row = from * keys;
    double beta = decays ? 0 : 1;
    kernels.gemm(
        true,
        false,
        rows,
        columns,
        rows,
        1,
        scores,
        0,
        rows,
        gradient.o,
        from * columns,
        columns,
        1,
        gradient.v,
        from * columns,
        columns);
    kernels.gemm(
        false,
        false,
        rows,
        keys,
        rows,
        1,
        scoreGradients,
        0,
        rows,
        k,
        row,
        keys,
        beta,
        decays ? qWithin : gradient.q,
        row,
        keys);
    kernels.gemm(
        true,
        false,
        rows,
        keys,
        rows,
        1,
        scoreGradients,
        0,
        rows,
        q,
        row,
        keys,
        beta,
        decays ? kWithin : gradient.k,
        row,
        keys);
  }

  /**
   * Takes the decays out of the gradients of Q and K, and collects the gradient of each log decay
   * from every pair that it stands between: writer before row i, reader at or after it.
   */
  private void finish(MatrixStateTile<A> tile, MatrixStateTile<A> gradient, int n) {
    int length = n * keys;
    undecay(fromFirst, qWithin, gradient.q, tile.q, length);
    undecay(fromFirst, qAcross, gradient.q, tile.q, length);
    undecay(toFirst, kWithin, gradient.k, tile.k, length);
    undecay(toFirst, kAcross, gradient.k, tile.k, length);
    kernels.subtract(qWithin, 0, kWithin, 0, qWithin, 0, length);
    for (int block = 0; block < blocks; block++) {
      int first = starts[block];
      int last = starts[block + 1] - 1;
      for (int i = last - 1; i >= first; i--) {
        addRow(qAcross, i + 1, qAcross, i);
      }
      for (int i = last; i > first; i--) {
        if (i < last) {
          addRow(qWithin, i + 1, qWithin, i);
        }
        addRow(qWithin, i, gradient.decay, i);
      }
      for (int i = first + 1; i <= last; i++) {
        addRow(kAcross, i - 1, gradient.decay, i);
        addRow(kAcross, i - 1, kAcross, i);
      }
    }
    kernels.add(gradient.decay, 0, qAcross, 0, gradient.decay, 0, length);
  }

  /** {@code part *= decay; total += part; part *= x}. */
  private void undecay(A decay, A part, A total, A x, int length) {
    kernels.multiply(part, 0, decay, 0, part, 0, length);
    kernels.add(total, 0, part, 0, total, 0, length);
    kernels.multiply(part, 0, x, 0, part, 0, length);
  }

  private void addRow(A x, int from, A y, int to) {
    kernels.add(x, from * keys, y, to * keys, y, to * keys, keys);
  }
}
