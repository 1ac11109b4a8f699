package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.kernel.Parallel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** What a parallel region of 32 equal tasks costs and gains, by the work of a task. */
public class RegionBenchmark extends JmhBenchmark {
  private static final int TASKS = 32;

  /** Threads of the pool. */
  @Param({"1", "2"})
  private int threads;

  /** Multiply-adds of a task; none leaves what the region itself costs. */
  @Param({"0", "1000", "16384"})
  private int work;

  private final float[] results = new float[TASKS];

  /** Sizes the pool and checks that every task runs. */
  @Setup
  public void prepare() {
    Parallel.setThreads(threads);
    region();
    for (int task = 0; task < TASKS; task++) {
      checkState(results[task] == value(task), "region: task %s must have run, got none", task);
    }
  }

  /** One region. */
  @Benchmark
  public float[] region() {
    Parallel.run(TASKS, task -> results[task] = value(task));
    return results;
  }

  private float value(int task) {
    float value = task + 1;
    for (int i = 0; i < work; i++) {
      value = value * 0.999f + 1;
    }
    return value;
  }
}
