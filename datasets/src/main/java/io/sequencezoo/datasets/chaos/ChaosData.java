package io.sequencezoo.datasets.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import io.sequencezoo.datasets.icll.Split;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Series of a chaotic system: one for each split, from a start of its own, behind the transient. A
 * series depends on the system, the seed and the split alone; a shorter one is the beginning of a
 * longer one. Different starts have left each other long before the transient ends.
 *
 * @param system what is followed
 * @param seed of the starts
 */
public record ChaosData(ChaoticSystem system, long seed) {
  /** Grows with every change of what is integrated. */
  public static final int GENERATOR_VERSION = 1;

  /** Numbers of a series, which is held in memory. */
  private static final long MOST = 1L << 27;

  /** A state of the system on its attractor, where the series of a split starts. */
  public double[] start(Split split) {
    Flow flow = system.flow();
    double[] state =
        flow.start(
            new SplittableRandom(
                Hashing.murmur3_128()
                    .newHasher()
                    .putInt(GENERATOR_VERSION)
                    .putString(system.label(), StandardCharsets.UTF_8)
                    .putLong(seed)
                    .putString(split.label(), StandardCharsets.UTF_8)
                    .hash()
                    .asLong()));
    for (int t = 0; t < system.transientSteps(); t++) {
      flow.step(state);
    }
    return state;
  }

  /**
   * The first samples of a split, {@code [steps][F]}.
   *
   * @throws IllegalArgumentException where the integration leaves the finite numbers
   */
  public double[][] series(Split split, int steps) {
    checkSize(steps);
    Flow flow = system.flow();
    double[] state = start(split);
    double[][] series = new double[steps][system.features()];
    for (int t = 0; t < steps; t++) {
      flow.observe(state, series[t]);
      checkArgument(
          Double.isFinite(series[t][0]),
          "%s: integration must stay finite, got %s at sample %s; shorten stepTime",
          system.label(),
          series[t][0],
          t);
      for (int i = 0; i < system.stride(); i++) {
        flow.step(state);
      }
    }
    return series;
  }

  /**
   * Checks that a series fits into memory.
   *
   * @throws IllegalArgumentException where it doesn't
   */
  public void checkSize(long steps) {
    checkArgument(
        steps >= 1 && steps <= MOST / system.features(),
        "%s: series must have from 1 to %s samples of %s numbers, got %s",
        system.label(),
        MOST / system.features(),
        system.features(),
        steps);
  }

  /** A hash of everything that determines the data. */
  public String hash() {
    return Hashing.sha256()
        .hashString("chaos " + GENERATOR_VERSION + " " + this, StandardCharsets.UTF_8)
        .toString();
  }
}
