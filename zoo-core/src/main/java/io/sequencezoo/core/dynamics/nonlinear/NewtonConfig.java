package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How Newton's method on a trajectory goes on, when it stops, and what follows where it fails.
 *
 * <p>A sequence has converged when its residual {@code max |f(h_{t-1}, x_t) - h_t|} is at most
 * {@code absolute + relative max |h|} and the correction that this residual calls for, which is
 * applied, at most the square root of that: the error left is then of the order of its square.
 *
 * @param iterations most iterations of Newton's method; 0 leaves the guess to what follows
 * @param absolute absolute tolerance of the residual; null for 64 roundings of the precision
 * @param relative relative tolerance of the residual; null for the same
 * @param damping ω of {@code h ← h + ω δ}, in (0, 1]
 * @param jacobian which part of the Jacobian the iteration uses
 * @param reach how far an entry moves at most in one iteration, in units of 1 plus the largest
 *     entry of the guess: where products of Jacobians explode, this keeps the rest of the
 *     trajectory near
 * @param growth a residual this many times the first one means divergence
 * @param trustIterations most iterations of the trust region that follows divergence, sweeps of the
 *     relaxation that it starts with included; 0 for none
 * @param fallback what follows in the end
 */
public record NewtonConfig(
    int iterations,
    Double absolute,
    Double relative,
    double damping,
    Iteration jacobian,
    double reach,
    double growth,
    int trustIterations,
    Fallback fallback) {

  /** Which Jacobian the iteration uses; gradients always use the full one. */
  public enum Iteration {
    /** FULL, or DIAGONAL for dense Jacobians of more than 16 units. */
    AUTO,
    /** Newton's own: quadratic convergence, d³ work per position in parallel for a dense one. */
    FULL,
    /** The diagonal alone (quasi-DEER): linear convergence, d work per position. */
    DIAGONAL
  }

  /** What happens to a sequence that neither Newton nor the trust region solved. */
  public enum Fallback {
    /** It is evaluated one step after the other, which is logged and counted. */
    SEQUENTIAL,
    /** An exception. */
    FAIL,
    /** The last iterate is returned, for experiments; the report says that it isn't a solution. */
    REPORT
  }

  /** Beyond this, d² numbers per position and their products cost more than extra iterations. */
  static final int FULL_DENSE = 16;

  private static final double ROUNDINGS = 64;

  /** Checks the ranges. */
  public NewtonConfig {
    checkArgument(iterations >= 0, "newton: iterations must not be negative, got %s", iterations);
    checkTolerance("absolute", absolute);
    checkTolerance("relative", relative);
    checkArgument(
        damping > 0 && damping <= 1, "newton: damping must be in (0, 1], got %s", damping);
    checkArgument(reach > 0, "newton: reach must be positive, got %s", reach);
    checkArgument(growth > 1, "newton: growth must be more than 1, got %s", growth);
    checkArgument(
        trustIterations >= 0,
        "newton: trustIterations must not be negative, got %s",
        trustIterations);
  }

  private static void checkTolerance(String name, Double tolerance) {
    checkArgument(
        tolerance == null || (tolerance >= 0 && Double.isFinite(tolerance)),
        "newton: %s tolerance must be finite and not negative, got %s",
        name,
        tolerance);
  }

  /** Up to 80 iterations to rounding, then up to 100 of the trust region, then step by step. */
  public static NewtonConfig standard() {
    return new NewtonConfig(80, null, null, 1, Iteration.AUTO, 0.5, 100, 100, Fallback.SEQUENTIAL);
  }

  /** Exactly k iterations and whatever they give, as the reference implementation does. */
  public static NewtonConfig fixed(int iterations) {
    return new NewtonConfig(
        iterations,
        0.0,
        0.0,
        1,
        Iteration.AUTO,
        Double.MAX_VALUE,
        Double.MAX_VALUE,
        0,
        Fallback.REPORT);
  }

  /** The residual allowed for states of this size. */
  double tolerance(boolean single, double largest) {
    double rounding = ROUNDINGS * (single ? Math.ulp(0.5f) : Math.ulp(0.5));
    double a = absolute == null ? rounding : absolute;
    double r = relative == null ? rounding : relative;
    return a + r * largest;
  }

  boolean usesDiagonal(CellShape shape) {
    return shape.structure() == JacobianStructure.DENSE
        && (jacobian == Iteration.DIAGONAL
            || (jacobian == Iteration.AUTO && shape.width() > FULL_DENSE));
  }
}
