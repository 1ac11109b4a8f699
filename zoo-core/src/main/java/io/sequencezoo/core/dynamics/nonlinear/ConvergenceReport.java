package io.sequencezoo.core.dynamics.nonlinear;

import java.util.Arrays;
import java.util.List;

/**
 * How Newton's method went on one batch.
 *
 * @param sequences one outcome per row
 * @param residuals the largest residual over the rows that were still iterated, before each
 *     iteration
 * @param windows how many stretches of time were solved one after the other to bound memory; 1 for
 *     most
 */
public record ConvergenceReport(List<Outcome> sequences, double[] residuals, int windows) {

  /** What solved a sequence. */
  public enum Path {
    /** Newton's method. */
    NEWTON,
    /** Relaxation and the Levenberg-Marquardt trust region, after Newton's method diverged. */
    TRUST_REGION,
    /** One step after the other, after both failed. */
    SEQUENTIAL,
    /** Nothing: the last iterate of Newton's method, where the configuration asks for it. */
    UNCONVERGED
  }

  /**
   * The outcome of one row; the worst of its windows.
   *
   * @param path what solved it
   * @param iterations of Newton's method
   * @param trustIterations of the trust region, sweeps of its relaxation included
   * @param residual the last one that was measured: before the last correction for Newton's method,
   *     0 for the sequential evaluation
   * @param correction the largest entry of the last correction
   */
  public record Outcome(
      Path path, int iterations, int trustIterations, double residual, double correction) {
    /** The worse of two windows of one row. */
    Outcome and(Outcome other) {
      return new Outcome(
          path.compareTo(other.path) >= 0 ? path : other.path,
          Math.max(iterations, other.iterations),
          Math.max(trustIterations, other.trustIterations),
          Math.max(residual, other.residual),
          Math.max(correction, other.correction));
    }
  }

  /** Copies the lists. */
  public ConvergenceReport {
    sequences = List.copyOf(sequences);
    residuals = residuals.clone();
  }

  @Override
  public double[] residuals() {
    return residuals.clone();
  }

  /** Whether every row is solved, by whatever path. */
  public boolean converged() {
    return count(Path.UNCONVERGED) == 0;
  }

  /** The rows that a path solved. */
  public long count(Path path) {
    return sequences.stream().filter(outcome -> outcome.path() == path).count();
  }

  /** The most iterations of Newton's method that a row took. */
  public int iterations() {
    return sequences.stream().mapToInt(Outcome::iterations).max().orElse(0);
  }

  @Override
  public String toString() {
    return "newton: "
        + sequences.size()
        + " sequences, at most "
        + iterations()
        + " iterations, "
        + count(Path.TRUST_REGION)
        + " by trust region, "
        + count(Path.SEQUENTIAL)
        + " step by step, "
        + count(Path.UNCONVERGED)
        + " unconverged; residuals "
        + Arrays.toString(residuals);
  }
}
