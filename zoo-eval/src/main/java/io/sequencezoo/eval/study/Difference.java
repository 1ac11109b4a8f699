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
 * @param bySeed the metric's difference for every seed
 * @param mean of these
 * @param interval of the mean over seeds, at 95 per cent
 * @param p of a paired t-test
 * @param corrected the same by Holm over the differences of this task
 * @param improvement how often a run with it is better than one without, over all pairs of seeds
 */
public record Difference(
    String name,
    double[] bySeed,
    double mean,
    @JsonUnwrapped Interval interval,
    double p,
    double corrected,
    double improvement) {
  private static final double LEVEL = 0.95;

  /** Runs with and without something, one of each per seed. */
  record Pair(String name, double[] with, double[] without) {}

  /** The differences of a family of pairs. */
  static List<Difference> of(List<Pair> pairs, boolean lowerIsBetter, long seed) {
    double[] p =
        pairs.stream().mapToDouble(x -> Statistics.pairedTest(x.with, x.without)).toArray();
    double[] corrected = Statistics.holm(p);
    return IntStream.range(0, pairs.size())
        .mapToObj(
            i -> {
              Pair pair = pairs.get(i);
              double[] bySeed = Statistics.differences(pair.with, pair.without);
              double better = Statistics.improvement(pair.with, pair.without);
              return new Difference(
                  pair.name,
                  bySeed,
                  StatUtils.mean(bySeed),
                  Statistics.bca(bySeed, LEVEL, seed),
                  p[i],
                  corrected[i],
                  lowerIsBetter ? 1 - better : better);
            })
        .toList();
  }
}
