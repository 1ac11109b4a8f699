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
 */
public final class LinearHead implements Head {
  private static final String HEAD = "head";
  private static final String WEIGHT = "weight";

  private final int width;
  private final int outputs;
  private final Initialiser initialiser;

  /** A map from width D to V outputs. */
  public LinearHead(int width, int outputs, Initialiser initialiser) {
    this.width = width;
    this.outputs = outputs;
    this.initialiser = initialiser;
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.child(HEAD).weight(WEIGHT, initialiser, width, outputs);
  }

  @Override
  public Variable forward(Context context, Variable stream) {
    return Dense.linear(context.tape(), stream, context.child(HEAD).parameter(WEIGHT), null);
  }
}
