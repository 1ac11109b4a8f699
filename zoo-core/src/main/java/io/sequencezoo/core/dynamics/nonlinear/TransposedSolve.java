package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The backward pass of a cell along its trajectory, whatever solver found that:
 *
 * <pre>{@code
 * λ_t = J_{t+1}ᵀ λ_{t+1} + ∂L/∂h_t
 * ∂L/∂x_t = (∂f/∂x)ᵀ λ_t      ∂L/∂θ = Σ_t (∂f/∂θ)ᵀ λ_t      ∂L/∂h_0 = J_1ᵀ λ_1
 * }</pre>
 *
 * <p>Jacobians and local pullbacks of all positions are evaluated together; between them stands one
 * transposed linear solve.
 */
final class TransposedSolve<A> {
  private final CellProblem<A> problem;
  private final CellShape shape;
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final INDArray initial;
  private final Slab<A> trajectory;
  private final Slab<A> gTrajectory;
  private final INDArray gLast;

  /**
   * Of a trajectory {@code [B, T, d]}.
   *
   * @param gTrajectory {@code ∂L/∂h}, or null for zero
   * @param gLast of the last state {@code [B, d]}, or null for zero
   */
  TransposedSolve(
      CellProblem<A> problem, INDArray trajectory, INDArray gTrajectory, INDArray gLast) {
    this.problem = problem;
    this.shape = problem.shape();
    this.precision = problem.precision();
    this.kernels = precision.kernels();
    this.initial = problem.initial();
    this.trajectory = precision.slab(trajectory);
    this.gTrajectory = gTrajectory == null ? null : precision.slab(gTrajectory);
    this.gLast = gLast;
  }

  /** Writes valid positions of gx and all of gInitial; adds to the gradients of θ. */
  void run(INDArray gx, INDArray gInitial, A gradients) {
    int numbers = shape.jacobianPlanes() * shape.jacobianWidth() + shape.inputSize();
    int span = Window.steps(problem, numbers);
    int longest = problem.longest();
    int batch = problem.batch();
    try (Scratch<A> scratch = precision.scratch()) {
      // λ of the state after the positions that are done, row by row.
      Planes<A> carried = Planes.take(scratch, batch, shape.blocks(), shape.width());
      if (gLast == null) {
        carried.clear(kernels, 0, batch);
      } else {
        carried.loadRows(precision, precision.slab(gLast), 0, 0, batch);
      }
      int windows = (longest + span - 1) / span;
      for (int w = windows - 1; w >= 0; w--) {
        try (Scratch<A> inner = precision.scratch()) {
          Window<A> window = new Window<>(problem, w * span, (w + 1) * span, inner);
          new Pass(window, w * span, carried).run(precision.slab(gx), gradients, inner);
        }
      }
      carried.storeRows(precision, precision.slab(gInitial), 0, 0, batch);
    }
  }

  /** One window: states, cotangents in place of images. */
  private final class Pass {
    private final Window<A> window;
    private final int begin;
    private final Planes<A> carried;
    private final boolean[] all;

    Pass(Window<A> window, int begin, Planes<A> carried) {
      this.window = window;
      this.begin = begin;
      this.carried = carried;
      this.all = new boolean[window.size()];
      Arrays.fill(all, true);
    }

    void run(Slab<A> gx, A gradients, Scratch<A> scratch) {
      if (window.size() == 0) {
        return;
      }
      window.loadDrive();
      window.loadStates(trajectory);
      open();
      StructuredScan<A> scan = StructuredScan.of(precision, shape);
      Planes<A> jacobians = scan.matrices(scratch, window.positions());
      window.evaluate(
          all,
          (kernel, from, to, own, task) ->
              window.linearise(kernel, from, to, jacobians.from(from)));
      cotangents();
      int[][] stretches = window.stretches(all, true);
      int chunk = NewtonSolve.chunkSteps(shape);
      scan.chunked(jacobians, window.images, stretches[0], stretches[1], chunk, true);
      for (int i = 0; i < window.size(); i++) {
        window.images.copy(kernels, window.open(i), 1, carried.from(window.row(i)));
        // The position before a row is nobody's step, and is evaluated between its neighbours.
        window.images.clear(kernels, window.open(i), window.from(i));
      }
      pull(gx, gradients, scratch);
    }

    /** The state before the window: the last of the window before, or the initial one. */
    private void open() {
      int d = shape.stateSize();
      for (int i = 0; i < window.size(); i++) {
        int row = window.row(i);
        if (begin == 0) {
          Slab<A> slab = precision.slab(initial);
          window.states.loadRows(precision, slab, (long) row * d, window.open(i), 1);
        } else {
          long at = problem.at(row, begin - 1) * d;
          window.states.loadRows(precision, trajectory, at, window.open(i), 1);
        }
      }
    }

    private void cotangents() {
      for (int i = 0; i < window.size(); i++) {
        int n = window.to(i) - window.from(i);
        if (gTrajectory == null) {
          window.images.clear(kernels, window.from(i), window.to(i));
        } else {
          long at = problem.at(window.row(i), begin) * shape.stateSize();
          window.images.loadRows(precision, gTrajectory, at, window.from(i), n);
        }
        window.images.clear(kernels, window.open(i), window.from(i));
        for (int p = 0; p < shape.blocks(); p++) {
          int end = window.images.at(p, window.to(i) - 1);
          kernels.add(
              window.images.data(),
              end,
              carried.data(),
              carried.at(p, window.row(i)),
              window.images.data(),
              end,
              shape.width());
        }
      }
    }

    private void pull(Slab<A> gx, A gradients, Scratch<A> scratch) {
      int length = problem.parameterLength();
      Planes<A> gDrive =
          Planes.take(scratch, window.positions(), shape.inputs(), shape.inputWidth());
      int tasks = window.tasks(all).size();
      A partial = scratch.zeros(Math.max(1, Math.multiplyExact(tasks, length)));
      window.evaluate(
          all,
          (kernel, from, to, own, task) -> {
            A sum = own.zeros(Math.max(1, length));
            kernel.pullback(
                to - from,
                window.states.from(from - 1),
                window.drive.from(from),
                window.images.from(from),
                gDrive.from(from),
                sum);
            kernels.copy(sum, 0, partial, task * length, length);
          });
      for (int task = 0; task < tasks; task++) {
        kernels.add(gradients, 0, partial, task * length, gradients, 0, length);
      }
      for (int i = 0; i < window.size(); i++) {
        long at = problem.at(window.row(i), begin) * shape.inputSize();
        gDrive.storeRows(precision, gx, at, window.from(i), window.to(i) - window.from(i));
      }
    }
  }
}
