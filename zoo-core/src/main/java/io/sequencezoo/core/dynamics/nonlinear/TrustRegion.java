package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;

/**
 * Levenberg and Marquardt's method on one trajectory, for where Newton's diverges (ELK: Gonzalez et
 * al., arXiv 2407.19115, who solve the same damped problem by a Kalman smoother of observation
 * noise {@code 1/λ}): each correction minimises
 *
 * <pre>{@code
 * Σ_t |δ_t - J_t δ_{t-1} - r_t|² + λ Σ_t |δ_t|²
 * }</pre>
 *
 * <p>by a block tridiagonal solve, is kept if {@code Σ |r|²} falls, and λ follows. The residuals'
 * Jacobian has a unit diagonal, so that the only stationary point is the solution. Channels that
 * don't meet have a λ each.
 *
 * <p>A stretch in the wrong basin of attraction has next to no residual but at its border, which
 * such corrections move by a few steps an iteration. Hence {@link Relaxation} comes first, which
 * puts every stretch into the basin that its inputs choose, and comes again, to a smaller gap,
 * where a correction hardly helps.
 */
final class TrustRegion<A> {
  /** Near the solution, where relaxation ends, Newton's own step is all but right. */
  private static final double FIRST_LAMBDA = 1e-4;

  private static final double DOWN = 0.1;
  private static final double UP = 4;

  /** Below it, damping is lost in rounding: Newton's own step. */
  private static final double LEAST_LAMBDA = 1e-9;

  /** A correction that leaves more than this part of the cost has got stuck. */
  private static final double PROGRESS = 0.5;

  /**
   * Where relaxation first hands over, in units of 1 plus the size of the entry: far within a basin
   * of attraction of states that gates bound to about 1. What is left then is smooth, and a
   * correction takes it over all chunks at once.
   */
  private static final double FIRST_GAP = 1e-3;

  /** Of the gap, where corrections got stuck near the border of a basin all the same. */
  private static final double CLOSER = 0.1;

  /** Lanes of a task: a cache line of numbers, and several tasks for a layer. */
  private static final int LANES = 8;

  /** Numbers that are measured at a time: within a level-1 cache. */
  private static final int RUN = 1 << 11;

  private final CellProblem<A> problem;
  private final NewtonConfig config;
  private final Window<A> window;
  private final Kernels<A> kernels;
  private final CellShape shape;
  private final Relaxation<A> relaxation;
  private final int from;
  private final int steps;
  private final boolean diagonal;
  private final boolean dense;
  private final int lanes;
  private final int size;
  private final double[] lambda;
  private final double[] cost;
  private Iterate<A> kept;
  private Iterate<A> trial;
  private double residual;
  private double correction;
  private int corrections;

  TrustRegion(
      CellProblem<A> problem,
      NewtonConfig config,
      Window<A> window,
      int sequence,
      boolean diagonal) {
    this.problem = problem;
    this.config = config;
    this.window = window;
    this.kernels = problem.precision().kernels();
    this.shape = problem.shape();
    this.relaxation = new Relaxation<>(problem, window, sequence);
    this.from = window.from(sequence);
    this.steps = window.to(sequence) - from;
    this.diagonal = diagonal;
    this.dense = shape.structure() == JacobianStructure.DENSE;
    this.lanes = dense && !diagonal ? 1 : shape.width();
    this.size = dense ? (diagonal ? 1 : shape.width()) : shape.blocks();
    this.lambda = new double[lanes];
    this.cost = new double[lanes];
  }

  /** Sweeps and damped corrections. */
  int iterations() {
    return relaxation.sweeps() + corrections;
  }

  double residual() {
    return residual;
  }

  double correction() {
    return correction;
  }

  /** Starts from the states as they are; returns whether they ended as a solution. */
  boolean run() {
    try (Scratch<A> scratch = problem.precision().scratch()) {
      kept = iterate(scratch);
      trial = iterate(scratch);
      boolean near = true;
      for (double gap = FIRST_GAP; near; gap *= CLOSER) {
        near = relaxation.run(left(), gap);
        window.states.copy(kernels, from - 1, steps + 1, kept.states);
        evaluate(kept);
        if (near) {
          minimise();
        }
        boolean done = solved() && polish();
        kept.states.copy(kernels, 0, steps + 1, window.states.from(from - 1));
        if (done) {
          return true;
        }
      }
      return false;
    }
  }

