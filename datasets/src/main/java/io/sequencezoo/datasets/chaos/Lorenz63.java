package io.sequencezoo.datasets.chaos;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.SplittableRandom;

/**
 * Convection with three numbers (Lorenz, J. Atmos. Sci. 20, 1963), at the parameters of that paper.
 *
 * <pre>{@code
 * dx = σ (y - x)   dy = x (ρ - z) - y   dz = x y - β z        σ = 10, ρ = 28, β = 8/3
 * }</pre>
 *
 * @param stepTime of the fourth-order Runge-Kutta method, 0.01 by default
 * @param stride steps per sample, 1 by default
 */
@JsonTypeName(Lorenz63.NAME)
public record Lorenz63(double stepTime, int stride) implements ChaoticSystem {
  static final String NAME = "lorenz63";

  private static final double SIGMA = 10;
  private static final double RHO = 28;
  private static final double BETA = 8 / 3d;

  /** Beyond, steps leave the attractor. */
  private static final double LONGEST_STEP = 0.05;

  /** Sprott, Chaos and Time-Series Analysis (2003): exponents 0.9056, 0, -14.5723. */
  private static final double EXPONENT = 0.9056;

  private static final double TRANSIENT_TIME = 50;

  /** Checks the ranges. */
  public Lorenz63 {
    ChaoticSystem.check(NAME, stepTime, LONGEST_STEP, stride, EXPONENT);
  }

  /** The published steps. */
  public static Lorenz63 standard() {
    return new Lorenz63(0.01, 1);
  }

  @Override
  public String label() {
    return NAME;
  }

  @Override
  public String title() {
    return "Lorenz-63";
  }

  @Override
  public int features() {
    return 3;
  }

  @Override
  public double exponent() {
    return EXPONENT;
  }

  @Override
  public int transientSteps() {
    return (int) Math.ceil(TRANSIENT_TIME / stepTime);
  }

  @Override
  public Flow flow() {
    RungeKutta method = new RungeKutta(Lorenz63::slope, 3, stepTime);
    return new Flow() {
      @Override
      public int size() {
        return 3;
      }

      @Override
      public double[] start(SplittableRandom random) {
        return random.doubles(3, -1, 1).map(x -> 1 + x).toArray();
      }

      @Override
      public void step(double[] state) {
        method.step(state);
      }
    };
  }

  private static void slope(double[] x, double[] slope) {
    slope[0] = SIGMA * (x[1] - x[0]);
    slope[1] = x[0] * (RHO - x[2]) - x[1];
    slope[2] = x[0] * x[1] - BETA * x[2];
  }
}
