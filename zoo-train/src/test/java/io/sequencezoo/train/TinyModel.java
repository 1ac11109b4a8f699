package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Dropout;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.models.model.TokenLogits;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Predicts the next token from the present one: enough to learn a cycle of tokens. */
record TinyModel(int vocabulary, int width, double dropout) implements Block, TokenLogits {
  static final TinyModel DEFAULT = new TinyModel(7, 8, 0);

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = (shape, random) -> uniform(shape, random.nextLong());
    declaration.child("embedding").weight("table", normal, vocabulary, width);
    declaration.child("hidden").weight("w", normal, width, width);
    declaration.child("hidden").undecayed("b", normal, width);
    declaration.child("head").weight("w", normal, width, vocabulary);
  }

  private static double[] uniform(long[] shape, long seed) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return new SplittableRandom(seed).doubles(length, -0.5, 0.5).toArray();
  }

  @Override
  public Variable logits(Context context, INDArray ids) {
    Tape tape = context.tape();
    Variable x = Embedding.lookup(tape, context.child("embedding").parameter("table"), ids);
    Context hidden = context.child("hidden");
    Variable h = Dense.linear(tape, x, hidden.parameter("w"), hidden.parameter("b"));
    h = Activations.apply(tape, Unary.TANH, h);
    if (context.isTraining()) {
      h = Dropout.apply(tape, h, dropout, context.seed("dropout"));
    }
    return Dense.linear(tape, h, context.child("head").parameter("w"), null);
  }

  Parameters parameters(DataType type) {
    return Parameters.of(this, type, 11);
  }
}
