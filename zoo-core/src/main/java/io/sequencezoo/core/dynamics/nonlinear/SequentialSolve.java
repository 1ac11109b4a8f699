package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell over whole sequences, one step after the other: in parallel over groups of rows, and over
 * tiles of channels where the cell works channel by channel. A step is one call of the kernel on
 * the rows and channels of a task.
 */
final class SequentialSolve<A> {
  /** Channels of a task: enough for a call, few enough that a layer gives work to several cores. */
  private static final int TILE = 128;

  /** Channels times rows that a step of a task should have at least. */
  private static final int STEP = 256;

  /** Numbers of the drive that are loaded at a time: within a level-2 cache. */
  private static final int LOADED = 1 << 14;

  private final CellProblem<A> problem;
  private final CellShape shape;
  private final Slab<A> x;
  private final Slab<A> trajectory;
  private final Slab<A> last;
  private final int tile;
  private final int group;

  private SequentialSolve(CellProblem<A> problem, INDArray trajectory, INDArray last) {
    this.problem = problem;
    this.shape = problem.shape();
    this.x = problem.precision().slab(problem.x());
    this.trajectory = problem.precision().slab(trajectory);
    this.last = problem.precision().slab(last);
    boolean split = shape.byChannel() && shape.width() >= 2 * TILE;
    this.tile = split ? TILE : shape.width();
    int batch = problem.batch();
    this.group =
        shape.byChannel() ? Math.min(batch, Math.max(1, STEP / (tile * shape.blocks()))) : batch;
  }

  /** Fills the valid positions of the trajectory {@code [B, T, d]}, and the last state. */
  static <A> void run(CellProblem<A> problem, INDArray trajectory, INDArray last) {
    new SequentialSolve<>(problem, trajectory, last).run();
  }

  private void run() {
    int tiles = (shape.width() + tile - 1) / tile;
    int groups = (problem.batch() + group - 1) / group;
    Parallel.run(
        tiles * groups,
        task -> {
          int from = task % tiles * tile;
          int row = task / tiles * group;
          try (Scratch<A> scratch = problem.precision().scratch()) {
            new Task(scratch, row, Math.min(problem.batch(), row + group), from).run();
          }
        });
  }

  /** Some rows and channels; position {@code t rows + r} is step t of row r. */
  private final class Task {
    private final int first;
    private final int rows;
    private final int channel;
    private final int span;
    private final CellKernel<A> kernel;
    private final Planes<A> drive;
    private final Planes<A> states;

    Task(Scratch<A> scratch, int first, int end, int channel) {
      this.first = first;
      this.rows = end - first;
      this.channel = channel;
      int width = Math.min(tile, shape.width() - channel);
      int inputWidth = shape.byChannel() ? width : shape.inputWidth();
      this.span =
          Math.max(
              1,
              Math.min(
                  Math.max(1, problem.longest()), LOADED / (rows * shape.inputs() * inputWidth)));
      this.kernel =
          problem
              .cell()
              .bind(
                  problem.precision(),
                  shape,
                  problem.parameters(),
                  channel,
                  channel + width,
                  scratch);
      this.drive = Planes.take(scratch, span * rows, shape.inputs(), inputWidth);
      this.states = Planes.take(scratch, (span + 1) * rows, shape.blocks(), width);
    }

    void run() {
      Slab<A> initial = problem.precision().slab(problem.initial());
      int longest = 0;
      for (int r = 0; r < rows; r++) {
        longest = Math.max(longest, problem.lengths()[first + r]);
        long at = (long) (first + r) * shape.stateSize();
        states.load(initial, at, shape.width(), channel, r, 1);
        states.store(last, at, shape.width(), channel, r, 1);
      }
      for (int t = 0; t < longest; t += span) {
        stretch(t, Math.min(span, longest - t));
      }
    }

    private void stretch(int from, int n) {
      int size = shape.inputSize();
      int all = shape.byChannel() ? shape.width() : shape.inputWidth();
      for (int r = 0; r < rows; r++) {
        long at = problem.at(first + r, from) * size;
        if (rows == 1) {
          drive.load(x, at, all, channel, 0, n);
        } else {
          for (int t = 0; t < n; t++) {
            drive.load(x, at + (long) t * size, all, channel, t * rows + r, 1);
          }
        }
      }
      for (int t = 0; t < n; t++) {
        kernel.next(rows, states.from(t * rows), drive.from(t * rows), states.from((t + 1) * rows));
      }
      for (int r = 0; r < rows; r++) {
        store(from, r, Math.min(n, problem.lengths()[first + r] - from));
      }
      states.copy(problem.precision().kernels(), n * rows, rows, states);
    }

    private void store(int from, int r, int valid) {
      int size = shape.stateSize();
      long at = problem.at(first + r, from) * size;
      if (rows == 1 && valid > 0) {
        states.store(trajectory, at, shape.width(), channel, 1, valid);
      } else {
        for (int t = 0; t < valid; t++) {
          int position = (t + 1) * rows + r;
          states.store(trajectory, at + (long) t * size, shape.width(), channel, position, 1);
        }
      }
      if (valid > 0) {
        long to = (long) (first + r) * size;
        states.store(last, to, shape.width(), channel, valid * rows + r, 1);
      }
    }
  }
}
