package io.sequencezoo.eval.icll;

import java.util.EnumMap;
import java.util.Map;

/** Sums and counts of every metric. */
final class Tally {
  private final Map<IcllMetric, Total> totals = new EnumMap<>(IcllMetric.class);

  Tally() {
    for (IcllMetric metric : IcllMetric.values()) {
      totals.put(metric, new Total());
    }
  }

  void add(IcllMetric metric, double value) {
    Total total = totals.get(metric);
    total.sum += value;
    total.count++;
  }

  void add(Tally other) {
    totals.forEach(
        (metric, total) -> {
          total.sum += other.sum(metric);
          total.count += other.count(metric);
        });
  }

  double sum(IcllMetric metric) {
    return totals.get(metric).sum;
  }

  long count(IcllMetric metric) {
    return totals.get(metric).count;
  }

  double mean(IcllMetric metric) {
    return sum(metric) / count(metric);
  }

  private static final class Total {
    private double sum;
    private long count;
  }
}
