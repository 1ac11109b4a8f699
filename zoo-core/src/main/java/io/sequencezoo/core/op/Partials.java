package io.sequencezoo.core.op;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import org.jspecify.annotations.Nullable;

/**
 * Sums over rows, such as gradients of gains and biases: every group of rows sums for itself, and
 * the groups are added in their order, so that threads don't change the result.
 */
final class Partials {
  /** Most groups that an array is cut into: bounds the memory of the partial sums. */
  private static final int GROUPS = 32;

  private Partials() {}

  /** Handles rows {@code from} to {@code to - 1}, adding to two arrays of sums. */
  @FunctionalInterface
  interface Body<A> {
    void accept(long from, long to, A first, A second);
  }

  /**
   * Runs the body over groups of rows and puts the two sums into their targets.
   *
   * @param grain least number of rows of a group
   * @param n elements of each array of sums, at least as many as each target has
   * @param first where the first sum goes; may be null
   * @param second where the second sum goes; may be null
   */
  static <A> void run(
      Precision<A> precision,
      long rows,
      int grain,
      int n,
      Tiles.@Nullable Target<A> first,
      Tiles.@Nullable Target<A> second,
      Body<A> body) {
    Kernels<A> kernels = precision.kernels();
    int size = (int) Math.max(grain, (rows + GROUPS - 1) / GROUPS);
    int groups = (int) ((rows + size - 1) / size);
    try (Scratch<A> shared = precision.scratch()) {
      A sums = shared.take(2 * n * Math.max(1, groups));
      Parallel.run(
          groups,
          group -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A a = scratch.zeros(n);
              A b = scratch.zeros(n);
              body.accept((long) group * size, Math.min(rows, (long) (group + 1) * size), a, b);
              kernels.copy(a, 0, sums, 2 * n * group, n);
              kernels.copy(b, 0, sums, 2 * n * group + n, n);
            }
          });
      finish(kernels, shared, sums, 0, 2 * n, groups, first);
      finish(kernels, shared, sums, n, 2 * n, groups, second);
    }
  }

  private static <A> void finish(
      Kernels<A> kernels,
      Scratch<A> scratch,
      A sums,
      int offset,
      int stride,
      int groups,
      Tiles.@Nullable Target<A> target) {
    if (target == null) {
      return;
    }
    int n = (int) target.slab().length();
    A total = scratch.zeros(n);
    for (int group = 0; group < groups; group++) {
      kernels.add(total, 0, sums, stride * group + offset, total, 0, n);
    }
    target.put(kernels, 0, total, 0, scratch.take(n), n);
  }
}
