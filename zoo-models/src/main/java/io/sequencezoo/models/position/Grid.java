package io.sequencezoo.models.position;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.op.DecayingSum.Line;
import java.util.List;

/**
 * The axes that a sequence is flattened from, first axis slowest: {@code [height, width]} for
 * images row by row, {@code [time, height, width]} for videos. Without axes it is one line without
 * end.
 *
 * @param axes sizes; empty for an ordinary sequence
 */
public record Grid(List<Integer> axes) {
  /** Checks the sizes. */
  public Grid {
    axes = ImmutableList.copyOf(axes);
    long positions = 1;
    for (int size : axes) {
      checkArgument(size >= 1, "axes: sizes must be at least 1, got %s", axes);
      positions *= size;
      checkArgument(
          positions <= Integer.MAX_VALUE,
          "axes: must have fewer than 2^31 positions, got %s",
          axes);
    }
  }

  /** How many axes there are, at least one. */
  public int rank() {
    return Math.max(1, axes.size());
  }

  /** How neighbours on every axis lie to each other in the flattened sequence. */
  public List<Line> lines() {
    ImmutableList.Builder<Line> lines = ImmutableList.builder();
    for (int a = 0; a < rank(); a++) {
      int stride = axes.stream().skip(a + 1L).reduce(1, (x, y) -> x * y);
      lines.add(new Line(stride, a == 0 ? Integer.MAX_VALUE : axes.get(a)));
    }
    return lines.build();
  }

  /** How many positions there are. */
  public int capacity() {
    return axes.isEmpty() ? Integer.MAX_VALUE : axes.stream().reduce(1, (x, y) -> x * y);
  }

  /**
   * Refuses sequences that go beyond the grid.
   *
   * @param subject the type name of the mixer, for messages
   * @param positions one more than the last position
   */
  public void check(String subject, int positions) {
    int capacity = capacity();
    checkArgument(
        positions <= capacity,
        "%s: sequences must fit axes %s with %s positions, got %s; give larger axes or leave them"
            + " out",
        subject,
        axes,
        capacity,
        positions);
  }
}
