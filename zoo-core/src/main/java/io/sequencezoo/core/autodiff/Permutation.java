package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Copies a row-major array into another order of axes. Axes that stay neighbours move as one; where
 * the last axis stays last whole runs are copied, otherwise square tiles are transposed on the
 * heap, so that both sides are read and written in runs.
 */
final class Permutation {
  /** Side of a square tile: a run of 256 bytes in float, two tiles in a level-1 cache. */
  private static final int SIDE = 64;

  /** Sizes of the result's merged axes. */
  private final long[] sizes;

  /** Strides in the source along them. */
  private final long[] strides;

  private Permutation(long[] sizes, long[] strides) {
    this.sizes = sizes;
    this.strides = strides;
  }

  /** The array with axis i of the result being axis {@code order[i]} of the source. */
  static <A> INDArray apply(Tape tape, Precision<A> p, INDArray source, int[] order) {
    long[] shape = source.shape();
    long[] natural = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      natural[axis] = stride;
      stride *= shape[axis];
    }
    long[] result = new long[order.length];
    long[] sizes = new long[order.length + 1];
    long[] strides = new long[order.length + 1];
    int count = 0;
    for (int i = 0; i < order.length; i++) {
      long size = shape[order[i]];
      result[i] = size;
      if (size == 1) {
        continue;
      }
      if (count > 0 && strides[count - 1] == natural[order[i]] * size) {
        sizes[count - 1] *= size;
        strides[count - 1] = natural[order[i]];
      } else {
        sizes[count] = size;
        strides[count++] = natural[order[i]];
      }
    }
    if (count == 0) {
      sizes[0] = 1;
      strides[count++] = 1;
    }
    INDArray target = tape.allocate(source.dataType(), result);
    Permutation move = new Permutation(Arrays.copyOf(sizes, count), Arrays.copyOf(strides, count));
    if (source.length() > 0) {
      move.copy(p, p.slab(source), p.slab(target));
    }
    return target;
  }

  private <A> void copy(Precision<A> p, Slab<A> from, Slab<A> to) {
    int last = sizes.length - 1;
    if (strides[last] == 1) {
      copyRuns(p, from, to, sizes[last]);
      return;
    }
    int unit = 0;
    while (strides[unit] != 1) {
      unit++;
    }
    copyTransposed(p, from, to, unit);
  }

  private <A> void copyRuns(Precision<A> p, Slab<A> from, Slab<A> to, long run) {
    int width = (int) Math.min(run, Elementwise.TILE);
    long pieces = (run + width - 1) / width;
    Parallel.ranges(
        to.length() / run * pieces,
        Math.max(1, Elementwise.GRAIN / width),
        (start, end) -> {
          try (Scratch<A> scratch = p.scratch()) {
            A tile = scratch.take(width);
            for (long piece = start; piece < end; piece++) {
              long row = piece / pieces;
              long column = piece % pieces * width;
              int n = (int) Math.min(width, run - column);
              from.load(offset(row, -1) + column, tile, 0, n);
              to.store(row * run + column, tile, 0, n);
            }
          }
        });
  }

  private <A> void copyTransposed(Precision<A> p, Slab<A> from, Slab<A> to, int unit) {
    int last = sizes.length - 1;
    long columns = sizes[last];
    long rows = sizes[unit];
    long rowStride = 1;
    for (int axis = unit + 1; axis <= last; axis++) {
      rowStride *= sizes[axis];
    }
    long stride = rowStride;
    long down = (rows + SIDE - 1) / SIDE;
    long across = (columns + SIDE - 1) / SIDE;
    long matrices = to.length() / rows / columns;
    Parallel.ranges(
        matrices * down * across,
        Elementwise.GRAIN / (SIDE * SIDE),
        (start, end) -> {
          try (Scratch<A> scratch = p.scratch()) {
            A in = scratch.take(SIDE * SIDE);
            A out = scratch.take(SIDE * SIDE);
            for (long tile = start; tile < end; tile++) {
              long matrix = tile / (down * across);
              long row = tile / across % down * SIDE;
              long column = tile % across * SIDE;
              int r = (int) Math.min(SIDE, rows - row);
              int c = (int) Math.min(SIDE, columns - column);
              long read = offset(matrix, unit) + row + column * strides[last];
              from.loadRows(read, strides[last], in, 0, c, r);
              transpose(in, out, c, r);
              to.storeRows(place(matrix, unit) + row * stride + column, stride, out, 0, r, c);
            }
          }
        });
  }

  /** The source offset of a combination of all axes but the last and, unless -1, one more. */
  private long offset(long combination, int without) {
    long offset = 0;
    long rest = combination;
    for (int axis = sizes.length - 2; axis >= 0; axis--) {
      if (axis != without) {
        offset += rest % sizes[axis] * strides[axis];
        rest /= sizes[axis];
      }
    }
    return offset;
  }

  /** The target offset of the same combination. */
  private long place(long combination, int without) {
    long offset = 0;
    long rest = combination;
    long stride = sizes[sizes.length - 1];
    for (int axis = sizes.length - 2; axis >= 0; axis--) {
      if (axis != without) {
        offset += rest % sizes[axis] * stride;
        rest /= sizes[axis];
      }
      stride *= sizes[axis];
    }
    return offset;
  }

  private static void transpose(Object from, Object to, int rows, int columns) {
    if (from instanceof float[] in) {
      float[] out = (float[]) to;
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
          out[j * rows + i] = in[i * columns + j];
        }
      }
    } else {
      double[] in = (double[]) from;
      double[] out = (double[]) to;
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
          out[j * rows + i] = in[i * columns + j];
        }
      }
    }
  }
}
