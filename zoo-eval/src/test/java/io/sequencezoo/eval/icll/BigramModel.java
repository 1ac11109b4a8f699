package io.sequencezoo.eval.icll;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.op.Embedding;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The smallest language model: the scores of the next token are a row of a table. */
final class BigramModel implements Block {
  private final int vocabulary;

  BigramModel(int vocabulary) {
    this.vocabulary = vocabulary;
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.weight("table", Initialisers.normal(1), vocabulary, vocabulary);
  }

  Variable logits(Context context, INDArray ids) {
    return Embedding.lookup(context.tape(), context.parameter("table"), ids);
  }
}
