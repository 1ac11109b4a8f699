package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport.Outcome;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport.Path;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Newton's method on whole trajectories:
 *
 * <pre>{@code
 * r_t = f(h_{t-1}, x_t) - h_t      δ_t = J_t δ_{t-1} + r_t      h_t ← h_t + ω δ_t
 * }</pre>
 *
 * <p>Each sequence stops for itself. One that diverges goes to the trust region, and to sequential
 * evaluation after that.
 */
final class NewtonSolve<A> {
  private final CellProblem<A> problem;
  private final NewtonConfig config;
  private final CellShape shape;
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final boolean diagonal;
  private final StructuredScan<A> scan;
  private final Slab<A> guess;
  private final Slab<A> trajectory;
  private final Slab<A> last;
  private final Outcome[] outcomes;
  private double[] residuals = new double[0];

  private NewtonSolve(
      CellProblem<A> problem,
      NewtonConfig config,
      INDArray guess,
      INDArray trajectory,
      INDArray last) {
    this.problem = problem;
    this.config = config;
    this.shape = problem.shape();
    this.precision = problem.precision();
    this.kernels = precision.kernels();
    this.diagonal = config.usesDiagonal(shape);
    this.scan =
        diagonal
            ? StructuredScan.blocks(precision, 1, shape.width())
            : StructuredScan.of(precision, shape);
    this.guess = guess == null ? null : precision.slab(guess);
    this.trajectory = precision.slab(trajectory);
    this.last = precision.slab(last);
    this.outcomes = new Outcome[problem.batch()];
    Arrays.fill(outcomes, new Outcome(Path.NEWTON, 0, 0, 0, 0));
  }

  /**
   * Fills the valid positions of the trajectory {@code [B, T, d]}, and the last state.
   *
   * @param guess where to start, {@code [B, T, d]}; null for {@code f(0, x_t)}
   */
  static <A> ConvergenceReport run(
      CellProblem<A> problem,
      NewtonConfig config,
      INDArray guess,
      INDArray trajectory,
      INDArray last) {
    return new NewtonSolve<>(problem, config, guess, trajectory, last).run();
  }

  private ConvergenceReport run() {
    int numbers = shape.jacobianPlanes() * (diagonal ? shape.width() : shape.jacobianWidth());
    int span = Window.steps(problem, numbers);
    int windows = 0;
    try (Scratch<A> scratch = precision.scratch()) {
      Planes<A> state = Planes.take(scratch, problem.batch(), shape.blocks(), shape.width());
      state.loadRows(precision, precision.slab(problem.initial()), 0, 0, problem.batch());
      for (int t = 0; t < problem.longest(); t += span) {
        try (Scratch<A> inner = precision.scratch()) {
          Window<A> window = new Window<>(problem, t, t + span, inner);
          window.loadDrive();
          open(window, state);
          new Iteration(window, inner).run();
          window.storeStates(trajectory);
          for (int i = 0; i < window.size(); i++) {
            window.states.copy(kernels, window.to(i) - 1, 1, state.from(window.row(i)));
          }
        }
        windows++;
      }
      state.storeRows(precision, last, 0, 0, problem.batch());
    }
    return new ConvergenceReport(List.of(outcomes), residuals, windows);
  }

  /** Puts the states that the sequences start from before their positions. */
  private void open(Window<A> window, Planes<A> state) {
    for (int i = 0; i < window.size(); i++) {
      state.copy(kernels, window.row(i), 1, window.states.from(window.open(i)));
    }
  }

  /** The iteration on one window. */
  private final class Iteration {
    private final Window<A> window;
    private final Planes<A> jacobians;
    private final boolean[] active;
    private final double[] first;
    private final double[] reach;
    private final double[] residual;
    private final double[] correction;
    private final double[] largest;
    private final int[] count;

    /**
     * Whether a chunk is evaluated where it is solved; else calls are as long as the cell wants.
     */
    private final boolean together;

    Iteration(Window<A> window, Scratch<A> scratch) {
      this.window = window;
      this.jacobians = scan.matrices(scratch, window.positions());
      int n = window.size();
      this.active = new boolean[n];
      this.first = new double[n];
      this.reach = new double[n];
      this.residual = new double[n];
      this.correction = new double[n];
      this.largest = new double[n];
      this.count = new int[n];
      this.together =
          shape.structure() != JacobianStructure.DENSE
              && problem.cell().grain(shape) <= chunkSteps(shape);
    }

    void run() {
      Arrays.fill(active, true);
      guess();
      List<Integer> failed = new ArrayList<>();
      for (int k = 0; k < config.iterations() && any(); k++) {
        step(k, failed);
      }
      for (int i = 0; i < active.length; i++) {
        if (active[i]) {
          failed.add(i);
        }
        if (!failed.contains(i)) {
          finish(i, Path.NEWTON, 0);
        }
      }
      for (int i : failed) {
        rescue(i);
      }
    }

