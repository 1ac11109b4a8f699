package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;

/** What a study says of few runs: intervals, corrected tests, robust means. */
public final class Statistics {
  /** Resamples that are drawn where all of them would be more. */
  private static final int DRAWN = 20_000;

  /** Resamples of a profile, each of which is counted at every level. */
  private static final int PROFILES = 2000;

  private static final NormalDistribution NORMAL = new NormalDistribution(0, 1);

  private Statistics() {}

  /** From and to; NaN where there is none. */
  public record Interval(double low, double high) {
    static final Interval NONE = new Interval(Double.NaN, Double.NaN);
  }

  /**
   * The bootstrap interval of a mean, bias corrected and accelerated (Efron 1987; Efron and
   * Tibshirani, An Introduction to the Bootstrap, section 14.3). Few values are resampled in every
   * way, more at random; NaN for fewer than two.
   *
   * @param level of confidence, such as 0.95
   */
  public static Interval bca(double[] values, double level, long seed) {
    checkArgument(level > 0 && level < 1, "statistics: level must be in (0, 1), got %s", level);
    int n = values.length;
    if (n < 2 || !Arrays.stream(values).allMatch(Double::isFinite)) {
      return Interval.NONE;
    }
    double mean = StatUtils.mean(values);
    double[] means = resampledMeans(values, seed);
    Arrays.sort(means);
    if (means[0] == means[means.length - 1]) {
      return new Interval(means[0], means[0]);
    }
    // The share below the mean; ties count half, as they do for few values.
    double below = Arrays.stream(means).map(m -> m < mean ? 1 : m == mean ? .5 : 0).sum();
    double bias = NORMAL.inverseCumulativeProbability(below / means.length);
    double acceleration = acceleration(values, mean);
    return new Interval(
        quantile(means, adjusted((1 - level) / 2, bias, acceleration)),
        quantile(means, adjusted((1 + level) / 2, bias, acceleration)));
  }

  private static double adjusted(double share, double bias, double acceleration) {
    double z = bias + NORMAL.inverseCumulativeProbability(share);
    return NORMAL.cumulativeProbability(bias + z / (1 - acceleration * z));
  }

  /** Of a mean the jackknife's values are known: their skewness is a sixth of this. */
  private static double acceleration(double[] values, double mean) {
    double cubes = 0;
    double squares = 0;
    for (double value : values) {
      double away = value - mean;
      cubes += away * away * away;
      squares += away * away;
    }
    return squares == 0 ? 0 : cubes / (6 * Math.pow(squares, 1.5));
  }

