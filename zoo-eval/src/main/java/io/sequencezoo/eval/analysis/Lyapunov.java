package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.LinearSystem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;

/**
 * Lyapunov exponents along a trajectory: the mean logarithmic growth per step of small differences
 * of the state, direction by direction. The largest is positive where the system is chaotic along
 * it, and the half-life of the slowest memory where it is negative.
 *
 * <pre>{@code
 * Q_t R_t = Λ_t Q_{t-1}          λ_i = 1/(T - T₀) Σ_{t > T₀} ln (R_t)_ii
 * }</pre>
 *
 * <p>Directions have gone once along the same transitions before growth is counted: random ones
 * would bias the exponents of a short trajectory.
 *
 * <p>This is the QR method of Benettin et al. (Meccanica 15, 1980) and Geist, Parlitz and
 * Lauterborn (Prog. Theor. Phys. 83, 1990), on the transitions of the linearised system: exact
 * products for linear members, Jacobians along the trajectory for nonlinear ones. Parts of the
 * state that never touch each other are followed apart, so that a diagonal system's exponents are
 * exactly the means of {@code ln |λ|}.
 *
 * @param exponents nats per step, largest first, {@code -Infinity} for directions that are
 *     forgotten at once
 * @param running the largest exponent over the steps from {@code transient} to t, for every t
 *     behind the transient
 * @param transientSteps T₀, the steps at the start that don't count
 */
public record Lyapunov(List<Exponent> exponents, double[] running, int transientSteps) {
  /** Any directions do for a start; this fixes them. */
  private static final long SEED = 1;

  /** Of a trajectory, for the error of an exponent. */
  private static final int STRETCHES = 10;

  /** Below, a direction has been lost to rounding. */
  private static final double NOTHING = 1e-300;

  /** Copies the list. */
  public Lyapunov {
    exponents = List.copyOf(exponents);
  }

  /**
   * An exponent.
   *
   * @param value nats per step
   * @param copies how many groups of state variables have it alike
   */
  public record Exponent(double value, int copies) {
    /**
     * Steps after which a difference has halved, {@code ln 2 / -value}; infinite where it doesn't.
     */
    public double halfLife() {
      return value >= 0 ? Double.POSITIVE_INFINITY : Math.log(2) / -value;
    }
  }

  /**
   * The exponents along a system's own trajectory.
   *
   * @param transientSteps steps that turn directions but don't count; fewer than the system has
   * @param mostPerPart directions that are followed in each part of the state, the fastest growing
   */
  public static Lyapunov of(LinearSystem system, int transientSteps, int mostPerPart) {
    checkArgument(
        transientSteps >= 0 && transientSteps < system.steps(),
        "lyapunov: transient must be in [0, %s), got %s",
        system.steps(),
        transientSteps);
    checkArgument(mostPerPart >= 1, "lyapunov: must follow a direction, got %s", mostPerPart);
    return of(TransitionParts.of(system), transientSteps, mostPerPart);
  }

  static Lyapunov of(TransitionParts parts, int transientSteps, int mostPerPart) {
    int counted = parts.steps() - transientSteps;
    List<Exponent> exponents = new ArrayList<>();
    double[] largest = new double[counted];
    Arrays.fill(largest, Double.NEGATIVE_INFINITY);
    for (int p = 0; p < parts.count(); p++) {
      double[][] sums = growth(parts, p, transientSteps, mostPerPart);
      for (double[] sum : sums) {
        exponents.add(new Exponent(sum[counted - 1] / counted, parts.copies(p)));
        for (int t = 0; t < counted; t++) {
          largest[t] = Math.max(largest[t], sum[t] / (t + 1));
        }
      }
    }
    exponents.sort(Comparator.comparingDouble(Exponent::value).reversed());
    return new Lyapunov(exponents, largest, transientSteps);
  }

