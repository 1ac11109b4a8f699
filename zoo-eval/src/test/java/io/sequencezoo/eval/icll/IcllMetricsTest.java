package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.datasets.icll.Automaton;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.icll.Vocabulary;
import io.sequencezoo.eval.experiment.Estimate;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;
import org.junit.jupiter.api.Test;

/** Each metric on a prompt whose values are worked out by hand. */
final class IcllMetricsTest {
  private static final int NONE = Automaton.NONE;
  private static final Vocabulary AB = new Vocabulary(2);
  // 0 -a-> 1, 0 -b-> 1, 1 -a-> 0: tokens are . a b | in this order.
  private static final Automaton AUTOMATON = Automaton.of(new int[][] {{1, 1}, {0, NONE}});
  // Allowed after each input: a b | b is a; a b; a b; and the label b is at position 2.
  private static final Problem PROBLEM = problem("b a | b a");
  private static final double EPSILON = 1e-7;
  private static final double ROUNDING = 1e-12;

  private static Problem problem(String prompt) {
    return new Problem(Split.TEST, 0, AUTOMATON, AB.tokens(prompt));
  }

  private static IcllScores scores(Problem problem, double[]... table) {
    IcllMetrics metrics = new IcllMetrics();
    metrics.add(problem, table);
    return metrics.scores("by hand");
  }

  /** States 1 0 0 1, so a is allowed, then a or b, a or b, a; targets are positions 0, 2, 3. */
  private static final double[][] TABLE = {
    {0, 1, 0, 0}, // right
    {0, 0, 0, 1}, // wrong, and no target: the true next token is a separator
    {0.2, 0.3, 0.5, 0}, // right
    {0, 0.2, 0.8, 0}, // wrong, at the last position
  };

  @Test
  void accuracy_skipsPositionsBeforeSeparatorsAndCountsTheLast() {
    IcllScores scores = scores(PROBLEM, TABLE);
    assertThat(scores.targets()).isEqualTo(3);
    assertThat(scores.accuracy().value()).isEqualTo(2.0 / 3);
  }

  @Test
  void greedyAccuracy_countsAllPositions() {
    IcllScores scores = scores(PROBLEM, TABLE);
    assertThat(scores.positions()).isEqualTo(4);
    assertThat(scores.greedyAccuracy().value()).isEqualTo(0.5);
  }

  @Test
  void separatorAndPad_areWrong() {
    double[] pad = {1, 0, 0, 0};
    double[] separator = {0, 0, 0, 1};
    assertThat(scores(PROBLEM, pad, separator, pad, separator).accuracy().value()).isZero();
    assertThat(scores(PROBLEM, separator, pad, separator, pad).greedyAccuracy().value()).isZero();
  }

  @Test
  void ties_goToTheLowestToken() {
    double[] even = {0, 0.5, 0.5, 0};
    double[] padFirst = {0.25, 0.25, 0.25, 0.25};
    assertThat(scores(PROBLEM, even, even, even, even).accuracy().value()).isEqualTo(1);
    assertThat(scores(PROBLEM, padFirst, padFirst, padFirst, padFirst).accuracy().value()).isZero();
  }

  @Test
  void tvd_isHalvedAndL1IsNot() {
    // Σ|p - q|: 0; 1 + ½ + ½; .2 + .2 + 0; .8 + .8
    IcllScores scores = scores(PROBLEM, TABLE);
    assertThat(scores.l1().value()).isCloseTo((0 + 2 + 0.4 + 1.6) / 4, within(ROUNDING));
    assertThat(scores.tvd().value()).isCloseTo(0.5, within(ROUNDING));
  }

  @Test
  void crossEntropies_haveTheReferencesEpsilon() {
    IcllScores scores = scores(PROBLEM, TABLE);
    double soft =
        -Math.log(1 + EPSILON)
            - Math.log(EPSILON)
            - 0.5 * Math.log(0.3 + EPSILON)
            - 0.5 * Math.log(0.5 + EPSILON)
            - Math.log(0.2 + EPSILON);
    double entropy = 2 * Math.log(1 + EPSILON) + 2 * Math.log(0.5 + EPSILON);
    assertThat(scores.crossEntropy().value()).isCloseTo(soft / 4, within(ROUNDING));
    assertThat(scores.kl().value()).isCloseTo((soft + entropy) / 4, within(ROUNDING));
  }