  private int left() {
    return config.trustIterations() - iterations();
  }

  /** States, from that before the first step, their residuals and Jacobians. */
  private record Iterate<A>(Planes<A> states, Planes<A> r, Planes<A> j) {}

  private Iterate<A> iterate(Scratch<A> scratch) {
    return new Iterate<>(
        Planes.take(scratch, steps + 1, shape.blocks(), shape.width()),
        Planes.take(scratch, steps + 1, shape.blocks(), shape.width()),
        Planes.take(scratch, steps + 1, shape.jacobianPlanes(), shape.jacobianWidth()));
  }

  /** Damped corrections until the residuals are small or one got stuck. */
  private void minimise() {
    kept.states.copy(kernels, 0, steps + 1, trial.states);
    Arrays.fill(lambda, FIRST_LAMBDA);
    sumSquares(kept.r, cost);
    double[] after = new double[lanes];
    double before = Double.POSITIVE_INFINITY;
    double total = Arrays.stream(cost).sum();
    // Written so that NaN ends it.
    while (left() > 0 && total <= PROGRESS * before && !solved()) {
      corrections++;
      correct();
      evaluate(trial);
      sumSquares(trial.r, after);
      keep(decide(after));
      before = total;
      total = Arrays.stream(cost).sum();
    }
  }

  /** Takes over the lanes that became better. */
  private void keep(boolean[] better) {
    int lane = 0;
    while (lane < lanes) {
      int first = lane;
      while (lane < lanes && better[lane] == better[first]) {
        lane++;
      }
      if (better[first] && lane - first == lanes) {
        Iterate<A> spare = kept;
        kept = trial;
        trial = spare;
      } else if (better[first]) {
        copy(trial.states, kept.states, first, lane - first);
        copy(trial.r, kept.r, first, lane - first);
        copy(trial.j, kept.j, first, lane - first);
      }
    }
  }

  /** Residuals and Jacobians at positions 1 to T. */
  private void evaluate(Iterate<A> at) {
    Parallel.ranges(
        steps,
        problem.cell().grain(shape),
        (a, b) -> {
          try (Scratch<A> scratch = problem.precision().scratch()) {
            int t = (int) a + 1;
            int n = (int) (b - a);
            problem
                .bind(scratch)
                .linearise(
                    n,
                    at.states.from(t - 1),
                    window.drive.from(from + (int) a),
                    at.r.from(t),
                    at.j.from(t));
            A r = at.r.data();
            for (int p = 0; p < shape.blocks(); p++) {
              int to = at.r.at(p, t);
              kernels.subtract(
                  r, to, at.states.data(), at.states.at(p, t), r, to, n * shape.width());
            }
          }
        });
  }

  private boolean solved() {
    residual = largest(kept.r);
    double tolerance =
        config.tolerance(problem.precision() == Precision.FLOAT, largest(kept.states));
    return residual <= tolerance;
  }

  /** One undamped step, whose size is the error that was left. */
  private boolean polish() {
    Planes<A> delta = kept.r;
    StructuredScan<A> scan = StructuredScan.of(problem.precision(), shape);
    if (diagonal) {
      // The diagonal alone says nothing about the error of a coupled system: the full one does.
      scan.sequential(kept.j, delta, 1, steps + 1, false);
    } else {
      scan.chunked(kept.j, delta, 1, steps + 1, NewtonSolve.chunkSteps(shape), false);
    }
    correction = largest(delta);
    double largest = largest(kept.states);
    double tolerance = config.tolerance(problem.precision() == Precision.FLOAT, largest);
    if (!(correction <= Math.sqrt(tolerance) * (1 + largest))) {
      return false;
    }
    add(delta, kept.states, kept.states);
    return true;
  }

  /** {@code target = states + delta} at positions 1 to T. */
  private void add(Planes<A> delta, Planes<A> states, Planes<A> target) {
    for (int p = 0; p < shape.blocks(); p++) {
      kernels.add(
          states.data(),
          states.at(p, 1),
          delta.data(),
          delta.at(p, 1),
          target.data(),
          target.at(p, 1),
          steps * shape.width());
    }
  }

