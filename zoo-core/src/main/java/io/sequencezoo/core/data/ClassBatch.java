package io.sequencezoo.core.data;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.shape.Shapes;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Right-padded sequences and the class of each.
 *
 * @param inputs {@code [B, T]} INT32 tokens, any valid ones at padded positions; or {@code [B, T,
 *     F]} numbers, anything there
 * @param classes {@code [B]} INT32, {@link TokenBatch#IGNORED} where the class is unknown
 * @param lengths valid positions of each row, at least 1; null where all rows are full
 */
public record ClassBatch(INDArray inputs, INDArray classes, int @Nullable [] lengths) {
  /** Checks shapes, types and lengths; classes themselves are checked by the loss. */
  public ClassBatch {
    boolean tokens = inputs.rank() == 2;
    if (tokens) {
      Shapes.check("batch inputs", inputs, "BT", -1, -1);
    } else {
      Shapes.check("batch inputs", inputs, "BTF", -1, -1, -1);
    }
    Shapes.check("batch classes", classes, "B", inputs.size(0));
    checkArgument(
        (tokens ? inputs.dataType() == DataType.INT32 : inputs.dataType().isFPType())
            && classes.dataType() == DataType.INT32,
        "batch: tokens and classes must be INT32, numbers FLOAT or DOUBLE, got %s and %s",
        inputs.dataType(),
        classes.dataType());
    if (lengths != null) {
      lengths = lengths.clone();
      checkArgument(
          lengths.length == inputs.size(0),
          "batch: lengths must be one per row, got %s for %s rows",
          lengths.length,
          inputs.size(0));
      for (int length : lengths) {
        checkArgument(
            length >= 1 && length <= inputs.size(1),
            "batch: lengths must be between 1 and %s, got %s",
            inputs.size(1),
            length);
      }
    }
  }

  /** The number of rows, B. */
  public int rows() {
    return (int) inputs.size(0);
  }

  /** The number of rows whose class is known. */
  public long classCount() {
    long count = 0;
    for (int b = 0; b < rows(); b++) {
      count += classes.getInt(b) == TokenBatch.IGNORED ? 0 : 1;
    }
    return count;
  }
}
