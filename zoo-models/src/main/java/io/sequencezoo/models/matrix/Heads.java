package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;

/** Features side by side as heads and back, without a copy. */
final class Heads {
  private Heads() {}

  /** {@code [B, T, H N]} as {@code [B, T, H, N]}. */
  static Variable split(Tape tape, Variable x, int heads) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), heads, x.size(2) / heads);
  }

  /**
   * What a token reads of its own write, channel by channel: {@code (q ⊙ u · k) v}.
   *
   * @param q {@code [B, T, H, K]}, as k
   * @param v {@code [B, T, H, V]}
   * @param u weights of the channels, {@code [H K]} in any shape
   */
  static Variable bonus(Tape tape, Variable q, Variable k, Variable v, Variable u) {
    Variable weights = Primitives.reshape(tape, u, q.size(2), q.size(3));
    Variable matched = Primitives.multiply(tape, q, k);
    Variable share = Primitives.sum(tape, Primitives.multiply(tape, matched, weights), 3, true);
    return Primitives.multiply(tape, share, v);
  }

  /** {@code [B, T, H, N]} as {@code [B, T, H N]}. */
  static Variable joined(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), (long) x.size(2) * x.size(3));
  }
}