  private double largest(Planes<A> planes) {
    double largest = 0;
    int n = steps * planes.width();
    try (Scratch<A> scratch = problem.precision().scratch()) {
      A square = scratch.take(RUN);
      for (int p = 0; p < planes.count(); p++) {
        for (int done = 0; done < n; done += RUN) {
          int run = Math.min(RUN, n - done);
          kernels.map(Unary.SQUARE, planes.data(), planes.at(p, 1) + done, square, 0, run);
          // Math.max keeps NaN, so that it is never small.
          largest = Math.max(largest, kernels.max(square, 0, run));
        }
      }
    }
    return Math.sqrt(largest);
  }

  /** {@code Σ r²} of each lane, or of all where they meet. */
  private void sumSquares(Planes<A> r, double[] into) {
    double[] sums = new double[r.width()];
    double[] row = new double[r.width()];
    for (int p = 0; p < r.count(); p++) {
      for (int t = 1; t <= steps; t++) {
        kernels.widen(r.data(), r.at(p, t), row, 0, row.length);
        for (int i = 0; i < row.length; i++) {
          sums[i] += row[i] * row[i];
        }
      }
    }
    if (dense) {
      Arrays.fill(into, Arrays.stream(sums).sum());
    } else {
      System.arraycopy(sums, 0, into, 0, lanes);
    }
  }

  /** {@code trial = kept + δ}. */
  private void correct() {
    Parallel.ranges(
        lanes,
        LANES,
        (a, b) -> {
          int first = (int) a;
          int n = (int) (b - a);
          try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
            BlockTridiagonal system = new BlockTridiagonal(scratch, steps, size, n);
            if (dense && diagonal) {
              loadDiagonals(kept.j, first, n, system.jacobians());
            } else {
              load(kept.j, first, n, system.jacobians());
            }
            load(kept.r, first, n, system.vectors());
            system.solve(lambda, first);
            store(system.vectors(), trial.states, first, n);
          }
        });
    add(trial.states, kept.states, trial.states);
  }

  /** The numbers of a row that belong to so many lanes: the one lane of a dense system has all. */
  private int run(Planes<A> planes, int n) {
    return dense && !diagonal ? planes.width() : n;
  }

  private void load(Planes<A> planes, int first, int n, double[] into) {
    int run = run(planes, n);
    int at = 0;
    for (int t = 1; t <= steps; t++) {
      for (int p = 0; p < planes.count(); p++) {
        kernels.widen(planes.data(), planes.at(p, t) + first, into, at, run);
        at += run;
      }
    }
  }

  private void loadDiagonals(Planes<A> j, int first, int n, double[] into) {
    for (int t = 1; t <= steps; t++) {
      for (int i = 0; i < n; i++) {
        int at = j.at(0, t) + (first + i) * (shape.width() + 1);
        into[(t - 1) * n + i] = kernels.get(j.data(), at);
      }
    }
  }

  private void store(double[] vectors, Planes<A> planes, int first, int n) {
    int run = run(planes, n);
    int at = 0;
    for (int t = 1; t <= steps; t++) {
      for (int p = 0; p < planes.count(); p++) {
        kernels.round(vectors, at, planes.data(), planes.at(p, t) + first, run);
        at += run;
      }
    }
  }

  /** Where the cost fell; moves the damping. */
  private boolean[] decide(double[] after) {
    boolean[] better = new boolean[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      better[lane] = after[lane] <= cost[lane];
      if (better[lane]) {
        cost[lane] = after[lane];
        lambda[lane] = lambda[lane] * DOWN < LEAST_LAMBDA ? 0 : lambda[lane] * DOWN;
      } else {
        lambda[lane] = Math.max(LEAST_LAMBDA, lambda[lane] * UP);
      }
    }
    return better;
  }

  private void copy(Planes<A> source, Planes<A> target, int first, int n) {
    for (int p = 0; p < source.count(); p++) {
      for (int t = 1; t <= steps; t++) {
        int at = source.at(p, t) + first;
        kernels.copy(source.data(), at, target.data(), at, n);
      }
    }
  }
}
