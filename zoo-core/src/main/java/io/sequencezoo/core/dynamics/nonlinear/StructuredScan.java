package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Linear recurrences with structured matrices, solved in place:
 *
 * <pre>{@code
 * forward      δ_t = J_t δ_{t-1} + r_t               t = from ... to - 1, δ_{from-1} = 0
 * transposed   λ_t = J_{t+1}ᵀ λ_{t+1} + g_t          t = to - 1 ... from, λ_to = 0
 * }</pre>
 *
 * <p>The first matrix of a stretch is never read by the forward form: what is before it is zero.
 * {@link #sequential} takes one step after the other (Thomas). {@link #chunked} finds on all
 * threads what every chunk makes of what flows into it, composes that, and takes the steps of all
 * chunks on all threads; stretches with dense matrices, whose products cost d times a step, are one
 * chunk each.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public final class StructuredScan<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final boolean dense;
  private final int blocks;
  private final int width;

  private StructuredScan(Precision<A> precision, boolean dense, int blocks, int width) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.dense = dense;
    this.blocks = blocks;
    this.width = width;
  }

  /** Matrices of K x K diagonals of n; K = 1 is the diagonal case. */
  public static <A> StructuredScan<A> blocks(Precision<A> precision, int blocks, int width) {
    return new StructuredScan<>(precision, false, blocks, width);
  }

  /** Full matrices of d x d. */
  public static <A> StructuredScan<A> dense(Precision<A> precision, int size) {
    return new StructuredScan<>(precision, true, 1, size);
  }

  /** For the Jacobians of a cell. */
  static <A> StructuredScan<A> of(Precision<A> precision, CellShape shape) {
    return shape.structure() == JacobianStructure.DENSE
        ? dense(precision, shape.width())
        : blocks(precision, shape.blocks(), shape.width());
  }

  /** Vectors with arbitrary contents. */
  Planes<A> vectors(Scratch<A> scratch, int positions) {
    return Planes.take(scratch, positions, blocks, width);
  }

  /** Matrices with arbitrary contents. */
  Planes<A> matrices(Scratch<A> scratch, int positions) {
    return dense
        ? Planes.take(scratch, positions, 1, width * width)
        : Planes.take(scratch, positions, blocks * blocks, width);
  }

  /** One step after the other. */
  public void sequential(Planes<A> j, Planes<A> v, int from, int to, boolean transposed) {
    if (from >= to) {
      return;
    }
    try (Scratch<A> scratch = precision.scratch()) {
      Planes<A> state = vectors(scratch, 1);
      v.copy(kernels, transposed ? to - 1 : from, 1, state);
      if (transposed) {
        scan(true, j, v, from, to - 1, state, 0);
      } else {
        scan(false, j, v, from + 1, to, state, 0);
      }
    }
  }

  /**
   * The steps {@code from} to {@code to - 1} from a state that comes in, which is left with what
   * goes out.
   */
  private void scan(
      boolean transposed, Planes<A> j, Planes<A> v, int from, int to, Planes<A> state, int st) {
    if (!dense) {
      kernels.blockScan(
          transposed,
          blocks,
          j.strided(transposed ? from + 1 : from),
          state.strided(st),
          v.strided(from),
          to - from,
          width);
      return;
    }
    for (int i = 0; i < to - from; i++) {
      int t = transposed ? to - 1 - i : from + i;
      addProduct(transposed, j, transposed ? t + 1 : t, state, st, v, t);
      v.copy(kernels, t, 1, state.from(st));
    }
  }

  /** By chunks of the given length on all threads; the grid depends on the lengths alone. */
  public void chunked(Planes<A> j, Planes<A> v, int from, int to, int chunk, boolean transposed) {
    chunked(j, v, new int[] {from}, new int[] {to}, chunk, transposed);
  }

  /** The same for several stretches at once. */
  void chunked(Planes<A> j, Planes<A> v, int[] from, int[] to, int chunk, boolean transposed) {
    ChunkGrid grid = grid(from, to, chunk);
    try (Scratch<A> scratch = precision.scratch()) {
      Chunked chunked = new Chunked(j, v, grid, transposed, scratch);
      Parallel.run(grid.size(), chunked::reduce);
      chunked.compose();
      Parallel.run(grid.size(), chunked::solve);
    }
  }

  /** How {@link #chunked} cuts stretches: not at all where composing matrices is the dear part. */
  ChunkGrid grid(int[] from, int[] to, int chunk) {
    return ChunkGrid.of(from, to, dense ? Integer.MAX_VALUE : chunk);
  }

  /**
   * A solve by chunks in three stages, so that callers can do more with a chunk while it is in a
   * cache: {@link #reduce} every chunk, then {@link #compose}, then {@link #solve} every chunk.
   */
  final class Chunked {
    private final Planes<A> j;
    private final Planes<A> v;
    private final ChunkGrid grid;
    private final boolean transposed;

    /** What a chunk makes of what flows in, P and q, and rows to compute them in. */
    private final Planes<A> maps;

    private final Planes<A> inflow;

    /** In scratch memory of the calling thread. */
    Chunked(Planes<A> j, Planes<A> v, ChunkGrid grid, boolean transposed, Scratch<A> scratch) {
      this.j = j;
      this.v = v;
      this.grid = grid;
      this.transposed = transposed;
      int chunks = grid.size();
      this.maps = Planes.take(scratch, chunks, blocks * (blocks + 2), width);
      this.inflow = vectors(scratch, chunks);
    }

    /** Finds what a chunk makes of what flows in; solves the first, into which nothing flows. */
    void reduce(int c) {
      if (grid.isFirst(c, transposed)) {
        sequential(j, v, grid.from(c), grid.to(c), transposed);
      } else if (!grid.isLast(c, transposed)) {
        map(c);
      }
    }

    private void map(int c) {
      int at = grid.from(c);
      kernels.blockMap(
          transposed,
          blocks,
          j.strided(transposed ? at + 1 : at),
          v.strided(at),
          maps.strided(c),
          grid.to(c) - at,
          width);
    }

    /** Finds what flows into each chunk. */
    void compose() {
      for (int i = 0; i < grid.size(); i++) {
        int c = transposed ? grid.size() - 1 - i : i;
        if (grid.isFirst(c, transposed)) {
          continue;
        }
        int before = transposed ? c + 1 : c - 1;
        if (grid.isFirst(before, transposed)) {
          v.copy(kernels, transposed ? grid.from(before) : grid.to(before) - 1, 1, inflow.from(c));
        } else {
          for (int p = 0; p < blocks; p++) {
            int q = maps.at(blocks * blocks + p, before);
            kernels.copy(maps.data(), q, inflow.data(), inflow.at(p, c), width);
          }
          addProduct(false, maps, before, inflow, before, inflow, c);
        }
      }
    }

    /** Solves a chunk from what flows in, which is destroyed. */
    void solve(int c) {
      if (!grid.isFirst(c, transposed)) {
        scan(transposed, j, v, grid.from(c), grid.to(c), inflow, c);
      }
    }
  }

  /** {@code out_ot += op(J_jt) v_vt}. */
  void addProduct(
      boolean transposed, Planes<A> j, int jt, Planes<A> v, int vt, Planes<A> out, int ot) {
    if (dense) {
      denseProduct(transposed, j, j.at(0, jt), v, v.at(0, vt), out, out.at(0, ot));
      return;
    }
    for (int row = 0; row < blocks; row++) {
      for (int column = 0; column < blocks; column++) {
        int plane = transposed ? column * blocks + row : row * blocks + column;
        kernels.multiplyAdd(
            j.data(),
            j.at(plane, jt),
            v.data(),
            v.at(column, vt),
            out.data(),
            out.at(row, ot),
            width);
      }
    }
  }

  private void denseProduct(
      boolean transposed, Planes<A> j, int jo, Planes<A> v, int vo, Planes<A> out, int oo) {
    for (int i = 0; i < width; i++) {
      if (transposed) {
        kernels.axpy(
            kernels.get(v.data(), vo + i), j.data(), jo + i * width, out.data(), oo, width);
      } else {
        double dot = kernels.dot(j.data(), jo + i * width, v.data(), vo, width);
        kernels.set(out.data(), oo + i, kernels.get(out.data(), oo + i) + dot);
      }
    }
  }
}
