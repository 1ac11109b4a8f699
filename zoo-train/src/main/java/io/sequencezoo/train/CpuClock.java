package io.sequencezoo.train;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** A stopwatch for the wall and for the processors: how long, and how much work of all threads. */
public final class CpuClock {
  private static final double NANOS = 1e9;
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final long began = System.nanoTime();
  private final long spent = SYSTEM.getProcessCpuTime();

  private CpuClock() {}

  /** Starts one. */
  public static CpuClock start() {
    return new CpuClock();
  }

  /** Since the start. */
  public Span span() {
    return new Span(
        (System.nanoTime() - began) / NANOS, (SYSTEM.getProcessCpuTime() - spent) / NANOS);
  }

  /**
   * A stretch of time.
   *
   * @param seconds on the wall
   * @param cpuSeconds of all threads of this process together
   */
  public record Span(double seconds, double cpuSeconds) {}
}
