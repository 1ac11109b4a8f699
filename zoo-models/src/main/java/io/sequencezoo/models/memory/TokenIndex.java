package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.op.Positions;
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
    Variable table = context.parameter(NAME);
    Variable shares = tape.fixed(this, () -> new Variable[] {shares(tape, table)}, table)[0];
    INDArray places = Positions.indices(tape, state.counts(), steps, at -> at % tokens);
    Variable taken = Embedding.lookup(tape, shares, places);
    return Primitives.expand(tape, taken, batch, steps, heads);
  }

  /** Of every place in a mini-batch, {@code [C, 1]}. */
  private Variable shares(Tape tape, Variable table) {
    double[] averages = new double[tokens];
    for (int i = 0; i < tokens; i++) {
      averages[i] = 1.0 / (i + 1);
    }
    INDArray average = Nd4j.createFromArray(averages).castTo(table.type());
    Variable sum = Primitives.add(tape, tape.constant(average), table);
    return Primitives.reshape(tape, Primitives.map(tape, Unary.RELU, sum), tokens, 1);
  }
}
