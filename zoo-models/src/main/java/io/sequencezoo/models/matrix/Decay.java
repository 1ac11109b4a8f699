package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;

/** A decay of the state that a layer takes from its input. */
interface Decay {
  void declare(Declaration declaration, Initialiser initialiser);

  /** The log decay, {@code [B, T, H]} or {@code [B, T, H, K]}. */
  Variable apply(Stretch stretch);

  /** Without the use of the state. */
  long multiplyAddsPerToken();
}
