package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
  private static volatile int threads =
      Integer.getInteger("zoo.threads", Runtime.getRuntime().availableProcessors());
  private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final ExecutorService POOL =
      Executors.newCachedThreadPool(
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
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(helpers);
    Runnable worker =
        () -> {
          INSIDE.set(true);
          try {
            for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
              task.accept(i);
            }
          } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
            next.set(n);
          } finally {
            INSIDE.set(false);
          }
        };
    for (int h = 0; h < helpers; h++) {
      POOL.execute(
          () -> {
            try {
              worker.run();
            } finally {
              done.countDown();
            }
          });
    }
    worker.run();
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
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