  @Test
  void nll_isOfTheLabels() {
    // Labels: a at position 0, b at 2, a at 3.
    double sum = -Math.log(1 + EPSILON) - Math.log(0.5 + EPSILON) - Math.log(0.2 + EPSILON);
    assertThat(scores(PROBLEM, TABLE).nll().value()).isCloseTo(sum / 3, within(ROUNDING));
  }

  @Test
  void positions_arePooledOverProblems() {
    IcllMetrics metrics = new IcllMetrics();
    metrics.add(PROBLEM, TABLE);
    metrics.add(problem("a a"), new double[][] {{0, 0, 1, 0}});
    Estimate accuracy = metrics.scores("by hand").accuracy();
    assertThat(accuracy.value()).isEqualTo(2.0 / 4);
    // Residuals s - R n are 2 - 1.5 and 0 - .5, their standard deviation √½; times √2 over 4.
    assertThat(accuracy.standardError()).isCloseTo(0.25, within(ROUNDING));
  }

  @Test
  void standardError_isTheSpreadOverRepetitions() {
    // Problems of 3 and 1 targets: what is drawn decides both length and success.
    SplittableRandom random = new SplittableRandom(5);
    double[] values = new double[400];
    double predicted = 0;
    for (int run = 0; run < values.length; run++) {
      double[] sums = new double[100];
      double[] counts = new double[100];
      for (int i = 0; i < sums.length; i++) {
        counts[i] = random.nextInt(1, 10);
        sums[i] = counts[i] * Math.min(1, random.nextDouble() + counts[i] / 20);
      }
      Estimate estimate = Estimate.ratio(sums, counts);
      values[run] = estimate.value();
      predicted += estimate.standardError() / values.length;
    }
    double spread = new StandardDeviation().evaluate(values);
    // The spread of 400 values is known to 1/√800; three of those.
    assertThat(predicted / spread).isCloseTo(1, within(3 / Math.sqrt(800)));
  }

  @Test
  void curve_isBinnedByPosition() {
    IcllMetrics metrics = new IcllMetrics(2);
    metrics.add(PROBLEM, TABLE);
    metrics.add(problem("a a"), new double[][] {{0, 0, 1, 0}});
    List<IcllScores.CurvePoint> curve = metrics.scores("by hand").curve();
    assertThat(curve).hasSize(2);
    assertThat(curve.get(0).from()).isZero();
    assertThat(curve.get(0).to()).isEqualTo(2);
    assertThat(curve.get(0).positions()).isEqualTo(3);
    assertThat(curve.get(0).accuracy()).isEqualTo(0.5);
    assertThat(curve.get(0).tvd()).isCloseTo((0 + 1 + 1) / 3.0, within(ROUNDING));
    assertThat(curve.get(1).accuracy()).isEqualTo(0.5);
  }

  @Test
  void whatIsNoProbability_isRefused() {
    double[] good = {0, 1, 0, 0};
    assertThatThrownBy(() -> scores(PROBLEM, good, good, good, new double[] {0, Double.NaN, 0, 0}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "icll metrics: probabilities must be between 0 and 1, got NaN at position 3 of problem"
                + " 0");
    assertThatThrownBy(() -> scores(PROBLEM, good))
        .hasMessage("icll metrics: probabilities must have T = 4 rows, got 1");
    assertThatThrownBy(() -> scores(PROBLEM, good, good, good, new double[] {1}))
        .hasMessage("icll metrics: probabilities must have V = 4 columns, got 1");
    assertThatThrownBy(() -> new IcllMetrics().scores("none"))
        .hasMessage("icll metrics: must have a problem, got none");
  }
}
