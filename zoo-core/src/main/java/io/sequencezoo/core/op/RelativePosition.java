package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Linearised relative position encoding on a grid: queries and keys are transformed each by its own
 * position, so that their products depend on the difference. With {@code c} the coordinate on the
 * axis that a feature belongs to:
 *
 * <pre>{@code
 * rotate:  (a, b) -> (a cos cθ - b sin cθ, b cos cθ + a sin cθ)     features (j, j + w/2) of a span
 * cosine:  x      -> (x cos cθ, x sin cθ)                           twice the width
 * }</pre>
 */
public final class RelativePosition {
  private RelativePosition() {}

  /** Which of the two. */
  public enum Form {
    /** Rotations of pairs; an axis has half as many angles as features. */
    ROTATE,
    /** Cosine and sine parts side by side; an axis has as many angles as features. */
    COSINE
  }

  /**
   * Encodes positions.
   *
   * @param x {@code [B, T, H, K]}
   * @param starts the position of each row's first token
   * @return {@code [B, T, H, K]}, or {@code [B, T, H, 2K]} for the cosine form
   */
  public static Variable apply(
      Tape tape, Variable x, int[] starts, RelativeAngles angles, Form form) {
    Shapes.check("relative position", x.operand(), "BTHK", -1, -1, -1, -1);
    int needed = form == Form.ROTATE ? 2 * angles.count() : angles.count();
    checkArgument(
        x.size(3) == needed,
        "relative position: key width must be %s for %s axes with %s angles each, got K=%s",
        needed,
        angles.axes(),
        angles.perAxis(),
        x.size(3));
    checkArgument(
        starts.length == x.size(0),
        "relative position: starts must have B=%s entries, got %s",
        x.size(0),
        starts.length);
    return apply(Precision.of(x.type()), tape, x, Replay.following(starts), angles, form);
  }

  private static <A> Variable apply(
      Precision<A> precision,
      Tape tape,
      Variable x,
      int[] starts,
      RelativeAngles angles,
      Form form) {
    int keys = x.size(3);
    int out = form == Form.ROTATE ? keys : 2 * keys;
    INDArray y = tape.allocate(x.type(), x.size(0), x.size(1), x.size(2), out);
    Tiles.Target<A> to = new Tiles.Target<>(precision.slab(y), 0);
    Slab<A> from = precision.slab(x.operand());
    Transform<A> transform = new Transform<>(precision, x.shape(), starts, angles, form);
    transform.run(from, to, keys, out, false);
    return tape.record(
        y,
        cotangents ->
            transform.run(
                precision.slab(cotangents.output()),
                Tiles.wanted(precision, cotangents, 0),
                out,
                keys,
                true),
        x);
  }

  /** The transform and its transpose, position by position. */
  private record Transform<A>(
      Precision<A> precision, long[] shape, int[] starts, RelativeAngles angles, Form form) {

    void run(Slab<A> from, Tiles.Target<A> to, int in, int out, boolean transposed) {
      Kernels<A> kernels = precision.kernels();
      int steps = (int) shape[1];
      int heads = (int) shape[2];
      int keys = (int) shape[3];
      Parallel.ranges(
          shape[0] * steps,
          Tiles.taskRows(heads * keys),
          (start, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A x = scratch.take(heads * in);
              A y = scratch.take(heads * out);
              A spare = scratch.take(heads * out);
              A cos = scratch.take(angles.count());
              A sin = scratch.take(angles.count());
              for (long row = start; row < end; row++) {
                angles.load(kernels, starts[(int) (row / steps)] + (int) (row % steps), cos, sin);
                if (transposed && form == Form.ROTATE) {
                  kernels.affine(-1, sin, 0, 0, sin, 0, angles.count());
                }
                from.load(row * heads * in, x, 0, heads * in);
                for (int h = 0; h < heads; h++) {
                  if (form == Form.ROTATE) {
                    rotate(kernels, x, y, h * keys, cos, sin, spare);
                  } else if (transposed) {
                    kernels.multiply(x, h * in, cos, 0, y, h * out, keys);
                    kernels.multiplyAdd(x, h * in + keys, sin, 0, y, h * out, keys);
                  } else {
                    kernels.multiply(x, h * in, cos, 0, y, h * out, keys);
                    kernels.multiply(x, h * in, sin, 0, y, h * out + keys, keys);
                  }
                }
                to.put(kernels, row * heads * out, y, 0, spare, heads * out);
              }
            }
          });
    }

    /** Turns the pairs of one head, span by span. */
    private void rotate(Kernels<A> kernels, A x, A y, int at, A cos, A sin, A spare) {
      int n = angles.perAxis();
      for (int axis = 0; axis < angles.axes(); axis++) {
        int a = at + axis * 2 * n;
        int b = a + n;
        int j = axis * n;
        kernels.multiply(x, a, cos, j, y, a, n);
        kernels.multiply(x, b, sin, j, spare, 0, n);
        kernels.subtract(y, a, spare, 0, y, a, n);
        kernels.multiply(x, b, cos, j, y, b, n);
        kernels.multiplyAdd(x, a, sin, j, y, b, n);
      }
    }
  }
}
