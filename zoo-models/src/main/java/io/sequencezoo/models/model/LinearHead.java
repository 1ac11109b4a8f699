package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.op.Dense;

/**
 * A linear map of the stream: logits of tokens or classes, or the values of several steps ahead.
 *
 * <pre>{@code y = x W}</pre>
 *
 * <p>{@code head.weight [D, V]}. A class of a whole row is that of its last token ({@link
 * Model#prefill}); a forecast of H steps of F numbers has {@code V = H F}.
 *
 * @param width D
 * @param outputs V
 * @param initialiser of the weight
 */
public record LinearHead(int width, int outputs, Initialiser initialiser) implements Head {
  private static final String HEAD = "head";
  private static final String WEIGHT = "weight";

  @Override
  public void declare(Declaration declaration) {
    declaration.child(HEAD).weight(WEIGHT, initialiser, width, outputs);
  }

  @Override
  public Variable forward(Context context, Variable stream) {
    return Dense.linear(context.tape(), stream, context.child(HEAD).parameter(WEIGHT), null);
  }
}
