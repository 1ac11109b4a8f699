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

  /** {@code [B, T, H, N]} as {@code [B, T, H N]}. */
  static Variable joined(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), (long) x.size(2) * x.size(3));
  }
}
