package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import org.jspecify.annotations.Nullable;

/**
 * Arrays {@code [B, T, ...]} whose features don't meet: a task walks over the time of one row and
 * one group of features.
 *
 * @param features of a position
 * @param group features of a task at most: a few cache lines, so that few still make several tasks
 * @param lengths valid positions per row, or null for all
 */
record Walk(int batch, int steps, int features, int group, int @Nullable [] lengths) {
  static Walk of(Variable x, int group, int @Nullable [] lengths) {
    long positions = (long) x.size(0) * x.size(1);
    int features = positions == 0 ? 0 : (int) (x.length() / positions);
    return new Walk(x.size(0), x.size(1), features, group, lengths);
  }

  /**
   * The shape {@code [B, ...]} of what is carried along {@code x [B, T, ...]}; checks what a walk
   * starts from, and the lengths, where there are any.
   */
  static long[] stateShape(
      String subject, Variable x, @Nullable Variable start, int @Nullable [] lengths) {
    long[] shape = x.shape();
    long[] state = new long[shape.length - 1];
    state[0] = shape[0];
    System.arraycopy(shape, 2, state, 1, state.length - 1);
    if (start != null) {
      String axes = "BHKNW".substring(0, Math.min(5, state.length));
      Shapes.check(subject + " state", start.operand(), axes, state);
    }
    checkArgument(
        lengths == null || lengths.length == shape[0],
        "%s: lengths must have one entry per row, got %s for B=%s",
        subject,
        lengths == null ? 0 : lengths.length,
        shape[0]);
    return state;
  }

  int tasks() {
    return batch * groups();
  }

  private int groups() {
    return (features + group - 1) / group;
  }

  int row(int task) {
    return task / groups();
  }

  /** The first feature of a task. */
  int from(int task) {
    return task % groups() * group;
  }

  /** The number of features of a task. */
  int size(int task) {
    return Math.min(group, features - from(task));
  }

  int length(int row) {
    return lengths == null ? steps : lengths[row];
  }

  /** Where a feature of a position is. */
  long at(int row, int t, int from) {
    return ((long) row * steps + t) * features + from;
  }
}