    private boolean any() {
      for (boolean one : active) {
        if (one) {
          return true;
        }
      }
      return false;
    }

    /** {@code f(0, x_t)} at every position but the first, which knows the state before. */
    private void guess() {
      if (guess != null) {
        window.loadStates(guess);
        return;
      }
      for (int i = 0; i < active.length; i++) {
        if (active[i]) {
          window.states.copy(kernels, window.open(i), 1, window.images.from(window.open(i)));
          window.images.clear(kernels, window.from(i), window.to(i));
        }
      }
      window.evaluate(
          active,
          (kernel, from, to, scratch, task) ->
              kernel.next(
                  to - from,
                  window.images.from(from - 1),
                  window.drive.from(from),
                  window.states.from(from)));
      // A call that goes on from one sequence to the next evaluates what stands between them.
      for (int i = 0; i < active.length; i++) {
        if (active[i]) {
          window.images.copy(kernels, window.open(i), 1, window.states.from(window.open(i)));
        }
      }
    }

    /**
     * One iteration: two passes over chunks, each of which finds in a cache what it needs of a
     * chunk several times.
     */
    private void step(int k, List<Integer> failed) {
      if (!together) {
        window.evaluate(active, (kernel, from, to, own, task) -> linearise(kernel, from, to, own));
      }
      int[][] stretches = window.stretches(active, false);
      ChunkGrid grid = scan.grid(stretches[0], stretches[1], chunkSteps(shape));
      double[] sizes = new double[grid.size()];
      double[] states = new double[grid.size()];
      try (Scratch<A> scratch = precision.scratch()) {
        StructuredScan<A>.Chunked solve =
            scan.new Chunked(jacobians, window.images, grid, false, scratch);
        Parallel.run(
            grid.size(),
            c -> {
              residuals(grid.from(c), grid.to(c));
              sizes[c] = largest(window.images, grid.from(c), grid.to(c));
              states[c] = largest(window.states, grid.from(c), grid.to(c));
              solve.reduce(c);
            });
        collect(grid, stretches[2], sizes, residual);
        collect(grid, stretches[2], states, largest);
        judge(k, stretches[2], failed);
        solve.compose();
        Parallel.run(
            grid.size(),
            c -> {
              int i = stretches[2][grid.stretch(c)];
              if (active[i]) {
                solve.solve(c);
                sizes[c] = largest(window.images, grid.from(c), grid.to(c));
                correct(i, grid.from(c), grid.to(c), sizes[c]);
              }
            });
        collect(grid, stretches[2], sizes, correction);
      }
      for (int i : stretches[2]) {
        active[i] &= !(small(i) && correction[i] <= Math.sqrt(tolerance(i)) * (1 + largest[i]));
      }
    }

    /** Notes the residuals, and gives up the sequences that diverge. */
    private void judge(int k, int[] sequences, List<Integer> failed) {
      double worst = 0;
      for (int i : sequences) {
        worst = Math.max(worst, residual[i]);
        count[i]++;
        first[i] = k == 0 ? residual[i] : first[i];
        reach[i] = k == 0 ? config.reach() * (1 + largest[i]) : reach[i];
        // Written so that NaN diverges.
        if (!(residual[i] <= config.growth() * Math.max(first[i], 1e-3))) {
          active[i] = false;
          failed.add(i);
        }
      }
      note(k, worst);
    }

    /** Residuals {@code f - h} in place of the images. */
    private void residuals(int from, int to) {
      if (together) {
        try (Scratch<A> scratch = precision.scratch()) {
          linearise(problem.bind(scratch), from, to, scratch);
        }
      }
      A images = window.images.data();
      for (int p = 0; p < shape.blocks(); p++) {
        int at = window.images.at(p, from);
        int state = window.states.at(p, from);
        kernels.subtract(
            images, at, window.states.data(), state, images, at, (to - from) * shape.width());
      }
    }

    private double largest(Planes<A> planes, int from, int to) {
      double largest = 0;
      for (int p = 0; p < planes.count(); p++) {
        int n = (to - from) * planes.width();
        largest = Math.max(largest, kernels.maxAbs(planes.data(), planes.at(p, from), n));
      }
      return largest;
    }

    /** The largest of the chunks of every sequence that is still iterated. */
    private void collect(ChunkGrid grid, int[] sequences, double[] sizes, double[] into) {
      for (int i : sequences) {
        into[i] = active[i] ? 0 : into[i];
      }
      for (int c = 0; c < grid.size(); c++) {
        int i = sequences[grid.stretch(c)];
        into[i] = active[i] ? Math.max(into[i], sizes[c]) : into[i];
      }
    }

