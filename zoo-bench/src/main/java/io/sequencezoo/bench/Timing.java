package io.sequencezoo.bench;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/** How the comparisons take times: one run at a time, with rests between, judged by medians. */
final class Timing {
  /**
   * Longer than any thread pool here spins while it waits for more work: Intel's OpenMP, which
   * DJL's engine comes with, does so for 200 ms, and whoever runs next has a processor less.
   */
  private static final long PAUSE_NANOS = 250_000_000;

  /** C2 takes seconds for loops over vectors; rounds alone would time the interpreter with it. */
  private static final double COMPILE_SECONDS = 8;

  /** How many passes follow each other in a burst, besides the first, which isn't counted. */
  private static final int BURST = 3;

  private Timing() {}

  /** Seconds of one run, taken by whoever runs it. */
  @FunctionalInterface
  interface Clock {
    double seconds() throws IOException;
  }

  /** Runs an action until HotSpot has had the time to compile it. */
  static void compile(Runnable action) {
    repeat(action, COMPILE_SECONDS);
  }

  /** Runs an action for some seconds, such as one most of whose loops are compiled already. */
  static void repeat(Runnable action, double time) {
    for (double spent = 0; spent < time; ) {
      spent += seconds(action);
    }
  }

  /** Lets threads that spin while they wait for more work go to sleep. */
  static void pause() {
    LockSupport.parkNanos(PAUSE_NANOS);
  }

  static double seconds(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return (System.nanoTime() - start) * 1e-9;
  }

  /**
   * Seconds of a pass among others like it, as in training: after a rest the first pass finds cold
   * caches and slow processors, and isn't counted; the median of those that follow is.
   */
  static double burst(Clock clock) throws IOException {
    clock.seconds();
    double[] seconds = new double[BURST];
    for (int i = 0; i < BURST; i++) {
      seconds[i] = clock.seconds();
    }
    return median(seconds);
  }

  /** Seconds of every round of every pass, the passes of a round one after the other. */
  static double[][] rounds(int rounds, List<Runnable> passes) {
    double[][] seconds = new double[passes.size()][rounds];
    for (int round = -1; round < rounds; round++) {
      for (int i = 0; i < seconds.length; i++) {
        pause();
        passes.get(i).run();
        double taken = seconds(passes.get(i));
        if (round >= 0) {
          seconds[i][round] = taken;
        }
      }
    }
    return seconds;
  }

  static double median(double... values) {
    return new Percentile().evaluate(values, 50);
  }

  /** The median of {@code over_i / under_i}, runs of the same round being neighbours in time. */
  static double medianRatio(double[] over, double[] under) {
    double[] ratios = new double[over.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = over[i] / under[i];
    }
    return median(ratios);
  }
}
