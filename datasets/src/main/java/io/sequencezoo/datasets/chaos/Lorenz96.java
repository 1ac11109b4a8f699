package io.sequencezoo.datasets.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.SplittableRandom;

/**
 * A ring of sites that drive each other (Lorenz, Predictability: a problem partly solved, 1996).
 *
 * <pre>{@code
 * dx_j = x_{j-1} (x_{j+1} - x_{j-2}) - x_j + F          j modulo J
 * }</pre>
 *
 * @param size J, 40 by default
 * @param forcing F, 8 by default
 * @param stepTime of the fourth-order Runge-Kutta method, 0.01 by default (Vlachas et al., arXiv
 *     1910.05266)
 * @param stride steps per sample, 1 by default
 * @param exponent the largest Lyapunov exponent; known for 40 sites and F of 8 and 10
 */
@JsonTypeName(Lorenz96.NAME)
public record Lorenz96(int size, double forcing, double stepTime, int stride, double exponent)
    implements ChaoticSystem {
  static final String NAME = "lorenz96";

  /** As published: F plus a hundredth of a normal number each, 1000 time units before counting. */
  private static final double START = 0.01;

  private static final double TRANSIENT_TIME = 1000;
  private static final double LONGEST_STEP = 0.1;
  private static final int MOST_SITES = 10_000;
  private static final double STANDARD_FORCING = 8;

  /** Checks the ranges. */
  public Lorenz96 {
    ChaoticSystem.checkBetween(NAME, "size", 4, MOST_SITES, size);
    checkArgument(
        forcing > 0 && forcing <= 100,
        "lorenz96: forcing must be positive and at most 100, got %s",
        forcing);
    ChaoticSystem.check(NAME, stepTime, LONGEST_STEP, stride, exponent);
  }

  /** 40 sites at F = 8. */
  public static Lorenz96 standard() {
    return standard(40, STANDARD_FORCING);
  }

  /** A ring whose exponent is known. */
  public static Lorenz96 standard(int size, double forcing) {
    return new Lorenz96(size, forcing, 0.01, 1, exponent(size, forcing));
  }

  /** NaN where it isn't known. Means over 4000 time units of three trajectories, to 0.02. */
  private static double exponent(int size, double forcing) {
    if (size != 40) {
      return Double.NaN;
    }
    return forcing == STANDARD_FORCING ? 1.70 : forcing == 10 ? 2.30 : Double.NaN;
  }

  /** The name, with what differs from 40 sites and F = 8. */
  @Override
  public String label() {
    return NAME
        + (size == 40 ? "" : "_" + size)
        + (forcing == STANDARD_FORCING ? "" : "_f" + number(forcing));
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  @Override
  public String title() {
    return "Lorenz-96, " + size + " sites, F = " + number(forcing);
  }

  @Override
  public int features() {
    return size;
  }

  @Override
  public int transientSteps() {
    return (int) Math.ceil(TRANSIENT_TIME / stepTime);
  }

  @Override
  public Flow flow() {
    double[] ring = new double[size + 3];
    RungeKutta method = new RungeKutta((x, slope) -> slope(x, slope, ring), size, stepTime);
    return new Flow() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public double[] start(SplittableRandom random) {
        return Normals.of(random, size, forcing, START);
      }

      @Override
      public void step(double[] state) {
        method.step(state);
      }
    };
  }

  /** The ring is x with two sites before and one after, so that the loop needs no remainders. */
  private void slope(double[] x, double[] slope, double[] ring) {
    int n = slope.length;
    System.arraycopy(x, 0, ring, 2, n);
    ring[0] = x[n - 2];
    ring[1] = x[n - 1];
    ring[n + 2] = x[0];
    double f = forcing;
    for (int j = 0; j < n; j++) {
      slope[j] = ring[j + 1] * (ring[j + 3] - ring[j]) - ring[j + 2] + f;
    }
  }
}
