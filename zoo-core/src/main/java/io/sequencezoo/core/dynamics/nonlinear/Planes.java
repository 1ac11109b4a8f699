package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Strided;

/**
 * Numbers of many positions, plane by plane: plane p of position t starts at {@code first + (p
 * positions + t) width}. One plane of neighbouring positions is one run, so that element-wise cells
 * handle many positions in one call however few channels they have.
 *
 * @param <A> {@code float[]} or {@code double[]}
 * @param data where the numbers are
 * @param first where position 0 starts
 * @param positions how far planes lie apart, in positions
 * @param count how many planes
 * @param width numbers of one plane and position
 */
public record Planes<A>(A data, int first, int positions, int count, int width) {

  /** Planes that fill an array. */
  public Planes(A data, int positions, int count, int width) {
    this(data, 0, positions, count, width);
  }

  /** Planes with arbitrary contents, in scratch memory. */
  static <A> Planes<A> take(Scratch<A> scratch, int positions, int count, int width) {
    int length = Math.multiplyExact(Math.multiplyExact(positions, count), width);
    return new Planes<>(scratch.take(length), positions, count, width);
  }

  /** Where plane p of position t starts. */
  public int at(int plane, int position) {
    return first + (plane * positions + position) * width;
  }

  /** How far planes lie apart. */
  public int stride() {
    return positions * width;
  }

  /** The same planes seen from a position on, which becomes position 0. */
  public Planes<A> from(int position) {
    return new Planes<>(data, at(0, position), positions, count, width);
  }

  /** All planes from a position on, as kernels take them. */
  Strided<A> strided(int position) {
    return new Strided<>(data, at(0, position), stride());
  }

  /** Sets positions {@code from} to {@code to - 1} to zero. */
  void clear(Kernels<A> kernels, int from, int to) {
    for (int p = 0; p < count; p++) {
      kernels.fill(data, at(p, from), (to - from) * width, 0);
    }
  }

  /** Copies n positions from {@code t} on to the first ones of a target. */
  void copy(Kernels<A> kernels, int t, int n, Planes<A> target) {
    for (int p = 0; p < count; p++) {
      kernels.copy(data, at(p, t), target.data, target.at(p, 0), n * width);
    }
  }

  /**
   * Reads rows {@code [count][all]} that follow each other from {@code from}, of each plane the
   * {@code width} numbers after {@code channel}, into positions {@code t, t + 1, ...}.
   */
  void load(Slab<A> slab, long from, int all, int channel, int t, int rows) {
    if (count == 1 && all == width) {
      slab.load(from, data, at(0, t), rows * width);
      return;
    }
    for (int p = 0; p < count; p++) {
      for (int r = 0; r < rows; r++) {
        slab.load(from + ((long) r * count + p) * all + channel, data, at(p, t + r), width);
      }
    }
  }

  /** Writes what {@link #load} reads. */
  void store(Slab<A> slab, long to, int all, int channel, int t, int rows) {
    if (count == 1 && all == width) {
      slab.store(to, data, at(0, t), rows * width);
      return;
    }
    for (int p = 0; p < count; p++) {
      for (int r = 0; r < rows; r++) {
        slab.store(to + ((long) r * count + p) * all + channel, data, at(p, t + r), width);
      }
    }
  }

  /** The same for whole rows of few numbers: by one copy and a rearrangement on the heap. */
  void loadRows(Precision<A> precision, Slab<A> slab, long from, int t, int rows) {
    if (count == 1) {
      slab.load(from, data, at(0, t), rows * width);
      return;
    }
    staged(
        precision,
        rows,
        (stage, done, n) -> {
          slab.load(from + (long) done * count * width, stage, 0, n * count * width);
          for (int r = 0; r < n; r++) {
            for (int p = 0; p < count; p++) {
              System.arraycopy(stage, (r * count + p) * width, data, at(p, t + done + r), width);
            }
          }
        });
  }

  /** Writes positions {@code t, t + 1, ...} to whole rows {@code [count][width]}. */
  void storeRows(Precision<A> precision, Slab<A> slab, long to, int t, int rows) {
    if (count == 1) {
      slab.store(to, data, at(0, t), rows * width);
      return;
    }
    staged(
        precision,
        rows,
        (stage, done, n) -> {
          for (int r = 0; r < n; r++) {
            for (int p = 0; p < count; p++) {
              System.arraycopy(data, at(p, t + done + r), stage, (r * count + p) * width, width);
            }
          }
          slab.store(to + (long) done * count * width, stage, 0, n * count * width);
        });
  }

  private interface Stage<A> {
    void rows(A stage, int done, int n);
  }

  private void staged(Precision<A> precision, int rows, Stage<A> body) {
    int row = count * width;
    int most = Math.max(1, Math.min(rows, STAGE / row));
    try (Scratch<A> scratch = precision.scratch()) {
      A stage = scratch.take(most * row);
      for (int done = 0; done < rows; done += most) {
        body.rows(stage, done, Math.min(most, rows - done));
      }
    }
  }

  /** Elements that are staged at a time: within a level-1 cache. */
  private static final int STAGE = 1 << 12;
}
