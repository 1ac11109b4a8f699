package io.sequencezoo.eval.study;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.sequencezoo.eval.study.Statistics.Interval;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * What a change is worth on a task, from runs in pairs: the same seed, hence the same data in the
 * same order, and the same first numbers where shapes agree.
 *
 * @param name the variant that is compared with the first, or in a factorial design the change
 * @param pairs how many there are; fewer than seeds where runs failed
 * @param bySeed the metric's difference for every seed; NaN where a run failed
 * @param mean of these
 * @param interval of the mean over seeds, at 95 per cent
 * @param p of a paired t-test
 * @param corrected the same by Holm over the differences of this task
 * @param improvement how often a run with it is better than one without, over all pairs of seeds
 */
public record Difference(
    String name,
    int pairs,
    double[] bySeed,
    double mean,
    @JsonUnwrapped Interval interval,
    double p,
    double corrected,
    double improvement) {
  private static final double LEVEL = 0.95;

  /** Runs with and without something, one of each per seed; NaN where one failed. */
  public record Pair(String name, double[] with, double[] without) {
    /** The pairs of which both are there. */
    Pair complete() {
      int[] seeds =
          IntStream.range(0, with.length)
              .filter(i -> !Double.isNaN(with[i]) && !Double.isNaN(without[i]))
              .toArray();
      return new Pair(
          name,
          IntStream.of(seeds).mapToDouble(i -> with[i]).toArray(),
          IntStream.of(seeds).mapToDouble(i -> without[i]).toArray());
    }
  }

  /** The differences of a family of pairs. */
  public static List<Difference> of(List<Pair> pairs, boolean lowerIsBetter, long seed) {
    List<Pair> complete = pairs.stream().map(Pair::complete).toList();
    double[] p =
        complete.stream().mapToDouble(x -> Statistics.pairedTest(x.with, x.without)).toArray();
    double[] corrected = Statistics.holm(p);
    return IntStream.range(0, pairs.size())
        .mapToObj(
            i -> {
              Pair all = pairs.get(i);
              Pair there = complete.get(i);
              double[] differences = Statistics.differences(there.with, there.without);
              double better =
                  Statistics.improvement(
                      Statistics.present(all.with), Statistics.present(all.without));
              return new Difference(
                  all.name,
                  there.with.length,
                  Statistics.differences(all.with, all.without),
                  StatUtils.mean(differences),
                  Statistics.bca(differences, LEVEL, seed),
                  p[i],
                  corrected[i],
                  lowerIsBetter ? 1 - better : better);
            })
        .toList();
  }
}
