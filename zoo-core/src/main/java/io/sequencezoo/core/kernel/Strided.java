package io.sequencezoo.core.kernel;

/**
 * Planes of numbers, equally far apart in one array: number i of plane p is element {@code at + p
 * stride + i}.
 *
 * @param <A> the array type, {@code float[]} or {@code double[]}
 */
public record Strided<A>(A data, int at, int stride) {

  /** Where a plane starts. */
  public int plane(int p) {
    return at + p * stride;
  }
}
