package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.shape.Shapes;
import org.jspecify.annotations.Nullable;

/**
 * An exponentially decaying sum along one axis of a grid whose positions follow each other in
 * row-major order: the scan behind Toeplitz position encoding.
 *
 * <pre>{@code
 * y_p = x_p + γ y_{p-s}        s: the positions between neighbours on the axis
 * y_p = x_p                    where p is the first of its line
 * }</pre>
 *
 * <p>Forwards it is causal in the row-major order and can go on from a state: the last s outputs.
 * Backwards in time, {@code y_p = x_p + γ y_{p+s}}, it needs the whole sequence.
 */
public final class DecayingSum {
  private DecayingSum() {}

  /**
   * One axis of a grid.
   *
   * @param stride s, the product of the sizes of the axes after it
   * @param size positions of a line; {@link Integer#MAX_VALUE} for the first axis, where lines end
   *     with the sequence
   */
  public record Line(int stride, int size) {
    /** Checks both. */
    public Line {
      checkArgument(stride >= 1, "decaying sum: stride must be at least 1, got %s", stride);
      checkArgument(size >= 1, "decaying sum: size must be at least 1, got %s", size);
    }

    /** The coordinate of a position on this axis. */
    int coordinate(int position) {
      return position / stride % size;
    }
  }

  /**
   * Sums forwards.
   *
   * @param x {@code [B, T, D]}
   * @param decay γ of H groups of D/H features, {@code [H]}
   * @param state {@code [B, s, D]}: the output at the last position whose remainder by s is j, for
   *     every j
   * @param starts the position of each row's first token
   * @param lengths valid positions per row, or null for all; outputs are zero at others
   * @return y as x, and the next state
   */
  public static Variable[] forwards(
      Tape tape,
      Variable x,
      Variable decay,
      Variable state,
      int[] starts,
      Line line,
      int @Nullable [] lengths) {
    check(x, decay);
    long b = x.size(0);
    Shapes.check("decaying sum state", state.operand(), "BsD", b, line.stride(), x.size(2));
    checkArgument(
        starts.length == b,
        "decaying sum: starts must have B=%s entries, got %s",
        b,
        starts.length);
    Walk walk = Walk.of(x, LineSum.GROUP, lengths);
    return new LineSum<>(
            Precision.of(x.type()), x, decay, state, Replay.following(starts), line, walk, false)
        .record(tape);
  }

  /** Sums backwards from the last valid position; as {@link #forwards}, from position 0. */
  public static Variable backwards(
      Tape tape, Variable x, Variable decay, Line line, int @Nullable [] lengths) {
    check(x, decay);
    Walk walk = Walk.of(x, LineSum.GROUP, lengths);
    return new LineSum<>(
            Precision.of(x.type()), x, decay, null, new int[x.size(0)], line, walk, true)
        .record(tape)[0];
  }

  private static void check(Variable x, Variable decay) {
    Shapes.check("decaying sum", x.operand(), "BTD", -1, -1, -1);
    Shapes.check("decaying sum decay", decay.operand(), "H", -1);
    checkArgument(
        x.size(2) % decay.size(0) == 0,
        "decaying sum: width %s must be divisible by the number of decays %s",
        x.size(2),
        decay.size(0));
    Tiles.checkSameType("decaying sum", x, decay);
  }
}
