package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.kernel.Parallel;
import java.util.Locale;

/**
 * A model of one sequence of a diagonal cell on p cores, from single-core measurements: work over
 * the cores that can share it, plus the span that nothing shares.
 *
 * <pre>{@code
 * sequential(p) = T s / min(p, N/128)                     cores share tiles of channels only
 * newton(p)     = min over C of
 *                 k [ T w / min(p, T/C) + (T/C) w' + R ρ(p) ]
 * ρ(p)          = ρ log2 p
 * }</pre>
 *
 * <p>s: seconds per token of the fused sequential solver; k: iterations and the initial guess; w:
 * seconds per token and iteration of Newton's method; C: steps of a chunk; w': composing the border
 * of a chunk, taken as one step of an iteration; R: parallel regions of an iteration; ρ: what
 * entering and leaving a region costs on two cores, assumed to grow as a tree of cores does. Memory
 * bandwidth is taken to grow with the cores: on a real machine it doesn't for ever.
 */
final class CoreModel {
  /** Channels of a task of the sequential solver. */
  private static final int TILE = 128;

  /** Chunks as maps of what flows into them, then their solutions. */
  private static final int REGIONS = 2;

  private static final int MOST_CORES = 1024;
  private static final int REGION_RUNS = 5_000;
  private static final int TASKS = 8;
  private static final long TASK_NANOS = 2_000;
  private static final double MILLIS = 1e3;

  private final int width;
  private final double stepSeconds;
  private final double iterationSeconds;
  private final int iterations;
  private final double regionSeconds;

  /**
   * A model.
   *
   * @param sequentialSeconds per token, on one core
   * @param newtonSeconds per token, all iterations, on one core
   */
  CoreModel(
      int width,
      double sequentialSeconds,
      double newtonSeconds,
      int iterations,
      double regionSeconds) {
    this.width = width;
    this.stepSeconds = sequentialSeconds;
    this.iterations = iterations + 1;
    this.iterationSeconds = newtonSeconds / this.iterations;
    this.regionSeconds = regionSeconds;
  }

  /**
   * What a parallel region costs beyond its work, on two threads: many tasks that wait long enough
   * for the other thread to take its share.
   */
  static double measureRegion() {
    return Math.max(0, seconds(true) - seconds(false) / 2);
  }

  private static double seconds(boolean shared) {
    Runnable regions =
        () -> {
          for (int i = 0; i < REGION_RUNS; i++) {
            if (shared) {
              Parallel.run(TASKS, task -> spin());
            } else {
              for (int task = 0; task < TASKS; task++) {
                spin();
              }
            }
          }
        };
    Timing.compile(regions);
    return Timing.seconds(regions) / REGION_RUNS;
  }

  private static void spin() {
    for (long end = System.nanoTime() + TASK_NANOS; System.nanoTime() < end; ) {
      Thread.onSpinWait();
    }
  }

  double sequential(int time, int cores) {
    return time * stepSeconds / Math.min(cores, Math.max(1, width / TILE));
  }

  double newton(int time, int cores) {
    double best = Double.POSITIVE_INFINITY;
    double regions = cores == 1 ? 0 : REGIONS * regionSeconds * Math.log(cores) / Math.log(2);
    for (int chunk = 1; chunk <= time; chunk *= 2) {
      double chunks = (double) time / chunk;
      double shared = time * iterationSeconds / Math.min(cores, chunks);
      double borders = cores == 1 ? 0 : chunks * iterationSeconds;
      best = Math.min(best, iterations * (shared + borders + regions));
    }
    return best;
  }

  /** The fewest cores with which Newton's method is ahead; 0 for none up to the most. */
  int crossing(int time) {
    for (int cores = 1; cores <= MOST_CORES; cores++) {
      if (newton(time, cores) < sequential(time, cores)) {
        return cores;
      }
    }
    return 0;
  }

  ResultTable table(String cell, int[] times) {
    ResultTable table =
        new ResultTable(
            "model_" + cell,
            String.format(
                Locale.ROOT,
                "Model of %s forward, B = 1, width %d: %.3f µs/token sequential, %d x %.3f µs/token"
                    + " Newton, %.1f µs per region",
                cell,
                width,
                stepSeconds * 1e6,
                iterations,
                iterationSeconds * 1e6,
                regionSeconds * 1e6),
            Column.TIME,
            new Column("cores", "cores", "%d"),
            new Column("sequentialMillis", "sequential ms", "%.3f"),
            new Column("newtonMillis", "Newton ms", "%.3f"),
            new Column("ratio", "Newton/sequential", "%.2f"),
            new Column("crossing", "Newton ahead from cores", "%d"));
    for (int time : times) {
      for (int cores = 1; cores <= MOST_CORES; cores *= 2) {
        double sequential = sequential(time, cores);
        double newton = newton(time, cores);
        table.add(
            time, cores, sequential * MILLIS, newton * MILLIS, newton / sequential, crossing(time));
      }
    }
    return table;
  }
}
