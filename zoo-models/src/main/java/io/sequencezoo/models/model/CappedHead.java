package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.kernel.Unary;

/**
 * Outputs that stay within ±c: {@code c tanh(y / c)}.
 *
 * @param head gives y
 * @param cap c
 */
record CappedHead(Head head, double cap) implements Head {
  @Override
  public void declare(Declaration declaration) {
    head.declare(declaration);
  }

  @Override
  public Variable forward(Context context, Variable stream) {
    Tape tape = context.tape();
    Variable scaled = Primitives.affine(tape, 1 / cap, head.forward(context, stream), 0);
    return Primitives.affine(tape, cap, Primitives.map(tape, Unary.TANH, scaled), 0);
  }
}
