package io.sequencezoo.datasets.chaos;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Blood cells that are made by a delayed feedback (Mackey and Glass, Science 197, 1977).
 *
 * <pre>{@code
 * dx(t) = 0.2 x(t - τ) / (1 + x(t - τ)^10) - 0.1 x(t)
 * }</pre>
 *
 * <p>The state is the past of length τ on the grid of steps. A step is one of the fourth-order
 * Runge-Kutta method, which takes the past between two steps from the cubic through four of them.
 *
 * @param delay τ in units of time, 17 by default
 * @param stepsPerUnit steps of integration per unit of time, 10 by default
 * @param stride steps per sample, 10 by default
 * @param exponent the largest Lyapunov exponent; known for delays of 17 and 30
 */
@JsonTypeName(MackeyGlass.NAME)
public record MackeyGlass(int delay, int stepsPerUnit, int stride, double exponent)
    implements ChaoticSystem {
  static final String NAME = "mackey_glass";

  private static final double GAIN = 0.2;
  private static final double LOSS = 0.1;
  private static final int STANDARD_DELAY = 17;
  private static final double TRANSIENT_TIME = 2000;
  private static final int LONGEST_DELAY = 1000;
  private static final int MOST_STEPS = 1000;

  /** Checks the ranges. */
  public MackeyGlass {
    ChaoticSystem.checkBetween(NAME, "delay", 1, LONGEST_DELAY, delay);
    ChaoticSystem.checkBetween(NAME, "stepsPerUnit", 2, MOST_STEPS, stepsPerUnit);
    ChaoticSystem.check(NAME, 1d / stepsPerUnit, 1, stride, exponent);
  }

  /** The delay of most studies. */
  public static MackeyGlass standard() {
    return standard(STANDARD_DELAY);
  }

  /** A delay whose exponent is known. */
  public static MackeyGlass standard(int delay) {
    return new MackeyGlass(delay, 10, 10, exponent(delay));
  }

  /** NaN where it isn't known. Means over 200,000 units of time of two trajectories, to 0.0002. */
  private static double exponent(int delay) {
    return delay == STANDARD_DELAY ? 0.0051 : delay == 30 ? 0.0070 : Double.NaN;
  }

  @Override
  public String label() {
    return NAME + (delay == STANDARD_DELAY ? "" : "_" + delay);
  }

  @Override
  public String title() {
    return "Mackey-Glass, delay " + delay;
  }

  @Override
  public double stepTime() {
    return 1d / stepsPerUnit;
  }

  @Override
  public int features() {
    return 1;
  }

  @Override
  public int transientSteps() {
    return (int) Math.ceil(TRANSIENT_TIME * stepsPerUnit);
  }

  @Override
  public Flow flow() {
    int back = delay * stepsPerUnit;
    double h = stepTime();
    return new Flow() {
      @Override
      public int size() {
        // The present, the delay, and one more for the cubic.
        return back + 2;
      }

      @Override
      public double[] start(SplittableRandom random) {
        // A constant past, as in most studies; the attractor is around 0.9.
        double[] past = new double[size()];
        Arrays.fill(past, 1 + 0.2 * (random.nextDouble() - 0.5));
        return past;
      }

      @Override
      public void step(double[] past) {
        double old = made(past[back]);
        double next = made(past[back - 1]);
        double between =
            made((9 * (past[back] + past[back - 1]) - past[back + 1] - past[back - 2]) / 16);
        double x = past[0];
        double k1 = old - LOSS * x;
        double k2 = between - LOSS * (x + h / 2 * k1);
        double k3 = between - LOSS * (x + h / 2 * k2);
        double k4 = next - LOSS * (x + h * k3);
        System.arraycopy(past, 0, past, 1, past.length - 1);
        past[0] = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
      }
    };
  }

  private static double made(double x) {
    double x2 = x * x;
    double x4 = x2 * x2;
    return GAIN * x / (1 + x4 * x4 * x2);
  }
}
