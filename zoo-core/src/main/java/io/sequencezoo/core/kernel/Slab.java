package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import java.lang.ref.Reference;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The off-heap data of one contiguous row-major array, copied to and from heap tiles. Positions
 * count elements from the array's first.
 *
 * @param <A> the heap array type
 */
public abstract class Slab<A> {
  /**
   * The array or buffer, held because ND4J frees the memory of what nothing refers to; a pointer is
   * nothing.
   */
  private final Object owner;

  private final Pointer pointer;
  private final long length;

  Slab(Object owner, Pointer pointer, long length) {
    this.owner = owner;
    this.pointer = pointer;
    this.length = length;
  }

  /** Copies n elements from position {@code at} to the heap. */
  public abstract void load(long at, A into, int offset, int n);

  /** Copies n elements from the heap to position {@code at}. */
  public abstract void store(long at, A from, int offset, int n);

  /** Copies rows of {@code columns} elements, {@code stride} apart off-heap, packed on the heap. */
  public void loadRows(long at, long stride, A into, int offset, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      load(at + r * stride, into, offset + r * columns, columns);
    }
  }

  /** Copies packed rows from the heap to rows {@code stride} apart. */
  public void storeRows(long at, long stride, A from, int offset, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      store(at + r * stride, from, offset + r * columns, columns);
    }
  }

  /** The number of elements. */
  public final long length() {
    return length;
  }

  /** Copies all elements to those of a window on as many. */
  public final void copyTo(Slab<A> to) {
    checkArgument(
        to.length() == length(), "copy: must have %s elements, got %s", length(), to.length());
    try {
      Pointer.memcpy(to.pointer, pointer, length() * pointer.sizeof());
    } finally {
      Reference.reachabilityFence(owner);
      Reference.reachabilityFence(to.owner);
    }
  }

  /** Whether the elements are floats, otherwise doubles. */
  final boolean isFloat() {
    return pointer instanceof FloatPointer;
  }

  /** The address of an element, for BLAS; valid while the window is reachable. */
  final long address(long at) {
    return pointer.address() + (pointer.position() + at) * pointer.sizeof();
  }

  static void checkContiguous(INDArray array) {
    if (!isContiguous(array)) {
      throw new IllegalArgumentException(
          "array: must be contiguous and row-major, got shape "
              + java.util.Arrays.toString(array.shape())
              + " strides "
              + java.util.Arrays.toString(array.stride())
              + "; use dup('c')");
    }
  }

  /** Whether the elements lie row-major without gaps. */
  public static boolean isContiguous(INDArray array) {
    if (array.length() == 0) {
      return true;
    }
    if (array.ordering() != 'c') {
      return false;
    }
    long expected = 1;
    for (int axis = array.rank() - 1; axis >= 0; axis--) {
      if (array.size(axis) != 1 && array.stride(axis) != expected) {
        return false;
      }
      expected *= array.size(axis);
    }
    return true;
  }
}
