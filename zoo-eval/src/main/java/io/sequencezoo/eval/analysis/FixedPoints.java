package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.LinearSystem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.DecompositionSolver;
import org.apache.commons.math3.linear.LUDecomposition;
import org.jspecify.annotations.Nullable;

/**
 * Fixed points of a nonlinear recurrence under a constant input, {@code s = F(s)}, and how small
 * differences behave there.
 *
 * <p>From many starts — zero, states of the trajectory along the probe's input, and random points
 * around those — {@code ‖F(s) - s‖²} is minimised by the Levenberg-Marquardt method with exact
 * Jacobians, as in Sussillo and Barak (Neural Computation 25, 2013); it finds unstable points and
 * saddles as well as stable ones. What ends closer than a tolerance is one point.
 *
 * @param points stable ones first, then by the number of unstable directions
 * @param starts from how many states the search began
 * @param unsolved how many searches ended where the residual is not zero: slow points, or nothing
 */
public record FixedPoints(List<Point> points, int starts, int unsolved) {
  /** Far below any distance between different fixed points, far above what is left of residuals. */
  private static final double SAME = 1e-6;

  /** Residuals that count as zero, relative to the state. */
  private static final double SOLVED = 1e-10;

  /** A spectral radius this close to 1 decides nothing. */
  private static final double MARGIN = 1e-6;

  private static final int ITERATIONS = 200;

  /** Beyond, every search takes seconds. */
  static final int LARGEST = 512;

  /** Copies the list. */
  public FixedPoints {
    points = List.copyOf(points);
  }

  /** How small differences behave at a fixed point. */
  public enum Stability {
    /** All decay. */
    STABLE,
    /** The slowest neither clearly decays nor grows. */
    MARGINAL,
    /** Some decay, some grow. */
    SADDLE,
    /** All grow. */
    UNSTABLE
  }

  /**
   * A fixed point.
   *
   * @param state s, in the coordinates of the linearisation
   * @param residual the largest {@code |F(s) - s|}
   * @param stability by the spectral radius of {@code F'(s)}
   * @param spectralRadius the largest {@code |λ|}
   * @param unstable the number of {@code |λ| > 1}
   * @param eigenvalues of {@code F'(s)}
   * @param found from how many starts
   */
  public record Point(
      double[] state,
      double residual,
      Stability stability,
      double spectralRadius,
      int unstable,
      List<Spectrum.Eigenvalue> eigenvalues,
      int found) {}

  /**
   * Searches for the fixed points of the probe's mixer under its mean input.
   *
   * @param starts the number of searches, at least 1
   * @param seed of random starts
   * @throws IllegalArgumentException where the recurrence isn't nonlinear, or its state is too
   *     large
   */
  public static FixedPoints of(Probe probe, int head, int starts, long seed) {
    StateSpace space =
        StateSpace.of(probe.mixer(), probe.context(), probe.type(), probe.meanInput(), head);
    return of(space, trajectory(probe.linearize(head)), starts, seed);
  }

