package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;

/**
 * One stretch of queries over the keys held before it and its own keys, which count as one run per
 * row: {@code cached[b]} held ones, then {@code lengths[b]} new ones.
 *
 * @param shape sizes
 * @param visibility which keys a query sees
 * @param scale multiplies the logits
 * @param slopes linear bias of every query head, or null
 * @param cached keys held for each row
 * @param capacity slots per row of the arrays that hold them
 * @param lengths valid new positions of each row
 */
record Span(
    AttentionShape shape,
    Visibility visibility,
    double scale,
    double[] slopes,
    int[] cached,
    int capacity,
    int[] lengths) {

  /**
   * A stretch after what a state holds.
   *
   * @param held slots of each row in use
   * @param state keys of the state, {@code [B, n, ...]}
   * @param lengths valid new positions of each row
   */
  static Span of(
      String subject,
      AttentionShape shape,
      Visibility visibility,
      double scale,
      double[] slopes,
      int[] held,
      Variable state,
      int[] lengths) {
    boolean empty = Arrays.stream(held).allMatch(n -> n == 0);
    checkArgument(
        !visibility.bidirectional() || empty,
        "%s: bidirectional attention can't continue a sequence; give it whole sequences",
        subject);
    int capacity = empty ? 0 : state.size(1);
    return new Span(shape, visibility, scale, slopes, held, capacity, lengths);
  }

  /** Keys of row b, held and new. */
  int total(int b) {
    return cached[b] + lengths[b];
  }

  /** The first key that queries {@code [from, to)} of row b see. */
  int firstKey(int b, int from) {
    return visibility.first(cached[b] + from);
  }

  /** One past the last key that queries up to {@code to - 1} of row b see. */
  int endKey(int b, int to) {
    return visibility.end(cached[b] + to - 1, total(b));
  }

  /**
   * Loads keys (or values) {@code [from, to)} of row b and head h, packed.
   *
   * @param held off-heap {@code [B, capacity, H, size]}, or null where nothing is held
   * @param fresh off-heap {@code [B, T, H, size]}
   */
  <A> void load(Slab<A> held, Slab<A> fresh, int b, int h, int size, int from, int to, A into) {
    loadColumns(held, fresh, b, (long) shape.heads() * size, h * size, size, from, to, into);
  }

  /**
   * Loads features {@code [offset, offset + size)} of keys {@code [from, to)} of row b, packed.
   *
   * @param held off-heap {@code [B, capacity, stride]}, or null where nothing is held
   * @param fresh off-heap {@code [B, T, stride]}
   */
  <A> void loadColumns(
      Slab<A> held,
      Slab<A> fresh,
      int b,
      long stride,
      int offset,
      int size,
      int from,
      int to,
      A into) {
    int split = Math.min(to, Math.max(from, cached[b]));
    if (split > from) {
      long at = ((long) b * capacity + from) * stride + offset;
      held.loadRows(at, stride, into, 0, split - from, size);
    }
    if (to > split) {
      long at = ((long) b * shape.steps() + split - cached[b]) * stride + offset;
      fresh.loadRows(at, stride, into, (split - from) * size, to - split, size);
    }
  }

  /** The largest Euclidean norm of packed vectors of K features. */
  <A> double largestNorm(Kernels<A> kernels, A vectors, int n) {
    int d = shape.keyDim();
    double largest = 0;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, kernels.dot(vectors, i * d, vectors, i * d, d));
    }
    return Math.sqrt(largest);
  }

  /**
   * Minus the distances, for {@link #rampAt}: a row's linear bias is slope times a run of it. Null
   * without slopes.
   */
  <A> A ramp(Precision<A> precision) {
    if (slopes == null) {
      return null;
    }
    int centre = rampCentre();
    int length = centre + shape.steps();
    Kernels<A> kernels = precision.kernels();
    A ramp = kernels.allocate(length);
    for (int i = 0; i < length; i++) {
      kernels.set(ramp, i, -Math.abs(i - centre));
    }
    return ramp;
  }

  /** Where the ramp holds the bias of a key for the query at index {@code at}. */
  int rampAt(int key, int at) {
    return key - at + rampCentre();
  }

  private int rampCentre() {
    return capacity + shape.steps();
  }
}
