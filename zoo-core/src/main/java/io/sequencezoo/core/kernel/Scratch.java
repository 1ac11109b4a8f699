package io.sequencezoo.core.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

  /** Arrays of {@code 2^i} elements that nobody uses. */
  private final List<List<A>> free = new ArrayList<>();

  private final List<A> taken = new ArrayList<>();

  /** How many were taken when each open scope was opened; a plain array, since it boxes nothing. */
  private int[] marks = new int[16];

  private int open;

  Scratch(Precision<A> precision) {
    this.precision = precision;
  }

  Scratch<A> open() {
    if (open == marks.length) {
      marks = Arrays.copyOf(marks, 2 * open);
    }
    marks[open++] = taken.size();
    return this;
  }

  /** An array of at least n elements, with arbitrary contents, until the scope closes. */
  public A take(int n) {
    int size = Math.max(16, Integer.highestOneBit(Math.max(1, n - 1)) << 1);
    List<A> pool = pool(size);
    A array = pool.isEmpty() ? precision.kernels().allocate(size) : pool.remove(pool.size() - 1);
    if (Poison.isOn()) {
      precision.kernels().fill(array, 0, size, Double.NaN);
    }
    taken.add(array);
    return array;
  }

  private List<A> pool(int size) {
    int i = Integer.numberOfTrailingZeros(size);
    while (free.size() <= i) {
      free.add(new ArrayList<>());
    }
    return free.get(i);
  }

  /** An array of at least n elements whose first n are zero. */
  public A zeros(int n) {
    A array = take(n);
    precision.kernels().fill(array, 0, n, 0);
    return array;
  }

  @Override
  public void close() {
    int mark = marks[--open];
    while (taken.size() > mark) {
      A array = taken.remove(taken.size() - 1);
      pool(precision.kernels().length(array)).add(array);
    }
  }
}
