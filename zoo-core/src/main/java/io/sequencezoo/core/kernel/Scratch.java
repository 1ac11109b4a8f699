package io.sequencezoo.core.kernel;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Arrays that a thread uses and gives back, so that the hot path allocates nothing. What {@link
 * #take} returns has arbitrary contents.
 *
 * <pre>{@code
 * try (Scratch<A> scratch = precision.scratch()) {
 *   A tile = scratch.take(4096);
 * }
 * }</pre>
 *
 * @param <A> the array type
 */
public final class Scratch<A> implements AutoCloseable {
  private final Precision<A> precision;
  private final Map<Integer, ArrayDeque<A>> free = new HashMap<>();
  private final ArrayDeque<A> taken = new ArrayDeque<>();
  private final ArrayDeque<Integer> marks = new ArrayDeque<>();

  Scratch(Precision<A> precision) {
    this.precision = precision;
  }

  Scratch<A> open() {
    marks.push(taken.size());
    return this;
  }

  /** An array of at least n elements, with arbitrary contents, until the scope closes. */
  public A take(int n) {
    int size = Math.max(16, Integer.highestOneBit(Math.max(1, n - 1)) << 1);
    ArrayDeque<A> pool = free.computeIfAbsent(size, s -> new ArrayDeque<>());
    A array = pool.isEmpty() ? precision.kernels().allocate(size) : pool.pop();
    if (Poison.isOn()) {
      precision.kernels().fill(array, 0, size, Double.NaN);
    }
    taken.push(array);
    return array;
  }

  /** An array of at least n elements whose first n are zero. */
  public A zeros(int n) {
    A array = take(n);
    precision.kernels().fill(array, 0, n, 0);
    return array;
  }

  @Override
  public void close() {
    int mark = marks.pop();
    while (taken.size() > mark) {
      A array = taken.pop();
      free.get(precision.kernels().length(array)).push(array);
    }
  }
}