  /**
   * The exponents along a trajectory that is followed step by step.
   *
   * @param transientSteps steps that turn directions but don't count; fewer than {@code steps}
   * @param directions that are followed, the fastest growing
   */
  public static Lyapunov along(Tangents tangents, int transientSteps, int steps, int directions) {
    checkArgument(
        transientSteps >= 0 && transientSteps < steps,
        "lyapunov: transient must be in [0, %s), got %s",
        steps,
        transientSteps);
    checkArgument(directions >= 1, "lyapunov: must follow a direction, got %s", directions);
    int size = tangents.size();
    double[][] followed = directions(size, Math.min(size, directions));
    double[] total = new double[followed.length];
    double[] largest = new double[steps - transientSteps];
    for (int t = 0; t < steps; t++) {
      tangents.advance(followed);
      double[] lengths = orthonormalise(followed);
      for (int i = 0; t >= transientSteps && i < lengths.length; i++) {
        total[i] += Math.log(lengths[i]);
      }
      if (t >= transientSteps) {
        int counted = t - transientSteps + 1;
        largest[counted - 1] = Arrays.stream(total).max().orElseThrow() / counted;
      }
    }
    List<Exponent> exponents =
        Arrays.stream(total)
            .mapToObj(sum -> new Exponent(sum / largest.length, 1))
            .sorted(Comparator.comparingDouble(Exponent::value).reversed())
            .toList();
    return new Lyapunov(exponents, largest, transientSteps);
  }

  /** Sums of log growth per direction of a part, up to each step behind the transient. */
  private static double[][] growth(TransitionParts parts, int p, int transientSteps, int most) {
    int size = parts.matrix(0, p).length;
    double[][] directions = directions(size, Math.min(size, most));
    double[][] sums = new double[directions.length][parts.steps() - transientSteps];
    double[] total = new double[directions.length];
    for (int t = 0; size > 1 && t < parts.steps(); t++) {
      advance(parts, p, t, directions);
    }
    for (int t = 0; t < parts.steps(); t++) {
      double[] lengths = advance(parts, p, t, directions);
      for (int i = 0; t >= transientSteps && i < lengths.length; i++) {
        total[i] += Math.log(lengths[i]);
        sums[i][t - transientSteps] = total[i];
      }
    }
    return sums;
  }

  /** Moves directions by a transition and makes them orthonormal again; returns their growth. */
  private static double[] advance(TransitionParts parts, int p, int t, double[][] directions) {
    for (int i = 0; i < directions.length; i++) {
      directions[i] = SmallMatrices.multiply(parts.matrix(t, p), directions[i]);
    }
    return orthonormalise(directions);
  }

  private static double[][] directions(int size, int count) {
    SplittableRandom random = new SplittableRandom(SEED);
    double[][] directions = new double[count][];
    for (int i = 0; i < count; i++) {
      directions[i] = random.doubles(size, -1, 1).toArray();
    }
    orthonormalise(directions);
    return directions;
  }

  /** Modified Gram-Schmidt, twice for accuracy; returns the lengths before normalisation. */
  private static double[] orthonormalise(double[][] directions) {
    double[] lengths = new double[directions.length];
    for (int i = 0; i < directions.length; i++) {
      for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < i; j++) {
          double along = SmallMatrices.dot(directions[j], directions[i]);
          for (int k = 0; k < directions[i].length; k++) {
            directions[i][k] -= along * directions[j][k];
          }
        }
      }
      double length = Math.sqrt(SmallMatrices.dot(directions[i], directions[i]));
      boolean lost = !(length > NOTHING);
      lengths[i] = lost ? 0 : length;
      for (int k = 0; k < directions[i].length; k++) {
        directions[i][k] = lost ? 0 : directions[i][k] / length;
      }
    }
    return lengths;
  }

  /** The largest exponent, in nats per step. */
  public double largest() {
    return exponents.get(0).value();
  }

  /**
   * The standard error of the largest exponent: from its values in stretches of the trajectory, as
   * if these didn't know of each other; NaN where there are too few steps.
   */
  public double standardError() {
    int length = running.length / STRETCHES;
    if (length == 0) {
      return Double.NaN;
    }
    double[] values = new double[STRETCHES];
    double before = 0;
    for (int i = 0; i < STRETCHES; i++) {
      int end = (i + 1) * length;
      double sum = running[end - 1] * end;
      values[i] = (sum - before) / length;
      before = sum;
    }
    return new StandardDeviation().evaluate(values) / Math.sqrt(STRETCHES);
  }

  /**
   * The dimension of the attractor by Kaplan and Yorke: how many exponents add up to zero, the last
   * in part; NaN where those that were followed don't reach it.
   */
  public double dimension() {
    double sum = 0;
    int whole = 0;
    for (Exponent exponent : exponents) {
      for (int copy = 0; copy < exponent.copies; copy++) {
        if (sum + exponent.value < 0) {
          return whole - sum / exponent.value;
        }
        sum += exponent.value;
        whole++;
      }
    }
    return Double.NaN;
  }
}
