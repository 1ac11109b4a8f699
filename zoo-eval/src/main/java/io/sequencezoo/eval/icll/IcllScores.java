package io.sequencezoo.eval.icll;

import java.util.List;

/**
 * How well something predicts a set of problems; {@link IcllMetric} says how each is measured.
 *
 * @param predictor its name
 * @param problems number of problems
 * @param positions number of all positions
 * @param targets number of positions whose next token is a symbol
 * @param accuracy how often the likeliest token is allowed, at targets
 * @param greedyAccuracy the same at all positions
 * @param tvd total variation distance to the true automaton
 * @param l1 twice that: what the reference logs
 * @param crossEntropy soft cross-entropy to the true automaton, nats
 * @param kl Kullback-Leibler divergence from the true automaton, nats
 * @param nll negative log-likelihood of the targets, nats
 * @param curve the same against the position in the prompt
 */
public record IcllScores(
    String predictor,
    int problems,
    long positions,
    long targets,
    Estimate accuracy,
    Estimate greedyAccuracy,
    Estimate tvd,
    Estimate l1,
    Estimate crossEntropy,
    Estimate kl,
    Estimate nll,
    List<CurvePoint> curve) {

  /** Copies the curve. */
  public IcllScores {
    curve = List.copyOf(curve);
  }

  /**
   * The means over the positions {@code from} to {@code to - 1} of all prompts that reach them.
   *
   * @param positions number of positions
   */
  public record CurvePoint(
      int from, int to, long positions, double accuracy, double tvd, double kl, double nll) {}
}
