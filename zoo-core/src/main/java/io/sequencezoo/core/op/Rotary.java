package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rotary position embedding: pairs of features turn by an angle proportional to the position.
 *
 * <pre>{@code
 * angle(t, j) = t base^(-2j/R)
 * (a, b) -> (a cos - b sin, b cos + a sin)
 * }</pre>
 *
 * <p>Features from R on pass through. The pullback is the opposite rotation.
 */
public final class Rotary {
  private Rotary() {}

  /** Which features form a pair. */
  public enum Convention {
    /** {@code (j, j + R/2)}: GPT-NeoX, Llama in most libraries. */
    @JsonProperty("half_split")
    HALF_SPLIT,
    /** {@code (2j, 2j + 1)}: the RoFormer paper, GPT-J. */
    @JsonProperty("interleaved")
    INTERLEAVED
  }

  /**
   * Rotates by position; row b starts at position {@code offsets[b]}.
   *
   * @param x {@code [B, T, H, D]}
   * @param offsets B positions, such as the tokens already seen; null for zeros
   * @param rotaryDim R, even, at most D
   */
  public static Variable rotate(
      Tape tape,
      Variable x,
      int @Nullable [] offsets,
      Convention convention,
      double base,
      int rotaryDim) {
    Shapes.check("rotary", x.operand(), "BTHD", -1, -1, -1, -1);
    int[] starts = offsets == null ? new int[x.size(0)] : Replay.following(offsets);
    checkArgument(
        starts.length == x.size(0),
        "rotary: offsets must have one entry per row, got %s for B=%s",
        starts.length,
        x.size(0));
    checkArgument(base > 0, "rotary: base must be positive, got %s", base);
    checkSize(x, rotaryDim);
    int first = Arrays.stream(starts).min().orElse(0);
    int last = last(starts) + x.size(1);
    checkArgument(first >= 0, "rotary: offsets must not be negative, got %s", first);
    RotaryTable table = RotaryTable.of(first, last, convention, base, rotaryDim);
    return rotate(tape, Precision.of(x.type()), x, starts, table, convention);
  }

  /**
   * Rotates by given cosines and sines.
   *
   * @param x {@code [B, T, H, D]}
   * @param cos {@code [T, R/2]}, as sin; not differentiated
   */
  public static Variable rotate(
      Tape tape, Variable x, INDArray cos, INDArray sin, Convention convention) {
    Shapes.check("rotary", x.operand(), "BTHD", -1, -1, -1, -1);
    Shapes.check("rotary cosines", cos, "TR", x.size(1), -1);
    Shapes.check("rotary sines", sin, "TR", x.size(1), cos.size(1));
    int rotaryDim = 2 * (int) cos.size(1);
    checkSize(x, rotaryDim);
    RotaryTable table = RotaryTable.given(cos, sin, convention, rotaryDim);
    return rotate(tape, Precision.of(x.type()), x, new int[x.size(0)], table, convention);
  }

  private static int last(int[] starts) {
    int last = 0;
    for (int start : starts) {
      last = Math.max(last, start);
    }
    return last;
  }

  private static void checkSize(Variable x, int rotaryDim) {
    checkArgument(
        rotaryDim >= 2 && rotaryDim % 2 == 0 && rotaryDim <= x.size(3),
        "rotary: rotaryDim must be even and in [2, D=%s], got %s",
        x.size(3),
        rotaryDim);
  }

  private static <A> Variable rotate(
      Tape tape,
      Precision<A> precision,
      Variable x,
      int[] starts,
      RotaryTable table,
      Convention convention) {
    INDArray y = tape.allocate(x.type(), x.shape());
    Tiles.Target<A> to = new Tiles.Target<>(precision.slab(y), 0);
    Slab<A> from = precision.slab(x.operand());
    int steps = x.size(1);
    Replay.run(
        () -> {
          // Where a step is repeated, rows go on beyond the table that it began with.
          RotaryTable now = table.reaching(last(starts) + steps);
          turn(precision, from, to, x.shape(), starts, now, convention, 1);
        });
    return tape.record(
        y,
        cotangents ->
            turn(
                precision,
                precision.slab(cotangents.output()),
                Tiles.wanted(precision, cotangents, 0),
                x.shape(),
                starts,
                table,
                convention,
                -1),
        x);
  }

  private static <A> void turn(
      Precision<A> precision,
      Slab<A> from,
      Tiles.Target<A> to,
      long[] shape,
      int[] starts,
      RotaryTable table,
      Convention convention,
      int direction) {
    Kernels<A> kernels = precision.kernels();
    int steps = (int) shape[1];
    int heads = (int) shape[2];
    int d = (int) shape[3];
    int r = table.rotaryDim();
    Parallel.ranges(
        shape[0] * steps,
        Tiles.taskRows(heads * d),
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A x = scratch.take(heads * d);
            A y = scratch.take(heads * d);
            A swapped = scratch.take(r);
            A cos = scratch.take(r);
            A sin = scratch.take(r);
            for (long row = start; row < end; row++) {
              int position = starts[(int) (row / steps)] + (int) (row % steps);
              table.load(kernels, position, direction, cos, sin);
              from.load(row * heads * d, x, 0, heads * d);
              kernels.copy(x, 0, y, 0, heads * d);
              for (int h = 0; h < heads; h++) {
                swap(kernels, convention, x, h * d, swapped, r);
                kernels.multiply(x, h * d, cos, 0, y, h * d, r);
                kernels.multiplyAdd(swapped, 0, sin, 0, y, h * d, r);
              }
              to.put(kernels, row * heads * d, y, 0, x, heads * d);
            }
          }
        });
  }

  /** The partner of every feature. */
  private static <A> void swap(
      Kernels<A> kernels, Convention convention, A x, int offset, A swapped, int r) {
    if (convention == Convention.HALF_SPLIT) {
      kernels.copy(x, offset + r / 2, swapped, 0, r / 2);
      kernels.copy(x, offset, swapped, r / 2, r / 2);
    } else {
      for (int j = 0; j < r; j += 2) {
        kernels.set(swapped, j, kernels.get(x, offset + j + 1));
        kernels.set(swapped, j + 1, kernels.get(x, offset + j));
      }
    }
  }
}
