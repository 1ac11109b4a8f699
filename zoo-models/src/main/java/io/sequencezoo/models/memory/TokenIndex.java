package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The share of a mini-batch's gradients that its i-th token steps by: {@code max(1/i + a_i, 0)}, a
 * learned from zero, the same for all heads.
 *
 * @param tokens C, of a mini-batch
 */
record TokenIndex(int tokens) {
  private static final String NAME = "token_index";

  void declare(Declaration declaration) {
    declaration.undecayed(NAME, Initialisers.zeros(), tokens);
  }

  /** {@code [B, T, H]}. */
  Variable apply(Context context, Variable x, State state, int heads) {
    Tape tape = context.tape();
    int batch = x.size(0);
    int steps = x.size(1);
    double[] averages = new double[tokens];
    for (int i = 0; i < tokens; i++) {
      averages[i] = 1.0 / (i + 1);
    }
    INDArray average = Nd4j.createFromArray(averages).castTo(x.type());
    Variable shares =
        Primitives.map(
            tape,
            Unary.RELU,
            Primitives.add(tape, tape.constant(average), context.parameter(NAME)));
    Variable taken = Primitives.take(tape, shares, places(state.consumed(), batch, steps));
    return Primitives.expand(
        tape, Primitives.reshape(tape, taken, batch, steps, 1), batch, steps, heads);
  }

  /** Where in its mini-batch every token stands. */
  private INDArray places(int[] consumed, int batch, int steps) {
    int[] places = new int[batch * steps];
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < steps; t++) {
        places[b * steps + t] = (consumed[b] + t) % tokens;
      }
    }
    return Nd4j.createFromArray(places).reshape('c', batch, steps);
  }
}
