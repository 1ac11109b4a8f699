package io.sequencezoo.core.block;

/**
 * A parameter that a block declares.
 *
 * @param name the dotted path, unique in the model
 * @param shape its shape; weight matrices are {@code [in, out]}
 * @param initialiser its first value
 * @param decayed whether weight decay applies; never to norms, biases and rates
 */
public record ParameterSpec(String name, long[] shape, Initialiser initialiser, boolean decayed) {
  /** The number of elements. */
  public long length() {
    long length = 1;
    for (long size : shape) {
      length = Math.multiplyExact(length, size);
    }
    return length;
  }
}
