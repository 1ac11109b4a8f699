package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/**
 * A row-major shape seen along one axis: {@code [outer, size, inner]}.
 *
 * @param outer the product of the axes before
 * @param size the axis
 * @param inner the product of the axes after
 */
record Axis(long outer, long size, long inner) {

  /** The view along an axis; negative axes count from the last. */
  static Axis of(String subject, long[] shape, int axis) {
    int index = index(subject, shape, axis);
    long outer = 1;
    for (int i = 0; i < index; i++) {
      outer *= shape[i];
    }
    long inner = 1;
    for (int i = index + 1; i < shape.length; i++) {
      inner *= shape[i];
    }
    return new Axis(outer, shape[index], inner);
  }

  /** The index of an axis from the first. */
  static int index(String subject, long[] shape, int axis) {
    checkArgument(
        axis >= -shape.length && axis < shape.length,
        "%s: axis must be in [%s, %s] for shape %s, got %s",
        subject,
        -shape.length,
        shape.length - 1,
        Arrays.toString(shape),
        axis);
    return axis < 0 ? axis + shape.length : axis;
  }

  /** The size of the last axis. */
  static int last(String subject, Variable x) {
    return (int) of(subject, x.shape(), -1).size();
  }

  /** A shape with another size along an axis. */
  static long[] with(long[] shape, int axis, long size) {
    long[] result = shape.clone();
    result[axis < 0 ? axis + shape.length : axis] = size;
    return result;
  }

  /** A shape without an axis, or with 1 in its place. */
  static long[] without(long[] shape, int axis, boolean keep) {
    int index = axis < 0 ? axis + shape.length : axis;
    if (keep) {
      return with(shape, index, 1);
    }
    long[] result = new long[shape.length - 1];
    System.arraycopy(shape, 0, result, 0, index);
    System.arraycopy(shape, index + 1, result, index, result.length - index);
    return result;
  }
}
