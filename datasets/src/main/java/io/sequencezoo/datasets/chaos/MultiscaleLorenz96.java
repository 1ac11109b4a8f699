package io.sequencezoo.datasets.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.SplittableRandom;

/**
 * Lorenz-96 with three scales, of which the slowest alone is seen (Thornes, Düben and Palmer, Q. J.
 * R. Meteorol. Soc. 143, 2017; Chattopadhyay, Hassanzadeh and Subramanian, arXiv 1906.08829).
 *
 * <pre>{@code
 * dX_k   = X_{k-1} (X_{k+1} - X_{k-2}) - X_k + F - h c/b Σ_j Y_{j,k}
 * dY_jk  = -c b Y_{j+1,k} (Y_{j+2,k} - Y_{j-1,k}) - c Y_jk + h c/b X_k - h e/d Σ_i Z_{i,j,k}
 * dZ_ijk = e d Z_{i-1,j,k} (Z_{i+1,j,k} - Z_{i-2,j,k}) - g e Z_ijk + h e/d Y_jk
 * }</pre>
 *
 * <p>F = 20, h = 1, b = c = d = e = g = 10; every index runs over eight values and closes on
 * itself. The paper writes the damping g e of Z; the code that came with it has e alone, which is
 * {@code damping} 1 here.
 *
 * @param damping g, 1 by default, as in the published code, whose data this is
 * @param stepTime of the fourth-order Runge-Kutta method, 0.005 by default; with damping 10 it must
 *     be 0.002 or less
 * @param stride steps per sample, 1 by default
 */
@JsonTypeName(MultiscaleLorenz96.NAME)
public record MultiscaleLorenz96(double damping, double stepTime, int stride)
    implements ChaoticSystem {
  static final String NAME = "multiscale_lorenz96";

  private static final int EACH = 8;
  private static final int SLOW = EACH;
  private static final int MIDDLE = EACH * EACH;
  private static final int FAST = EACH * EACH * EACH;
  private static final double F = 20;
  private static final double B = 10;
  private static final double C = 10;
  private static final double D = 10;
  private static final double E = 10;

  /** Published starts: whole numbers from -5 to 5, normal numbers, and small normal numbers. */
  private static final int SLOW_START = 5;

  private static final double FAST_START = 0.05;

  /** Steps of the published script, 100 time units. */
  private static final double TRANSIENT_TIME = 100;

  private static final double LONGEST_STEP = 0.005;

  /**
   * What forecasts of X are timed by in the literature: 4.5 to a time unit of 200 steps. It isn't
   * measured here: the exponent of the whole system is that of Z, some 17, and says nothing of X.
   */
  private static final double EXPONENT = 4.5;

  /** Checks the ranges. */
  public MultiscaleLorenz96 {
    ChaoticSystem.check(
        NAME, stepTime, damping > 1 ? 0.4 * LONGEST_STEP : LONGEST_STEP, stride, EXPONENT);
    checkArgument(
        damping >= 1 && damping <= 10,
        "%s: damping must be between 1 and 10, got %s",
        NAME,
        damping);
  }

  /** The published data. */
  public static MultiscaleLorenz96 standard() {
    return new MultiscaleLorenz96(1, LONGEST_STEP, 1);
  }

  @Override
  public String label() {
    return NAME;
  }

  @Override
  public String title() {
    return "Lorenz-96 with three scales";
  }

  @Override
  public int features() {
    return SLOW;
  }

  @Override
  public double exponent() {
    return EXPONENT;
  }

  @Override
  public boolean scaledAsOne() {
    return true;
  }

  @Override
  public int transientSteps() {
    return (int) Math.ceil(TRANSIENT_TIME / stepTime);
  }

  @Override
  public Flow flow() {
    RungeKutta method = new RungeKutta(this::slope, SLOW + MIDDLE + FAST, stepTime);
    return new Flow() {
      @Override
      public int size() {
        return SLOW + MIDDLE + FAST;
      }

      @Override
      public double[] start(SplittableRandom random) {
        double[] state = Normals.of(random, size(), 0, 1);
        for (int i = 0; i < size(); i++) {
          if (i < SLOW) {
            state[i] = random.nextInt(-SLOW_START, SLOW_START + 1);
          } else if (i >= SLOW + MIDDLE) {
            state[i] *= FAST_START;
          }
        }
        return state;
      }

      @Override
      public void step(double[] state) {
        method.step(state);
      }
    };
  }

  /** X, then Y by k and j, then Z by k, j and i. */
  private void slope(double[] s, double[] slope) {
    for (int k = 0; k < EACH; k++) {
      int row = SLOW + EACH * k;
      double below = 0;
      for (int j = 0; j < EACH; j++) {
        double y = s[row + j];
        below += y;
        int line = SLOW + MIDDLE + EACH * (EACH * k + j);
        double fast = 0;
        for (int i = 0; i < EACH; i++) {
          double z = s[line + i];
          fast += z;
          double around = s[line + before(i, 1)] * (s[line + after(i, 1)] - s[line + before(i, 2)]);
          slope[line + i] = E * D * around - damping * E * z + E / D * y;
        }
        double around = s[row + after(j, 1)] * (s[row + after(j, 2)] - s[row + before(j, 1)]);
        slope[row + j] = -C * B * around - C * y + C / B * s[k] - E / D * fast;
      }
      double around = s[before(k, 1)] * (s[after(k, 1)] - s[before(k, 2)]);
      slope[k] = around - s[k] + F - C / B * below;
    }
  }

  private static int before(int i, int by) {
    return (i - by) & (EACH - 1);
  }

  private static int after(int i, int by) {
    return (i + by) & (EACH - 1);
  }
}
