package io.sequencezoo.eval.icll;

import io.sequencezoo.datasets.icll.Problem;

/**
 * What is measured at a position, from the predicted probabilities p and the true ones q, which are
 * uniform over the symbols that the automaton allows.
 *
 * <p><em>Targets</em> are the positions whose true next token is a symbol, so the last position is
 * one and those before a separator are not; <em>all</em> positions include the latter.
 */
public enum IcllMetric {
  /** Whether the likeliest token is allowed, at targets ({@code train.py::_get_dfa_accuracy}). */
  ACCURACY(true),
  /** The same at all positions ({@code get_greedy_dfa_accuracy} of the notebook). */
  GREEDY_ACCURACY(false),
  /** Total variation distance ½ Σ |p - q|, at all positions. */
  TVD(false),
  /** Σ |p - q| without the ½, at all positions: what the reference logs as model_dfa_diff. */
  L1(false),
  /** Soft cross-entropy -Σ q ln(p + ε), at all positions. */
  CROSS_ENTROPY(false),
  /** Divergence Σ q (ln(q + ε) - ln(p + ε)), at all positions ({@code get_kl} of the notebook). */
  KL(false),
  /** -ln(p + ε) of the token that comes, at targets: the training loss. */
  NLL(true);

  /** Keeps logarithms finite; the reference's value. */
  static final double EPSILON = 1e-7;

  private final boolean targetsOnly;

  IcllMetric(boolean targetsOnly) {
    this.targetsOnly = targetsOnly;
  }

  /** Whether the metric is defined at a position. */
  boolean counts(Problem problem, int t) {
    return !targetsOnly || problem.label(t) != Problem.IGNORED;
  }

  /** The metric at position t, where {@code p} is the predicted distribution. */
  double at(Problem problem, int t, double[] p) {
    return switch (this) {
      case ACCURACY, GREEDY_ACCURACY -> problem.isLegal(t, likeliest(p)) ? 1 : 0;
      case TVD -> distance(problem, t, p) / 2;
      case L1 -> distance(problem, t, p);
      case CROSS_ENTROPY -> crossEntropy(problem, t, p);
      case KL -> {
        double q = 1.0 / problem.legalCount(t);
        yield Math.log(q + EPSILON) + crossEntropy(problem, t, p);
      }
      case NLL -> -Math.log(p[problem.label(t)] + EPSILON);
    };
  }

  /** The first of the largest entries, so that ties go to the lowest token as in NumPy. */
  private static int likeliest(double[] p) {
    int best = 0;
    for (int token = 1; token < p.length; token++) {
      best = p[token] > p[best] ? token : best;
    }
    return best;
  }

  private static double distance(Problem problem, int t, double[] p) {
    double q = 1.0 / problem.legalCount(t);
    double sum = 0;
    for (int token = 0; token < p.length; token++) {
      sum += Math.abs(p[token] - (problem.isLegal(t, token) ? q : 0));
    }
    return sum;
  }

  private static double crossEntropy(Problem problem, int t, double[] p) {
    double q = 1.0 / problem.legalCount(t);
    double sum = 0;
    for (int token = 0; token < p.length; token++) {
      if (problem.isLegal(t, token)) {
        sum -= q * Math.log(p[token] + EPSILON);
      }
    }
    return sum;
  }
}
