package io.sequencezoo.core.io;

import java.util.Arrays;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param name its name
 * @param type its element type
 * @param shape its shape, empty for a scalar
 * @param begin its first byte, from the end of the header
 * @param end the byte after its last
 */
public record TensorInfo(String name, ElementType type, long[] shape, long begin, long end) {
  /** The number of elements. */
  public long length() {
    return (end - begin) / type.bytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorInfo that
        && name.equals(that.name)
        && type == that.type
        && Arrays.equals(shape, that.shape)
        && begin == that.begin
        && end == that.end;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Long.hashCode(begin);
  }

  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape) + " at " + begin;
  }
}
