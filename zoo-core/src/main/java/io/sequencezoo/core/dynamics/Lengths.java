package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How many positions of each row are valid: where lengths are checked and tokens counted. */
public final class Lengths {
  private Lengths() {}

  /**
   * The lengths of B rows of T positions.
   *
   * @param lengths null for all positions
   */
  public static int[] of(String subject, int @Nullable [] lengths, int batch, int steps) {
    if (lengths == null) {
      int[] all = new int[batch];
      Arrays.fill(all, steps);
      return all;
    }
    checkArgument(
        lengths.length == batch,
        "%s: lengths must have B=%s entries, got %s",
        subject,
        batch,
        lengths.length);
    for (int length : lengths) {
      checkArgument(
          length >= 0 && length <= steps,
          "%s: length of a row must be from 0 to T=%s, got %s",
          subject,
          steps,
          length);
    }
    return lengths.clone();
  }

  /** Checks that a state, where there is one, counts the tokens of B rows. */
  static void checkRows(String subject, @Nullable State state, int batch) {
    checkArgument(
        state == null || state.count() == batch,
        "%s: state must have B=%s rows, got %s",
        subject,
        batch,
        state == null ? 0 : state.count());
  }

  /** The tokens that each row has consumed after these; {@code before} may be null for none. */
  static int[] consumed(@Nullable State before, int[] lengths) {
    int[] consumed = lengths.clone();
    if (before != null) {
      int[] so = before.counts();
      Arrays.setAll(consumed, b -> so[b] + lengths[b]);
    }
    return consumed;
  }
}
