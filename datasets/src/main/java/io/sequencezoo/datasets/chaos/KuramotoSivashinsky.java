package io.sequencezoo.datasets.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Precision;
import java.util.SplittableRandom;

/**
 * A flame front on a ring (Kuramoto and Tsuzuki 1976, Sivashinsky 1977).
 *
 * <pre>{@code
 * u_t = -u u_x - u_xx - u_xxxx          x modulo L
 * }</pre>
 *
 * <p>Integrated in Fourier space by {@link ExponentialSteps}. The state is the packed spectrum of
 * u; what is seen is u at the grid points.
 *
 * @param length L, 22 by default
 * @param points N of the grid, a power of two
 * @param stepTime 0.25 by default
 * @param stride steps per sample, 1 by default
 * @param exponent the largest Lyapunov exponent; known for lengths of 22, 60, 100 and 200
 */
@JsonTypeName(KuramotoSivashinsky.NAME)
public record KuramotoSivashinsky(
    double length, int points, double stepTime, int stride, double exponent)
    implements ChaoticSystem {
  static final String NAME = "kuramoto_sivashinsky";

  private static final double STANDARD_LENGTH = 22;

  /** As published: a hundredth of uniform numbers around zero, 10000 steps before counting. */
  private static final double START = 0.01;

  private static final double TRANSIENT_TIME = 2500;
  private static final double LONGEST_STEP = 0.5;
  private static final int MOST_POINTS = 1 << 14;

  /** Checks the ranges. */
  public KuramotoSivashinsky {
    checkArgument(
        length > 0 && length <= 10_000,
        "kuramoto_sivashinsky: length must be positive and at most 10000, got %s",
        length);
    checkArgument(
        points >= 8 && points <= MOST_POINTS && Integer.bitCount(points) == 1,
        "kuramoto_sivashinsky: points must be a power of two from 8 to %s, got %s",
        MOST_POINTS,
        points);
    ChaoticSystem.check(NAME, stepTime, LONGEST_STEP, stride, exponent);
  }

  /** L = 22 at 64 points. */
  public static KuramotoSivashinsky standard() {
    return standard(STANDARD_LENGTH);
  }

  /** A length whose exponent is known, at the points that it is usually computed with. */
  public static KuramotoSivashinsky standard(double length) {
    int points = length <= STANDARD_LENGTH ? 64 : length <= 60 ? 128 : length <= 100 ? 256 : 512;
    return new KuramotoSivashinsky(length, points, 0.25, 1, exponent(length));
  }

  /**
   * NaN where it isn't known. Edson et al. (arXiv 1902.09651) have 0.048 for 22; the others are
   * means over two trajectories of 7500 time units and more, to 0.002.
   */
  private static double exponent(double length) {
    return length == STANDARD_LENGTH
        ? 0.048
        : length == 60 ? 0.084 : length == 100 ? 0.091 : length == 200 ? 0.097 : Double.NaN;
  }

  @Override
  public String label() {
    return NAME + (length == STANDARD_LENGTH ? "" : "_" + (long) length);
  }

  @Override
  public String title() {
    return "Kuramoto-Sivashinsky, L = "
        + (length == Math.rint(length) ? "" + (long) length : length);
  }

  @Override
  public int features() {
    return points;
  }

  @Override
  public int transientSteps() {
    return (int) Math.ceil(TRANSIENT_TIME / stepTime);
  }

  /** The linear growth rate of wave number m, {@code k² - k⁴} with {@code k = 2π m / L}. */
  double growth(int m) {
    double k = 2 * Math.PI * m / length;
    return k * k - k * k * k * k;
  }

  @Override
  public Flow flow() {
    Fourier<double[]> fourier = Fourier.of(Precision.DOUBLE, points);
    double[] waves = new double[points / 2 + 1];
    double[] linear = new double[points / 2 + 1];
    for (int m = 0; m <= points / 2; m++) {
      // The derivative of the highest wave isn't on the grid.
      waves[m] = m == points / 2 ? 0 : 2 * Math.PI * m / length;
      linear[m] = growth(m);
    }
    ExponentialSteps steps = new ExponentialSteps(fourier, linear, waves, stepTime);
    return new Flow() {
      @Override
      public int size() {
        return points;
      }

      @Override
      public double[] start(SplittableRandom random) {
        double[] u = random.doubles(points).map(x -> START * (x - 0.5)).toArray();
        fourier.forward(u);
        // The mean is conserved: a wind that would only carry everything along.
        u[0] = 0;
        return u;
      }

      @Override
      public void step(double[] state) {
        steps.step(state);
      }

      @Override
      public void observe(double[] state, double[] seen) {
        System.arraycopy(state, 0, seen, 0, points);
        fourier.inverse(seen);
      }
    };
  }
}