  private static double[] resampledMeans(double[] values, long seed) {
    int n = values.length;
    double ways = Math.pow(n, n);
    double[] means = new double[(int) Math.min(ways, DRAWN)];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < means.length; i++) {
      double sum = 0;
      int way = i;
      for (int k = 0; k < n; k++) {
        sum += values[ways <= DRAWN ? way % n : random.nextInt(n)];
        way /= n;
      }
      means[i] = sum / n;
    }
    return means;
  }

  /** Linear between the sorted values. */
  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int low = (int) Math.floor(at);
    int high = Math.min(sorted.length - 1, low + 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  /** The p-value of a paired t-test; NaN for fewer than two pairs, or differences all alike. */
  public static double pairedTest(double[] a, double[] b) {
    double[] differences = differences(a, b);
    if (a.length < 2 || StatUtils.variance(differences) == 0) {
      return Double.NaN;
    }
    return new TTest().pairedTTest(a, b);
  }

  /** {@code a - b}, pair by pair. */
  public static double[] differences(double[] a, double[] b) {
    checkArgument(
        a.length == b.length,
        "statistics: pairs must be complete, got %s and %s",
        a.length,
        b.length);
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }

  /**
   * P-values so that, of a family of tests, any false alarm is as rare as of one (Holm 1979). NaN
   * is no test.
   */
  public static double[] holm(double[] p) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < p.length; i++) {
      if (!Double.isNaN(p[i])) {
        order.add(i);
      }
    }
    order.sort(Comparator.comparingDouble(i -> p[i]));
    double[] adjusted = new double[p.length];
    Arrays.fill(adjusted, Double.NaN);
    double most = 0;
    for (int rank = 0; rank < order.size(); rank++) {
      most = Math.max(most, Math.min(1, (order.size() - rank) * p[order.get(rank)]));
      adjusted[order.get(rank)] = most;
    }
    return adjusted;
  }

  /**
   * The mean of the middle half: a quarter of the values, rounded down, is cut off at each end
   * (Agarwal et al. 2021, Deep RL at the Edge of the Statistical Precipice).
   */
  public static double interquartileMean(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int cut = sorted.length / 4;
    return StatUtils.mean(sorted, cut, sorted.length - 2 * cut);
  }

  /**
   * The percentile interval of a number made from the runs of several tasks, runs being drawn anew
   * within each task (Agarwal et al. 2021).
   *
   * @param runs per task
   */
  public static Interval stratified(
      List<double[]> runs, ToDoubleFunction<double[]> statistic, double level, long seed) {
    if (runs.stream().anyMatch(task -> task.length < 2)) {
      return Interval.NONE;
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] drawn = new double[DRAWN];
    for (int i = 0; i < DRAWN; i++) {
      drawn[i] =
          statistic.applyAsDouble(
              runs.stream()
                  .flatMapToDouble(
                      task ->
                          IntStream.range(0, task.length)
                              .mapToDouble(k -> task[random.nextInt(task.length)]))
                  .toArray());
    }
    Arrays.sort(drawn);
    return new Interval(quantile(drawn, (1 - level) / 2), quantile(drawn, (1 + level) / 2));
  }

  /** How often a run of one is above a run of the other; equal ones count half. */
  public static double improvement(double[] a, double[] b) {
    double wins = 0;
    for (double x : a) {
      for (double y : b) {
        wins += x > y ? 1 : x == y ? .5 : 0;
      }
    }
    return wins / (a.length * b.length);
  }

  /** The values that are there: those that aren't NaN. */
  static double[] present(double[] values) {
    return Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
  }

  /**
   * Performance profiles (Agarwal et al. 2021): of the runs of all tasks, the share that is better
   * than each of some levels. NaN, a run that failed, is better than none.
   *
   * @param runs per task
   * @param levels ascending
   * @param below whether less is better
   * @param level of confidence of the pointwise intervals, runs drawn anew within tasks
   */
  public static List<Share> profile(
      List<double[]> runs, double[] levels, boolean below, double level, long seed) {
    double[] shares = shares(runs, levels, below, null);
    boolean some = runs.stream().allMatch(task -> task.length >= 2);
    SplittableRandom random = new SplittableRandom(seed);
    double[][] drawn = new double[levels.length][PROFILES];
    for (int i = 0; some && i < PROFILES; i++) {
      double[] again = shares(runs, levels, below, random);
      for (int k = 0; k < levels.length; k++) {
        drawn[k][i] = again[k];
      }
    }
    List<Share> profile = new ArrayList<>();
    for (int k = 0; k < levels.length; k++) {
      Arrays.sort(drawn[k]);
      Interval interval =
          some
              ? new Interval(
                  quantile(drawn[k], (1 - level) / 2), quantile(drawn[k], (1 + level) / 2))
              : Interval.NONE;
      profile.add(new Share(levels[k], shares[k], interval));
    }
    return profile;
  }

  /** Of the runs as they are, or drawn anew where there is something to draw with. */
  private static double[] shares(
      List<double[]> runs, double[] levels, boolean below, SplittableRandom random) {
    double[] shares = new double[levels.length];
    int all = runs.stream().mapToInt(task -> task.length).sum();
    for (double[] task : runs) {
      for (int i = 0; i < task.length; i++) {
        double value = task[random == null ? i : random.nextInt(task.length)];
        for (int k = 0; k < levels.length; k++) {
          shares[k] += (below ? value < levels[k] : value > levels[k]) ? 1.0 / all : 0;
        }
      }
    }
    return shares;
  }

  /**
   * A point of a performance profile.
   *
   * @param tau the level
   * @param share of runs that are better
   * @param interval of it
   */
  public record Share(double tau, double share, @JsonUnwrapped Interval interval) {}
}
