package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What goes into a model: the map from what is given to the stream of its stages. */
public interface Input extends Block {
  /** The shape of an input, {@code [B, T]} or {@code [B, T, F]}, given B and T. */
  long[] shape(long rows, long steps);

  /** The number of tokens that there are, V, or 0 where the input is of something else. */
  default int vocabulary() {
    return 0;
  }

  /** The tokens that the input consists of, or null where it is of something else. */
  default @Nullable INDArray tokens(INDArray input) {
    return null;
  }

  /** The stream {@code [B, T, D]}; the context is the model's. */
  Variable forward(Context context, INDArray input, Rows rows);
}
