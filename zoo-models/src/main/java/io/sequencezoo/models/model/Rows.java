package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Replay;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where the valid tokens of one pass lie. A row is one of a padded batch, or one of the sequences
 * that are packed in a row of positions.
 *
 * @param model the model's type, for messages
 * @param starts the first position of each row, of all {@code B T} positions
 * @param lengths valid tokens of each row
 * @param consumed tokens of each row in passes before
 */
public record Rows(String model, int[] starts, int[] lengths, int[] consumed) {
  /** Tokens of each row in passes before. */
  @Override
  public int[] consumed() {
    Replay.spoil();
    return consumed;
  }

  /** The same for whoever reads them in the tasks of an operation ({@link State#counts}). */
  int[] counts() {
    return consumed;
  }

  /** The rows of an input {@code [B, T, ...]} after a state, or null at the start. */
  static Rows of(String model, Context context, INDArray input, @Nullable State initial) {
    int[] lengths = lengths(model, context, input);
    int[] starts = new int[lengths.length];
    for (int b = 0; b < starts.length; b++) {
      starts[b] =
          context.sequences() == null ? b * (int) input.size(1) : context.sequences().start(b);
    }
    checkArgument(
        initial == null || initial.count() == lengths.length,
        "%s: state must have B=%s rows, got %s",
        model,
        lengths.length,
        initial == null ? 0 : initial.count());
    int[] consumed = initial == null ? new int[lengths.length] : initial.counts();
    return new Rows(model, starts, lengths, consumed);
  }

  private static int[] lengths(String model, Context context, INDArray input) {
    int batch = (int) input.size(0);
    int steps = (int) input.size(1);
    if (context.sequences() != null) {
      checkArgument(
          batch == 1 && steps == context.sequences().total(),
          "%s: packed rows must be [1, %s], got [%s, %s]",
          model,
          context.sequences().total(),
          batch,
          steps);
      return context.sequences().lengths();
    }
    return Lengths.of(model, context.lengths(), batch, steps);
  }

  /** The number of rows. */
  int count() {
    return lengths.length;
  }

  /** Tokens of each row after this pass. */
  int[] after() {
    int[] after = consumed.clone();
    for (int b = 0; b < after.length; b++) {
      after[b] += lengths[b];
    }
    return after;
  }

  /** The position of the last valid token of each row. */
  int[] last() {
    int[] last = new int[lengths.length];
    for (int b = 0; b < last.length; b++) {
      checkArgument(lengths[b] > 0, "%s: row %s must have at least one token", model, b);
      last[b] = starts[b] + lengths[b] - 1;
    }
    return last;
  }
}
