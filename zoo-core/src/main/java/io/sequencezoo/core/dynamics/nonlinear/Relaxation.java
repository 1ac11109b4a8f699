package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Block Jacobi relaxation of one trajectory (F-relaxation of parallel-in-time multigrid, parareal
 * without a coarse model): cut into chunks of about {@code 2 √T} steps, all of which are stepped
 * through at once, each from where the chunk before it ended in the last sweep.
 *
 * <p>After k sweeps the first k chunks are exact. Far fewer sweeps than chunks do where a cell
 * forgets: which of several basins of attraction a state is in is then decided by the inputs of the
 * last steps, not by where the chunk started. Chunks whose start has hardly moved stay as they are.
 */
final class Relaxation<A> {
  /** Steps of a chunk at least; less doesn't pay for the sweeps. */
  private static final int LEAST = 16;

  /** Numbers of the state that one call of the cell's kernel should have. */
  private static final int CALL = 128;

  /** Gives up after the work of so many sequential evaluations. */
  private static final int WORK = 8;

  private final CellProblem<A> problem;
  private final CellShape shape;
  private final Kernels<A> kernels;
  private final Window<A> window;
  private final ChunkGrid grid;
  private int sweeps;
  private long work;

  Relaxation(CellProblem<A> problem, Window<A> window, int sequence) {
    this.problem = problem;
    this.shape = problem.shape();
    this.kernels = problem.precision().kernels();
    this.window = window;
    int from = window.from(sequence);
    int to = window.to(sequence);
    int chunk = Math.max(LEAST, (int) Math.ceil(2 * Math.sqrt(to - from)));
    this.grid = ChunkGrid.of(new int[] {from}, new int[] {to}, chunk);
  }

  int sweeps() {
    return sweeps;
  }

  /**
   * Sweeps until no chunk starts further than {@code near (1 + |h|)} from where the one before it
   * ends, entry by entry; returns whether that was reached.
   *
   * @param most most sweeps
   */
  boolean run(int most, double near) {
    try (Scratch<A> scratch = problem.precision().scratch()) {
      Planes<A> starts = Planes.take(scratch, grid.size(), shape.blocks(), shape.width());
      int[] chunks = IntStream.range(0, grid.size()).toArray();
      for (int left = most; chunks.length > 0; left--) {
        work += chunks.length;
        if (left == 0 || work > (long) WORK * grid.size()) {
          return false;
        }
        sweep(chunks, starts);
        sweeps++;
        // Written so that NaN is never near.
        chunks =
            IntStream.range(1, grid.size()).filter(c -> !(distance(starts, c) <= near)).toArray();
      }
      return true;
    }
  }

  private void sweep(int[] chunks, Planes<A> starts) {
    // Taken before any chunk writes its end.
    for (int c : chunks) {
      window.states.copy(kernels, grid.from(c) - 1, 1, starts.from(c));
    }
    Parallel.ranges(
        chunks.length,
        Math.max(1, CALL / shape.stateSize()),
        (a, b) -> step(Arrays.copyOfRange(chunks, (int) a, (int) b), starts));
  }

  /** Steps through some chunks side by side: the kernel's positions are chunks. */
  private void step(int[] chunks, Planes<A> starts) {
    int rows = chunks.length;
    int last = chunks[rows - 1];
    try (Scratch<A> scratch = problem.precision().scratch()) {
      CellKernel<A> kernel = problem.bind(scratch);
      Planes<A> drive = Planes.take(scratch, rows, shape.inputs(), shape.inputWidth());
      Planes<A> states = Planes.take(scratch, 2 * rows, shape.blocks(), shape.width());
      for (int r = 0; r < rows; r++) {
        starts.copy(kernels, chunks[r], 1, states.from(r));
      }
      int now = 0;
      for (int t = 0; t < grid.to(chunks[0]) - grid.from(chunks[0]); t++) {
        // The last chunk of all may be shorter.
        int n = grid.from(last) + t < grid.to(last) ? rows : rows - 1;
        for (int r = 0; r < n; r++) {
          window.drive.copy(kernels, grid.from(chunks[r]) + t, 1, drive.from(r));
        }
        kernel.next(n, states.from(now), drive, states.from(rows - now));
        now = rows - now;
        for (int r = 0; r < n; r++) {
          states.copy(kernels, now + r, 1, window.states.from(grid.from(chunks[r]) + t));
        }
      }
    }
  }

  /** How far a chunk started from where the one before it ends now. */
  private double distance(Planes<A> starts, int c) {
    double distance = 0;
    for (int p = 0; p < starts.count(); p++) {
      int at = window.states.at(p, grid.from(c) - 1);
      for (int i = 0; i < starts.width(); i++) {
        double end = kernels.get(window.states.data(), at + i);
        double start = kernels.get(starts.data(), starts.at(p, c) + i);
        distance = Math.max(distance, Math.abs(end - start) / (1 + Math.abs(end)));
      }
    }
    return distance;
  }
}
