package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;

/** What comes out of a model. */
public interface Head extends Block {
  /** From the stream {@code [..., D]} to outputs {@code [..., V]}; the context is the model's. */
  Variable forward(Context context, Variable stream);
}
