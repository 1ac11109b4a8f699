package io.sequencezoo.bench;

import java.util.Map;

/**
 * Seconds of every counted round of a workload in a library, by setting.
 *
 * @param seconds NaN where the library has no such workload; no settings where it didn't start
 */
record PeerRuns(Map<Library.Settings, double[]> seconds) {
  /** Whether there is anything to compare with. */
  boolean present() {
    return !seconds.isEmpty() && !Double.isNaN(median());
  }

  /** The setting whose median is least. */
  Library.Settings best() {
    Library.Settings best = null;
    for (Map.Entry<Library.Settings, double[]> runs : seconds.entrySet()) {
      boolean better =
          best == null || Timing.median(runs.getValue()) < Timing.median(seconds.get(best));
      best = better ? runs.getKey() : best;
    }
    return best;
  }

  /** The median of the best setting. */
  double median() {
    return Timing.median(seconds.get(best()));
  }

  /** The median of the ratios of the rounds, ours over theirs at its best setting. */
  double ratio(double[] ours) {
    return Timing.medianRatio(ours, seconds.get(best()));
  }
}
