package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Integer arrays on the heap. */
final class Indices {
  private Indices() {}

  /** The elements, row-major. */
  static int[] read(String subject, INDArray indices) {
    DataType type = indices.dataType();
    checkArgument(
        type == DataType.INT || type == DataType.LONG,
        "%s: must be INT or LONG, got %s",
        subject,
        type);
    if (indices.length() == 0) {
      return new int[0];
    }
    boolean dense = indices.ordering() == 'c' && !indices.isView();
    INDArray own = dense ? indices : indices.dup('c');
    if (type == DataType.INT) {
      return Arrays.copyOf(own.data().asInt(), (int) own.length());
    }
    long[] values = own.data().asLong();
    int[] result = new int[(int) own.length()];
    for (int i = 0; i < result.length; i++) {
      // Clamping keeps a value out of range, where a cast could bring it back in.
      result[i] = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, values[i]));
    }
    return result;
  }
}
