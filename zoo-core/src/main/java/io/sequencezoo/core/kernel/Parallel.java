package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * The one thread pool. Work is cut into tasks by its shape, never by the number of threads, and no
 * task reads what another writes, so that results don't depend on how many threads there are.
 *
 * <p>The size is the number of processors unless the system property {@code zoo.threads} or {@link
 * #setThreads} says otherwise.
 */
public final class Parallel {
  /** How long a caller watches for the last tasks before it sleeps; waking up costs as much. */
  private static final long SPIN_NANOS = 20_000;

  private static volatile int threads =
      Math.max(1, Integer.getInteger("zoo.threads", Runtime.getRuntime().availableProcessors()));
  private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final ThreadPoolExecutor POOL =
      new ThreadPoolExecutor(
          helpers(threads),
          Integer.MAX_VALUE,
          1,
          TimeUnit.MINUTES,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "zoo-" + COUNT.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  private Parallel() {}

  /** The number of threads that share a parallel region. */
  public static int threads() {
    return threads;
  }

  /** Sets the number of threads, at least 1. */
  public static void setThreads(int n) {
    checkArgument(n >= 1, "threads: must be at least 1, got %s", n);
    threads = n;
    POOL.setCorePoolSize(helpers(n));
  }

  /** Threads beside the caller's; the pool of one thread is never asked. */
  private static int helpers(int n) {
    return Math.max(1, n - 1);
  }

  /**
   * Runs tasks 0 to n-1, on this thread and others; returns when all are done. A call from inside a
   * task runs on its own thread alone. The first exception of a task is thrown again here.
   */
  public static void run(int n, IntConsumer task) {
    int helpers = Math.min(threads, n) - 1;
    if (helpers <= 0 || INSIDE.get()) {
      for (int i = 0; i < n; i++) {
        task.accept(i);
      }
      return;
    }
    Region region = new Region(n, task);
    for (int h = 0; h < helpers; h++) {
      POOL.execute(region);
    }
    region.run();
    region.await();
  }

  /**
   * The tasks of one call. It is over when every task is, not when every helper has come: one that
   * wakes up late finds nothing left to do, and nobody has waited for it.
   */
  private static final class Region implements Runnable {
    private final int n;
    private final IntConsumer task;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final CountDownLatch done = new CountDownLatch(1);

    Region(int n, IntConsumer task) {
      this.n = n;
      this.task = task;
    }

    @Override
    public void run() {
      INSIDE.set(true);
      try {
        for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
          one(i);
        }
      } finally {
        INSIDE.set(false);
      }
    }

    /** Runs task i, or skips it after a failure. */
    private void one(int i) {
      try {
        if (failure.get() == null) {
          task.accept(i);
        }
      } catch (RuntimeException | Error e) {
        failure.compareAndSet(null, e);
      } finally {
        if (finished.incrementAndGet() == n) {
          done.countDown();
        }
      }
    }

    void await() {
      long deadline = System.nanoTime() + SPIN_NANOS;
      while (finished.get() < n && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      boolean interrupted = false;
      while (finished.get() < n) {
        try {
          done.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      Throwable thrown = failure.get();
      if (thrown instanceof RuntimeException) {
        throw (RuntimeException) thrown;
      }
      if (thrown instanceof Error) {
        throw (Error) thrown;
      }
    }
  }

  /**
   * Runs the body over consecutive ranges {@code [from, to)} of at most {@code grain} of n items.
   */
  public static void ranges(long n, int grain, RangeConsumer body) {
    int tasks = (int) ((n + grain - 1) / grain);
    run(
        tasks,
        task -> {
          long from = (long) task * grain;
          body.accept(from, Math.min(n, from + grain));
        });
  }

  /** A body over a range. */
  @FunctionalInterface
  public interface RangeConsumer {
    /** Handles items {@code from} to {@code to - 1}. */
    void accept(long from, long to);
  }
}