    private double tolerance(int i) {
      return config.tolerance(precision == Precision.FLOAT, largest[i]);
    }

    /** Whether this correction may be the last, which is not damped. */
    private boolean small(int i) {
      return residual[i] <= tolerance(i);
    }

    /** {@code h += ω δ} in a chunk, where an entry moves by no more than the sequence's reach. */
    private void correct(int i, int from, int to, double size) {
      double omega = small(i) ? 1 : config.damping();
      A deltas = window.images.data();
      A states = window.states.data();
      int n = (to - from) * shape.width();
      for (int p = 0; p < shape.blocks(); p++) {
        int delta = window.images.at(p, from);
        int state = window.states.at(p, from);
        // Written so that NaN, left by products that overflow, is treated with care.
        if (omega * size <= reach[i]) {
          kernels.axpy(omega, deltas, delta, states, state, n);
        } else {
          moveWithin(reach[i], omega, deltas, delta, states, state, n);
        }
      }
    }

    private void moveWithin(
        double most, double omega, A deltas, int from, A states, int to, int n) {
      for (int e = 0; e < n; e++) {
        double delta = omega * kernels.get(deltas, from + e);
        // What overflowed says nothing, and stays until what is before it has settled.
        double step = Double.isNaN(delta) ? 0 : Math.max(-most, Math.min(most, delta));
        kernels.set(states, to + e, kernels.get(states, to + e) + step);
      }
    }

    /** Images and Jacobians of some positions. */
    private void linearise(CellKernel<A> kernel, int from, int to, Scratch<A> scratch) {
      if (!diagonal) {
        window.linearise(kernel, from, to, jacobians.from(from));
        return;
      }
      int most = Math.max(1, Math.min(to - from, (1 << 18) / shape.jacobianWidth()));
      Planes<A> full = Planes.take(scratch, most, 1, shape.jacobianWidth());
      for (int t = from; t < to; t += most) {
        int n = Math.min(most, to - t);
        window.linearise(kernel, t, t + n, full);
        diagonals(full, n, t);
      }
    }

    private void diagonals(Planes<A> full, int n, int t) {
      int d = shape.width();
      for (int r = 0; r < n; r++) {
        for (int j = 0; j < d; j++) {
          double entry = kernels.get(full.data(), full.at(0, r) + j * (d + 1));
          kernels.set(jacobians.data(), jacobians.at(0, t + r) + j, entry);
        }
      }
    }

    private void note(int k, double worst) {
      if (k >= residuals.length) {
        residuals = Arrays.copyOf(residuals, k + 1);
      }
      residuals[k] = Math.max(residuals[k], worst);
    }

    private void finish(int i, Path path, int trust) {
      int row = window.row(i);
      double rest = path == Path.SEQUENTIAL ? 0 : residual[i];
      outcomes[row] = outcomes[row].and(new Outcome(path, count[i], trust, rest, correction[i]));
    }

    /** What follows where Newton's method failed. */
    private void rescue(int i) {
      if (config.fallback() == NewtonConfig.Fallback.REPORT && config.trustIterations() == 0) {
        finish(i, Path.UNCONVERGED, 0);
        return;
      }
      int trust = 0;
      if (config.trustIterations() > 0) {
        Arrays.fill(active, false);
        active[i] = true;
        guess();
        TrustRegion<A> region = new TrustRegion<>(problem, config, window, i, diagonal);
        boolean solved = region.run();
        trust = region.iterations();
        residual[i] = region.residual();
        correction[i] = region.correction();
        if (solved) {
          finish(i, Path.TRUST_REGION, trust);
          return;
        }
      }
      switch (config.fallback()) {
        case REPORT -> finish(i, Path.UNCONVERGED, trust);
        case FAIL ->
            throw new IllegalStateException(
                String.format(
                    "%s: Newton's method must converge, got residual %.2e of row %d after %d"
                        + " iterations and %d of the trust region; use fallback SEQUENTIAL",
                    problem.cell().name(), residual[i], window.row(i), count[i], trust));
        case SEQUENTIAL -> {
          stepThrough(i);
          finish(i, Path.SEQUENTIAL, trust);
        }
      }
    }

    private void stepThrough(int i) {
      try (Scratch<A> scratch = precision.scratch()) {
        CellKernel<A> kernel = problem.bind(scratch);
        for (int t = window.from(i); t < window.to(i); t++) {
          kernel.next(1, window.states.from(t - 1), window.drive.from(t), window.states.from(t));
        }
      }
    }
  }

  /** Steps of a chunk: enough work to hand over to another thread, few borders to compose. */
  static int chunkSteps(CellShape shape) {
    return Math.max(64, Math.min(1024, (1 << 14) / shape.stateSize()));
  }
}
