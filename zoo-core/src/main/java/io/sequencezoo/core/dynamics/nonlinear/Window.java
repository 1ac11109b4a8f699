package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of time of several rows, laid out as one run of positions: before the positions of each
 * row stands one for the state that it starts from, so that the state before position s is always
 * at {@code s - 1}. All positions are evaluated together, whatever row they belong to.
 */
final class Window<A> {
  /** Numbers of drive, states and Jacobian that a window holds at most, where rows allow it. */
  private static final int BUDGET = 1 << 24;

  /** Fewest steps of a window. */
  private static final int LEAST = 16;

  private final CellProblem<A> problem;
  private final Precision<A> precision;
  private final int begin;
  private final int[] rows;
  private final int[] open;
  private final int[] lengths;
  private final int positions;

  final Planes<A> drive;
  final Planes<A> states;

  /** {@code f} of the states before, then residuals and corrections. */
  final Planes<A> images;

  /** The steps {@code begin} to {@code end - 1}, in scratch memory of the calling thread. */
  Window(CellProblem<A> problem, int begin, int end, Scratch<A> scratch) {
    this.problem = problem;
    this.precision = problem.precision();
    this.begin = begin;
    int[] all = problem.lengths();
    int n = 0;
    for (int length : all) {
      n += length > begin ? 1 : 0;
    }
    this.rows = new int[n];
    this.open = new int[n];
    this.lengths = new int[n];
    int at = 0;
    int i = 0;
    for (int row = 0; row < all.length; row++) {
      if (all[row] > begin) {
        rows[i] = row;
        open[i] = at;
        lengths[i] = Math.min(all[row], end) - begin;
        at += 1 + lengths[i++];
      }
    }
    this.positions = at;
    CellShape shape = problem.shape();
    this.drive = Planes.take(scratch, positions, shape.inputs(), shape.inputWidth());
    this.states = Planes.take(scratch, positions, shape.blocks(), shape.width());
    this.images = Planes.take(scratch, positions, shape.blocks(), shape.width());
  }

  /** How many steps a window has, by shape. */
  static int steps(CellProblem<?> problem, int jacobian) {
    CellShape shape = problem.shape();
    long position =
        problem.batch() * (2L * shape.inputSize() + 2L * shape.stateSize() + (long) jacobian);
    return (int) Math.max(LEAST, Math.min(problem.longest(), BUDGET / Math.max(1, position)));
  }

  int size() {
    return rows.length;
  }

  int positions() {
    return positions;
  }

  /** The row of the batch that sequence i is. */
  int row(int i) {
    return rows[i];
  }

  /** The position of the state that sequence i starts from. */
  int open(int i) {
    return open[i];
  }

  /** The first position of sequence i. */
  int from(int i) {
    return open[i] + 1;
  }

  /** Behind the last position of sequence i. */
  int to(int i) {
    return open[i] + 1 + lengths[i];
  }

  /** Reads the drive; the positions before a row have none. */
  void loadDrive() {
    Slab<A> x = precision.slab(problem.x());
    Parallel.run(
        size(),
        i -> {
          long at = problem.at(rows[i], begin) * problem.shape().inputSize();
          drive.loadRows(precision, x, at, from(i), lengths[i]);
          drive.clear(precision.kernels(), open[i], from(i));
        });
  }

  /** Reads the states of the window's positions from rows {@code [B, T, d]}. */
  void loadStates(Slab<A> trajectory) {
    Parallel.run(
        size(),
        i -> {
          long at = problem.at(rows[i], begin) * problem.shape().stateSize();
          states.loadRows(precision, trajectory, at, from(i), lengths[i]);
        });
  }

  /** Writes the states of the window's positions to rows {@code [B, T, d]}. */
  void storeStates(Slab<A> trajectory) {
    Parallel.run(
        size(),
        i -> {
          long at = problem.at(rows[i], begin) * problem.shape().stateSize();
          states.storeRows(precision, trajectory, at, from(i), lengths[i]);
        });
  }

  /** Images and Jacobians of positions {@code from} to {@code to - 1}. */
  void linearise(CellKernel<A> kernel, int from, int to, Planes<A> jacobians) {
    kernel.linearise(
        to - from, states.from(from - 1), drive.from(from), images.from(from), jacobians);
  }

  /** A body on positions {@code from} to {@code to - 1} with a kernel of its thread. */
  @FunctionalInterface
  interface Body<A> {
    void accept(CellKernel<A> kernel, int from, int to, Scratch<A> scratch, int task);
  }

  /**
   * Runs a body over all positions of the sequences that are chosen, in tasks of the cell's grain
   * that go on across neighbouring sequences; returns the number of tasks.
   */
  int evaluate(boolean[] chosen, Body<A> body) {
    List<int[]> tasks = tasks(chosen);
    Parallel.run(
        tasks.size(),
        task -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int[] range = tasks.get(task);
            body.accept(problem.bind(scratch), range[0], range[1], scratch, task);
          }
        });
    return tasks.size();
  }

  /** The ranges that {@link #evaluate} runs over. */
  List<int[]> tasks(boolean[] chosen) {
    int grain = problem.cell().grain(problem.shape());
    List<int[]> tasks = new ArrayList<>();
    int i = 0;
    while (i < size()) {
      if (!chosen[i]) {
        i++;
        continue;
      }
      int from = from(i);
      while (i + 1 < size() && chosen[i + 1]) {
        i++;
      }
      int to = to(i++);
      for (int at = from; at < to; at += grain) {
        tasks.add(new int[] {at, Math.min(to, at + grain)});
      }
    }
    return tasks;
  }

  /** The stretches of positions of the chosen sequences, as their starts and ends. */
  int[][] stretches(boolean[] chosen, boolean withOpening) {
    int n = 0;
    for (int i = 0; i < size(); i++) {
      n += chosen[i] ? 1 : 0;
    }
    int[][] stretches = new int[3][n];
    int at = 0;
    for (int i = 0; i < size(); i++) {
      if (chosen[i]) {
        stretches[0][at] = withOpening ? open(i) : from(i);
        stretches[1][at] = to(i);
        stretches[2][at++] = i;
      }
    }
    return stretches;
  }
}
