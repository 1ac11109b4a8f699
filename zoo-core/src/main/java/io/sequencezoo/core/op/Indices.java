package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Slab;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Integer arrays on the heap. */
public final class Indices {
  private Indices() {}

  /** The elements, row-major. */
  public static int[] read(String subject, INDArray indices) {
    DataType type = indices.dataType();
    checkArgument(
        type == DataType.INT32 || type == DataType.INT64,
        "%s: must be INT or LONG, got %s",
        subject,
        type);
    if (indices.length() == 0) {
      return new int[0];
    }
    INDArray own = own(indices);
    if (type == DataType.INT32) {
      return own.data().asInt();
    }
    long[] values = own.data().asLong();
    int[] result = new int[values.length];
    for (int i = 0; i < result.length; i++) {
      // Clamping keeps a value out of range, where a cast could bring it back in.
      result[i] = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, values[i]));
    }
    return result;
  }

  /** The elements, row-major, once more, without making anything for it where they are INT. */
  public static void read(String subject, INDArray indices, int[] into) {
    DataBuffer buffer = buffer(indices);
    if (buffer == null) {
      System.arraycopy(read(subject, indices), 0, into, 0, into.length);
      return;
    }
    for (int i = 0; i < into.length; i++) {
      into[i] = buffer.getInt(i);
    }
  }

  /** Writes elements of an array of INT that is all there is in its buffer. */
  public static void write(int[] from, INDArray into) {
    DataBuffer buffer = buffer(into);
    checkArgument(buffer != null, "indices: must be INT in a buffer of their own, got a view");
    for (int i = 0; i < from.length; i++) {
      buffer.put(i, from[i]);
    }
  }

  /**
   * The array itself if its buffer holds its elements, row-major, and nothing else, otherwise a
   * copy. ND4J's {@code isView} says no of a view of integers that starts at the first.
   */
  static INDArray own(INDArray array) {
    return isOwn(array) ? array : array.dup('c');
  }

  private static boolean isOwn(INDArray array) {
    boolean whole = Slab.isContiguous(array) && array.data().length() == array.length();
    return whole && array.offset() == 0;
  }

  /** The buffer of an array of INT whose elements it holds, and nothing else; null of any other. */
  static @Nullable DataBuffer buffer(INDArray array) {
    return array.dataType() == DataType.INT32 && isOwn(array) ? array.data() : null;
  }
}
