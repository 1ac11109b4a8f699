package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Lists;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.eval.experiment.Estimate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Adds up the metrics of a predictor, problem by problem; keeps a few sums per problem and per
 * range of positions and none of the probabilities.
 */
public final class IcllMetrics {
  /** Width of the ranges of a curve unless another is asked for. */
  public static final int DEFAULT_BIN = 25;

  private final int bin;
  private final List<Tally> problems = new ArrayList<>();
  private final List<Tally> bins = new ArrayList<>();

  /** Metrics with curves in ranges of {@link #DEFAULT_BIN} positions. */
  public IcllMetrics() {
    this(DEFAULT_BIN);
  }

  /** Metrics with curves in ranges of this many positions. */
  public IcllMetrics(int bin) {
    checkArgument(bin >= 1, "icll metrics: bin must be at least 1, got %s", bin);
    this.bin = bin;
  }

  /**
   * The scores of a predictor, asked for {@code batch} problems at a time, shorter prompts first so
   * that a batch has little padding.
   */
  public static IcllScores score(Predictor predictor, List<Problem> problems, int batch, int bin) {
    IcllMetrics metrics = new IcllMetrics(bin);
    List<Problem> byLength = new ArrayList<>(problems);
    byLength.sort(Comparator.comparingInt(Problem::length));
    for (List<Problem> some : Lists.partition(byLength, batch)) {
      List<double[][]> tables = predictor.probabilities(some);
      for (int i = 0; i < some.size(); i++) {
        metrics.add(some.get(i), tables.get(i));
      }
    }
    return metrics.scores(predictor.name());
  }

  /**
   * Adds a problem.
   *
   * @param probabilities {@code [T, V]}: entry [t][v] is the probability of token v after the
   *     inputs 0 to t
   */
  public void add(Problem problem, double[][] probabilities) {
    checkArgument(
        probabilities.length == problem.length(),
        "icll metrics: probabilities must have T = %s rows, got %s",
        problem.length(),
        probabilities.length);
    Tally tally = new Tally();
    for (int t = 0; t < probabilities.length; t++) {
      double[] p = probabilities[t];
      check(problem, t, p);
      Tally range = bin(t / bin);
      for (IcllMetric metric : IcllMetric.values()) {
        if (metric.counts(problem, t)) {
          double value = metric.at(problem, t, p);
          tally.add(metric, value);
          range.add(metric, value);
        }
      }
    }
    problems.add(tally);
  }

  private Tally bin(int index) {
    while (bins.size() <= index) {
      bins.add(new Tally());
    }
    return bins.get(index);
  }

  private static void check(Problem problem, int t, double[] p) {
    checkArgument(
        p.length == problem.vocabulary().size(),
        "icll metrics: probabilities must have V = %s columns, got %s",
        problem.vocabulary().size(),
        p.length);
    for (double value : p) {
      checkArgument(
          value >= 0 && value <= 1 + IcllMetric.EPSILON,
          "icll metrics: probabilities must be between 0 and 1, got %s at position %s of problem"
              + " %s",
          value,
          t,
          problem.index());
    }
  }

  /** The scores of all problems so far, of which there must be one. */
  public IcllScores scores(String predictor) {
    checkArgument(!problems.isEmpty(), "icll metrics: must have a problem, got none");
    Tally total = total(problems);
    return new IcllScores(
        predictor,
        problems.size(),
        total.count(IcllMetric.TVD),
        total.count(IcllMetric.ACCURACY),
        estimate(IcllMetric.ACCURACY),
        estimate(IcllMetric.GREEDY_ACCURACY),
        estimate(IcllMetric.TVD),
        estimate(IcllMetric.L1),
        estimate(IcllMetric.CROSS_ENTROPY),
        estimate(IcllMetric.KL),
        estimate(IcllMetric.NLL),
        curve());
  }

  private static Tally total(Collection<Tally> parts) {
    Tally total = new Tally();
    parts.forEach(total::add);
    return total;
  }

  private Estimate estimate(IcllMetric metric) {
    return Estimate.ratio(
        problems.stream().mapToDouble(tally -> tally.sum(metric)).toArray(),
        problems.stream().mapToDouble(tally -> tally.count(metric)).toArray());
  }

  /** The ranges that have a target: without one there is no accuracy to tell. */
  private List<IcllScores.CurvePoint> curve() {
    List<IcllScores.CurvePoint> curve = new ArrayList<>();
    for (int i = 0; i < bins.size(); i++) {
      Tally range = bins.get(i);
      if (range.count(IcllMetric.ACCURACY) > 0) {
        curve.add(
            new IcllScores.CurvePoint(
                i * bin,
                (i + 1) * bin,
                range.count(IcllMetric.TVD),
                range.mean(IcllMetric.ACCURACY),
                range.mean(IcllMetric.TVD),
                range.mean(IcllMetric.KL),
                range.mean(IcllMetric.NLL)));
      }
    }
    return curve;
  }
}
