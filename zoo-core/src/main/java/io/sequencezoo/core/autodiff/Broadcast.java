package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;

/**
 * How an operand is read in the shape of a result: the result's axes, neighbours merged wherever
 * the operand allows it, and the operand's stride along each, 0 where it is repeated.
 */
final class Broadcast {
  private final long[] sizes;
  private final long[] strides;

  private Broadcast(long[] sizes, long[] strides) {
    this.sizes = sizes;
    this.strides = strides;
  }

  /** The shape that NumPy broadcasts the shapes to. */
  static long[] shape(String subject, long[]... shapes) {
    int rank = 0;
    for (long[] shape : shapes) {
      rank = Math.max(rank, shape.length);
    }
    long[] result = new long[rank];
    Arrays.fill(result, 1);
    for (long[] shape : shapes) {
      for (int axis = 0; axis < shape.length; axis++) {
        int target = rank - shape.length + axis;
        long size = shape[axis];
        if (size != 1 && result[target] != 1 && result[target] != size) {
          throw new IllegalArgumentException(
              subject
                  + ": axes must be equal or 1 from the last to the first, got shapes "
                  + Arrays.deepToString(shapes));
        }
        result[target] = size == 1 ? result[target] : size;
      }
    }
    return result;
  }

  /** The reading of a contiguous operand in the shape of a result that it broadcasts to. */
  static Broadcast of(long[] operand, long[] result) {
    int rank = result.length;
    long[] sizes = new long[rank + 1];
    long[] strides = new long[rank + 1];
    int count = 0;
    long natural = 1;
    // From the last axis to the first, merged into the axis after it where strides permit.
    for (int axis = rank - 1; axis >= 0; axis--) {
      int own = axis - (rank - operand.length);
      long size = result[axis];
      long stride = own >= 0 && operand[own] != 1 ? natural : 0;
      natural *= own >= 0 ? operand[own] : 1;
      if (size == 1) {
        continue;
      }
      if (count > 0 && stride == strides[count - 1] * sizes[count - 1]) {
        sizes[count - 1] *= size;
      } else {
        sizes[count] = size;
        strides[count++] = stride;
      }
    }
    if (count == 0) {
      sizes[count++] = 1;
    }
    return new Broadcast(reversed(sizes, count), reversed(strides, count));
  }

  private static long[] reversed(long[] values, int count) {
    long[] result = new long[count];
    for (int i = 0; i < count; i++) {
      result[i] = values[count - 1 - i];
    }
    return result;
  }

  /** The number of merged axes. */
  int rank() {
    return sizes.length;
  }

  /** The size of a merged axis. */
  long size(int axis) {
    return sizes[axis];
  }

  /** Whether the operand is repeated along a merged axis. */
  boolean isRepeated(int axis) {
    return strides[axis] == 0;
  }

  /** Loads what the operand holds at positions {@code at} to {@code at + n - 1} of the result. */
  <A> void load(Kernels<A> kernels, Slab<A> slab, long at, A tile, int n) {
    int last = sizes.length - 1;
    int done = 0;
    while (done < n) {
      long position = at + done;
      long inner = position % sizes[last];
      int run = (int) Math.min(n - done, sizes[last] - inner);
      long offset = offset(position / sizes[last]);
      if (strides[last] == 0) {
        slab.load(offset, tile, done, 1);
        kernels.fill(tile, done, run, kernels.get(tile, done));
      } else {
        slab.load(offset + inner, tile, done, run);
      }
      done += run;
    }
  }

  /** The operand's element at each position of the result. */
  int[] offsets() {
    int last = sizes.length - 1;
    long length = Arrays.stream(sizes).reduce(1, (x, y) -> x * y);
    int[] offsets = new int[Math.toIntExact(length)];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = Math.toIntExact(offset(i / sizes[last]) + i % sizes[last] * strides[last]);
    }
    return offsets;
  }

  private long offset(long row) {
    long offset = 0;
    long rest = row;
    for (int axis = sizes.length - 2; axis >= 0; axis--) {
      offset += rest % sizes[axis] * strides[axis];
      rest /= sizes[axis];
    }
    return offset;
  }
}
