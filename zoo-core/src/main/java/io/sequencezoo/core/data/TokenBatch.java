package io.sequencezoo.core.data;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.shape.Shapes;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Right-padded token sequences and what to predict at each position.
 *
 * @param ids {@code [B, T]} INT32, token numbers; any valid number at padded positions
 * @param targets {@code [B, T]} INT32, the token to predict at each position, {@link #IGNORED}
 *     where nothing counts, as at every padded position
 * @param lengths valid positions of each row, or null where all rows are full
 */
public record TokenBatch(INDArray ids, INDArray targets, int @Nullable [] lengths) {
  /** The target of a position that doesn't count. */
  public static final int IGNORED = -100;

  /** Checks shapes, types and lengths; targets themselves are checked by the loss. */
  public TokenBatch {
    Shapes.check("batch ids", ids, "BT", -1, -1);
    Shapes.check("batch targets", targets, "BT", ids.size(0), ids.size(1));
    checkArgument(
        ids.dataType() == DataType.INT32 && targets.dataType() == DataType.INT32,
        "batch: ids and targets must be INT32, got %s and %s",
        ids.dataType(),
        targets.dataType());
    if (lengths != null) {
      checkArgument(
          lengths.length == ids.size(0),
          "batch: lengths must be one per row, got %s for %s rows",
          lengths.length,
          ids.size(0));
      lengths = lengths.clone();
      for (int length : lengths) {
        checkArgument(
            length >= 0 && length <= ids.size(1),
            "batch: lengths must be between 0 and %s, got %s",
            ids.size(1),
            length);
      }
    }
  }

  /** The number of rows, B. */
  public int rows() {
    return (int) ids.size(0);
  }

  /** The number of positions, T. */
  public int steps() {
    return (int) ids.size(1);
  }

  /** The number of positions whose target counts. */
  public long targetCount() {
    long count = 0;
    for (int target : targets.dup('c').data().asInt()) {
      count += target == IGNORED ? 0 : 1;
    }
    return count;
  }
}
