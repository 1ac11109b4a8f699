package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Decay;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Unary;
import java.util.EnumMap;
import java.util.Map;

/**
 * One chunk of one head on the heap, a row per write: {@code k}, {@code a}, {@code b} and {@code
 * decay = e^g} are {@code [rows, K]}, {@code v}, and the decay of value channels, are {@code [rows,
 * columns]}, {@code beta} is {@code [rows]}. A token of several writes decays at its first,
 * elsewhere its decay is 1, and is read at its last: the scaled {@code q}, {@code [tokens, K]}, and
 * {@code o}, {@code [tokens, columns]}, have a row per token. Null what a form doesn't have.
 *
 * @param <A> the array type
 */
final class MatrixStateTile<A> {
  private final MatrixStateShape shape;
  private final Kernels<A> kernels;
  private final double scale;
  private final Coefficient[] given;
  private final Map<Coefficient, A> arrays = new EnumMap<>(Coefficient.class);
  private final A lone;

  final A q;
  final A k;
  final A v;
  final A decay;
  final A beta;
  final A a;
  final A b;
  final A o;

  MatrixStateTile(
      Precision<A> precision, MatrixStateShape shape, double scale, Scratch<A> scratch) {
    this.shape = shape;
    this.kernels = precision.kernels();
    this.scale = scale;
    this.given = Coefficient.given(shape);
    for (Coefficient c : given) {
      arrays.put(c, scratch.take(ChunkSize.ROWS * c.width(shape)));
    }
    this.lone = scratch.take(ChunkSize.ROWS);
    this.q = arrays.get(Coefficient.QUERY);
    this.k = arrays.get(Coefficient.KEY);
    this.v = arrays.get(Coefficient.VALUE);
    this.decay =
        arrays.get(shape.decay() == Decay.VALUE ? Coefficient.VALUE_DECAY : Coefficient.DECAY);
    this.beta = arrays.get(Coefficient.BETA);
    this.a = arrays.get(Coefficient.READ);
    this.b = arrays.get(Coefficient.WRITE);
    this.o = scratch.take(ChunkSize.ROWS * shape.columns());
  }

  /** Loads n tokens from t of a head. */
  void load(Map<Coefficient, HeadRows<A>> from, int row, int head, int t, int n) {
    int writes = shape.writes();
    for (Coefficient c : given) {
      if (c == Coefficient.DECAY) {
        loadDecay(from.get(c), row, head, t, n);
      } else {
        int per = c.isPerWrite() ? writes : 1;
        from.get(c).load(arrays.get(c), 0, c.width(shape), row, head, t * per, n * per);
        if (c == Coefficient.VALUE_DECAY) {
          kernels.map(Unary.EXP, decay, 0, decay, 0, n * c.width(shape));
        }
      }
    }
    kernels.affine(scale, q, 0, 0, q, 0, n * shape.keys());
    if (shape.normalised()) {
      for (int i = 0; i < n * writes; i++) {
        kernels.set(v, i * shape.columns() + shape.values(), 1);
      }
    }
  }

  private void loadDecay(HeadRows<A> from, int row, int head, int t, int n) {
    int keys = shape.keys();
    int writes = shape.writes();
    if (shape.decay() == Decay.CHANNEL) {
      if (writes > 1) {
        kernels.fill(decay, 0, n * writes * keys, 0);
      }
      from.load(decay, 0, writes * keys, row, head, t, n);
      kernels.map(Unary.EXP, decay, 0, decay, 0, n * writes * keys);
      return;
    }
    from.load(lone, 0, 1, row, head, t, n);
    kernels.map(Unary.EXP, lone, 0, lone, 0, n);
    if (writes > 1) {
      kernels.fill(decay, 0, n * writes * keys, 1);
    }
    for (int i = 0; i < n; i++) {
      kernels.fill(decay, i * writes * keys, keys, kernels.get(lone, i));
    }
  }

  /**
   * Stores what it holds, gradients of n tokens from t: those of queries scaled, those of decays
   * gathered where the log decay is. Overwrites them.
   */
  void store(MatrixStateSinks<A> to, int row, int head, int t, int n) {
    int writes = shape.writes();
    kernels.affine(scale, q, 0, 0, q, 0, n * shape.keys());
    for (Coefficient c : given) {
      if (c == Coefficient.DECAY) {
        storeDecay(to, row, head, t, n);
      } else {
        int per = c.isPerWrite() ? writes : 1;
        to.put(c, arrays.get(c), c.width(shape), row, head, t * per, n * per);
      }
    }
  }

  private void storeDecay(MatrixStateSinks<A> to, int row, int head, int t, int n) {
    int stride = shape.writes() * shape.keys();
    if (shape.decay() == Decay.CHANNEL) {
      to.put(Coefficient.DECAY, decay, stride, row, head, t, n);
      return;
    }
    for (int i = 0; i < n; i++) {
      kernels.set(lone, i, kernels.sum(decay, i * stride, shape.keys()));
    }
    to.put(Coefficient.DECAY, lone, 1, row, head, t, n);
  }

  /** Stores zeros at the padded positions from t; overwrites what it holds. */
  void storeZeros(MatrixStateSinks<A> to, int row, int head, int from) {
    if (from == shape.steps()) {
      return;
    }
    for (Coefficient c : given) {
      kernels.fill(arrays.get(c), 0, ChunkSize.ROWS * c.width(shape), 0);
    }
    int n = ChunkSize.tokens(shape.writes());
    for (int t = from; t < shape.steps(); t += n) {
      store(to, row, head, t, Math.min(n, shape.steps() - t));
    }
  }

  /** Loads the outputs of n tokens, or their gradients. */
  void loadOutputs(HeadRows<A> from, int row, int head, int t, int n) {
    from.load(o, 0, shape.columns(), row, head, t, n);
  }

  /** Stores the outputs of n tokens. */
  void storeOutputs(HeadRows<A> to, int row, int head, int t, int n) {
    to.store(o, 0, shape.columns(), row, head, t, n);
  }
}
