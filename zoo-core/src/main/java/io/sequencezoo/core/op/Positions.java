package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What follows from where tokens stand in their rows, as arrays that move on where a step is
 * repeated ({@link Replay}).
 */
public final class Positions {
  private Positions() {}

  /** The i-th number of a token at a position. */
  @FunctionalInterface
  public interface ByPosition {
    /** Gives it. */
    double at(int position, int i);
  }

  /**
   * Integers by position, {@code [B, T]} of INT.
   *
   * @param starts the position of each row's first token
   */
  public static INDArray indices(Tape tape, int[] starts, int steps, IntUnaryOperator index) {
    int[] first = Replay.following(starts);
    INDArray indices = tape.allocate(DataType.INT32, starts.length, steps);
    DataBuffer buffer = Objects.requireNonNull(Indices.buffer(indices));
    Parallel.run(
        false,
        starts.length,
        b -> {
          for (int t = 0; t < steps; t++) {
            buffer.put((long) b * steps + t, index.applyAsInt(first[b] + t));
          }
        });
    return indices;
  }

  /**
   * The positions of rows that lie anywhere in an array, and 0 elsewhere.
   *
   * @param rows where each begins among all numbers of the array
   * @param lengths tokens of each
   * @param starts the position of each row's first token
   */
  public static INDArray indices(Tape tape, long[] shape, int[] rows, int[] lengths, int[] starts) {
    int[] first = Replay.following(starts);
    INDArray indices = tape.zeros(DataType.INT32, shape);
    DataBuffer buffer = Objects.requireNonNull(Indices.buffer(indices));
    Parallel.run(
        false,
        rows.length,
        b -> {
          for (int t = 0; t < lengths[b]; t++) {
            buffer.put((long) rows[b] + t, first[b] + t);
          }
        });
    return indices;
  }

  /**
   * n numbers by position, {@code [B, T, n]}.
   *
   * @param starts the position of each row's first token
   */
  public static Variable numbers(
      Tape tape, DataType type, int[] starts, int steps, int n, ByPosition number) {
    INDArray array = tape.allocate(type, starts.length, steps, n);
    fill(Precision.of(type), array, Replay.following(starts), steps, n, number);
    return tape.constant(array);
  }

  private static <A> void fill(
      Precision<A> precision, INDArray array, int[] first, int steps, int n, ByPosition number) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> to = precision.slab(array);
    Parallel.run(
        false,
        first.length,
        b -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A row = scratch.take(n);
            for (int t = 0; t < steps; t++) {
              for (int i = 0; i < n; i++) {
                kernels.set(row, i, number.at(first[b] + t, i));
              }
              to.store(((long) b * steps + t) * n, row, 0, n);
            }
          }
        });
  }
}