  /**
   * Searches for the fixed points of a map.
   *
   * @param around states to start from and around, at least one
   * @param starts the number of searches, at least 1; the first is from zero
   * @param seed of random starts
   */
  public static FixedPoints of(DifferentiableMap space, double[][] around, int starts, long seed) {
    checkArgument(starts >= 1, "fixed points: must start at least once, got %s", starts);
    checkArgument(
        space.size() <= LARGEST,
        "fixed points: state must have at most %s numbers, got %s; use a smaller --width",
        LARGEST,
        space.size());
    List<double[]> found = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    int unsolved = 0;
    for (double[] start : starts(around, space.size(), starts, seed)) {
      double[] end = search(space, start);
      if (end == null) {
        unsolved++;
        continue;
      }
      int known = indexOf(found, end);
      if (known >= 0) {
        counts.set(known, counts.get(known) + 1);
      } else {
        found.add(end);
        counts.add(1);
      }
    }
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      points.add(point(space, found.get(i), counts.get(i)));
    }
    points.sort(
        Comparator.comparingInt(Point::unstable).thenComparingDouble(Point::spectralRadius));
    return new FixedPoints(points, starts, unsolved);
  }

  /** The states along a system's own inputs, from its initial one, T + 1 rows. */
  static double[][] trajectory(LinearSystem system) {
    double[][] states = new double[system.steps() + 1][];
    double[][] inputs = system.inputs();
    states[0] = system.initialState();
    for (int t = 0; t < system.steps(); t++) {
      double[] next = system.transition(t).apply(states[t]);
      double[] driven = SmallMatrices.multiply(system.inputMatrix(t), inputs[t]);
      for (int i = 0; i < next.length; i++) {
        next[i] += driven[i];
      }
      states[t + 1] = next;
    }
    return states;
  }

  private static List<double[]> starts(double[][] trajectory, int size, int count, long seed) {
    Random random = new Random(seed);
    double scale = 0;
    for (double[] state : trajectory) {
      scale = Math.max(scale, Arrays.stream(state).map(Math::abs).max().orElse(0));
    }
    List<double[]> starts = new ArrayList<>();
    starts.add(new double[size]);
    for (int i = 1; i < count; i++) {
      double[] start = trajectory[random.nextInt(trajectory.length)].clone();
      for (int j = 0; i % 2 == 0 && j < size; j++) {
        start[j] += scale * random.nextGaussian();
      }
      starts.add(start);
    }
    return starts;
  }

  private static int indexOf(List<double[]> points, double[] point) {
    double size = Arrays.stream(point).map(Math::abs).max().orElse(0);
    for (int i = 0; i < points.size(); i++) {
      double distance = 0;
      for (int j = 0; j < point.length; j++) {
        distance = Math.max(distance, Math.abs(point[j] - points.get(i)[j]));
      }
      if (distance <= SAME * (1 + size)) {
        return i;
      }
    }
    return -1;
  }

  /** Levenberg-Marquardt from one start; null where it ends at no fixed point. */
  private static double @Nullable [] search(DifferentiableMap space, double[] start) {
    double[] s = start;
    DifferentiableMap.Image image = space.image(s);
    double[] residual = residual(image, s);
    double squares = SmallMatrices.dot(residual, residual);
    double damping = 1e-3;
    for (int i = 0; i < ITERATIONS && !isSolved(residual, s) && damping < 1e12; i++) {
      double[] next = moved(image.jacobian(), residual, s, damping);
      DifferentiableMap.Image nextImage = space.image(next);
      double[] nextResidual = residual(nextImage, next);
      double nextSquares = SmallMatrices.dot(nextResidual, nextResidual);
      if (nextSquares < squares) {
        s = next;
        image = nextImage;
        residual = nextResidual;
        squares = nextSquares;
        damping /= 10;
      } else {
        damping *= 10;
      }
    }
    return isSolved(residual, s) ? s : null;
  }

  private static boolean isSolved(double[] residual, double[] s) {
    double size = Arrays.stream(s).map(Math::abs).max().orElse(0);
    double largest = Arrays.stream(residual).map(Math::abs).max().orElse(0);
    return largest <= SOLVED * (1 + size);
  }

  private static double[] residual(DifferentiableMap.Image image, double[] s) {
    double[] residual = new double[s.length];
    for (int i = 0; i < s.length; i++) {
      residual[i] = image.value()[i] - s[i];
    }
    return residual;
  }

  /** {@code s + δ} with {@code (AᵀA + μ I) δ = -Aᵀ r}, {@code A = F' - I}. */
  private static double[] moved(double[][] jacobian, double[] r, double[] s, double damping) {
    int n = s.length;
    double[][] a = new double[n][];
    double[] right = new double[n];
    for (int i = 0; i < n; i++) {
      a[i] = jacobian[i].clone();
      a[i][i] -= 1;
      for (int j = 0; j < n; j++) {
        right[j] -= a[i][j] * r[i];
      }
    }
    double[][] transposed = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        transposed[j][i] = a[i][j];
      }
    }
    double[][] normal = SmallMatrices.multiply(transposed, a);
    for (int i = 0; i < n; i++) {
      normal[i][i] += damping;
    }
    DecompositionSolver solver =
        new LUDecomposition(new Array2DRowRealMatrix(normal, false), 0).getSolver();
    double[] delta = solver.solve(new ArrayRealVector(right, false)).toArray();
    for (int i = 0; i < n; i++) {
      delta[i] += s[i];
    }
    return delta;
  }

  private static Point point(DifferentiableMap space, double[] s, int found) {
    DifferentiableMap.Image image = space.image(s);
    List<SmallMatrices.Complex> values = SmallMatrices.eigenvalues(image.jacobian());
    double radius = values.get(0).magnitude();
    int unstable = (int) values.stream().filter(z -> z.magnitude() > 1).count();
    Stability stability =
        Math.abs(radius - 1) <= MARGIN
            ? Stability.MARGINAL
            : radius < 1
                ? Stability.STABLE
                : unstable < values.size() ? Stability.SADDLE : Stability.UNSTABLE;
    double residual = Arrays.stream(residual(image, s)).map(Math::abs).max().orElse(0);
    return new Point(
        s,
        residual,
        stability,
        radius,
        unstable,
        values.stream().map(z -> new Spectrum.Eigenvalue(z.re(), z.im(), 1)).toList(),
        found);
  }
}
