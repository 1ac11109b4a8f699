package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkNotNull;

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

  private Total total(IcllMetric metric) {
    // Every metric has one.
    return checkNotNull(totals.get(metric));
  }

  void add(IcllMetric metric, double value) {
    Total total = total(metric);
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
    return total(metric).sum;
  }

  long count(IcllMetric metric) {
    return total(metric).count;
  }

  double mean(IcllMetric metric) {
    return sum(metric) / count(metric);
  }

  private static final class Total {
    private double sum;
    private long count;
  }
}
