package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread pool. Work is cut into tasks by its shape, never by the number of threads, and no
 * task reads what another writes, so that results don't depend on how many threads there are.
 *
 * <p>The size is the number of processors unless the system property {@code zoo.threads} or {@link
 * #setThreads} says otherwise.
 */
public final class Parallel {
  /**
   * How long a thread watches for work or for the last tasks before it sleeps. Waking it costs tens
   * of microseconds, more on a virtual machine, and the regions of a training step follow each
   * other within less than this.
   */
  private static final long SPIN_NANOS = 200_000;

  private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
  private static volatile int threads =
      Math.max(1, Integer.getInteger("zoo.threads", Runtime.getRuntime().availableProcessors()));
  private static volatile Worker[] workers = {};

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
   * Why one thread works alone on a machine with more processors, and what to do about it; empty
   * where it doesn't.
   */
  static Optional<String> remedy(int threads, int seenByJava, int present) {
    if (threads > 1 || present <= 1) {
      return Optional.empty();
    }
    return Optional.of(
        "one thread on "
            + present
            + " processors; "
            + (seenByJava > 1
                ? "raise the system property zoo.threads"
                : "raise the container's limit of processors or start Java with"
                    + " -XX:ActiveProcessorCount="
                    + present));
  }

  /**
   * At least n helping threads, started on first need; daemons that sleep when there is no work.
   */
  private static Worker[] workers(int n) {
    Worker[] present = workers;
    return present.length >= n ? present : addWorkers(n);
  }

  private static synchronized Worker[] addWorkers(int n) {
    Worker[] present = workers;
    if (present.length < n) {
      Worker[] more = Arrays.copyOf(present, n);
      for (int i = present.length; i < n; i++) {
        more[i] = new Worker(i + 1);
        more[i].start();
      }
      workers = more;
    }
    return workers;
  }

  /**
   * Runs tasks 0 to n-1, on this thread and others; returns when all are done. A call from inside a
   * task runs on its own thread alone. The first exception of a task is thrown again here.
   */
  public static void run(int n, IntConsumer task) {
    if (Replay.isRecording()) {
      Replay.run(repeated(n, task));
    } else {
      share(n, task);
    }
  }

  /**
   * What runs tasks 0 to n-1 as {@link #run(int, IntConsumer)} does, again and again and by one
   * caller at a time, without making anything for it.
   */
  public static Runnable repeated(int n, IntConsumer task) {
    Region region = new Region(n, task);
    return () -> {
      int helpers = Math.min(threads, n) - 1;
      if (helpers <= 0 || INSIDE.get()) {
        alone(n, task);
      } else {
        region.reset();
        share(region, helpers);
      }
    };
  }

  private static void share(int n, IntConsumer task) {
    int helpers = Math.min(threads, n) - 1;
    if (helpers <= 0 || INSIDE.get()) {
      alone(n, task);
    } else {
      share(new Region(n, task), helpers);
    }
  }

  private static void share(Region region, int helpers) {
    Worker[] helping = workers(helpers);
    for (int h = 0; h < helpers; h++) {
      helping[h].offer(region);
    }
    region.run();
    region.await();
  }

  /** As {@link #run(int, IntConsumer)}, or on this thread alone if it isn't worth sharing. */
  public static void run(boolean shared, int n, IntConsumer task) {
    if (shared) {
      run(n, task);
    } else if (Replay.isRecording()) {
      Replay.run(() -> alone(n, task));
    } else {
      alone(n, task);
    }
  }

  private static void alone(int n, IntConsumer task) {
    for (int i = 0; i < n; i++) {
      task.accept(i);
    }
  }

  /** A helping thread: takes one region at a time, watches a while for the next, then sleeps. */
  private static final class Worker extends Thread {
    private final AtomicReference<Region> slot = new AtomicReference<>();
    private volatile boolean asleep;

    Worker(int number) {
      super("zoo-" + number);
      setDaemon(true);
    }

    /** Asks for help; one region waits at most, and one that comes too late finds nothing to do. */
    void offer(Region region) {
      if (slot.compareAndSet(null, region) && asleep) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      while (true) {
        Region region = slot.getAndSet(null);
        if (region != null) {
          region.run();
        } else {
          await();
        }
      }
    }

    private void await() {
      long deadline = System.nanoTime() + SPIN_NANOS;
      while (slot.get() == null) {
        if (System.nanoTime() < deadline) {
          Thread.onSpinWait();
        } else {
          asleep = true;
          // Looked at again after asleep is visible: an offer before it would not have woken us.
          if (slot.get() == null) {
            LockSupport.park(this);
          }
          asleep = false;
        }
      }
    }
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

    /** Who sleeps until all tasks are done, or null. */
    private volatile @Nullable Thread waiting;

    Region(int n, IntConsumer task) {
      this.n = n;
      this.task = task;
    }

    /**
     * Makes it another call's, once it is over. Who comes late from the call before finds nothing
     * until the last line, and one of the same tasks after it.
     */
    void reset() {
      failure.set(null);
      finished.set(0);
      next.set(0);
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
          LockSupport.unpark(waiting);
        }
      }
    }

    void await() {
      long deadline = System.nanoTime() + SPIN_NANOS;
      while (finished.get() < n && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      boolean interrupted = false;
      waiting = Thread.currentThread();
      while (finished.get() < n) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      waiting = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      Throwable thrown = failure.get();
      if (thrown instanceof RuntimeException exception) {
        throw exception;
      }
      if (thrown instanceof Error error) {
        throw error;
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

  /**
   * Runs pieces 0 to {@code pieces - 1} of phase 0, then those of phase 1, and so on: no piece of a
   * phase starts before every piece of the phase before has ended. A thread takes the same pieces
   * again where it can, so that what they read stays in its cache. Threads meet without sleeping:
   * meant for phases of a few microseconds, such as the steps of a recurrence.
   *
   * <p>A thread that comes late, or not at all, holds nobody up: the others take its pieces. Where
   * there turn out to be fewer processors than threads, one thread goes on alone.
   */
  public static void phases(int phases, int pieces, PhaseBody body) {
    if (pieces == 1 && !Replay.isRecording()) {
      for (int phase = 0; phase < phases; phase++) {
        body.accept(phase, 0);
      }
      return;
    }
    // One that has run is over: what is computed again needs another.
    Replay.run(
        () -> {
          Phases run = new Phases(phases, pieces, body);
          share(Math.min(threads, pieces), run::member);
        });
  }

  /** A body over the pieces of a phase. */
  @FunctionalInterface
  public interface PhaseBody {
    /** Handles one piece of one phase. */
    void accept(int phase, int piece);
  }

  /** The state of one call of {@link #phases}. */
  private static final class Phases {
    /** Claims lie a cache line apart. */
    private static final int APART = 16;

    /** Spins between two looks at the clock. */
    private static final int SPINS = 64;

    /**
     * Who waits longer than this for a phase waits for a thread without a processor. Phases are
     * shorter by an order of magnitude, so that meeting again after each of them would cost more
     * than it gains until there are processors for all.
     */
    private static final long LATE_NANOS = 500_000;

    private static final int NOBODY = -1;

    private final int phases;
    private final int pieces;
    private final PhaseBody body;

    /** How many phases each piece has been claimed for. */
    private final AtomicIntegerArray claims;

    /** Pieces done, of all phases; 64 bits, since long sequences have many. */
    private final AtomicLong done = new AtomicLong();

    /** The member that goes on alone, after another kept it waiting. */
    private final AtomicInteger alone = new AtomicInteger(NOBODY);

    private volatile boolean failed;

    Phases(int phases, int pieces, PhaseBody body) {
      this.phases = phases;
      this.pieces = pieces;
      this.body = body;
      this.claims = new AtomicIntegerArray(pieces * APART);
    }

    void member(int member) {
      int phase = (int) (done.get() / pieces);
      while (phase < phases && !failed && !isDismissed(member)) {
        for (int i = 0; i < pieces; i++) {
          int piece = (member + i) % pieces;
          if (claims.get(piece * APART) == phase
              && claims.compareAndSet(piece * APART, phase, phase + 1)) {
            one(phase, piece);
          }
        }
        await(member, (phase + 1L) * pieces);
        phase++;
      }
    }

    private boolean isDismissed(int member) {
      int who = alone.get();
      return who != NOBODY && who != member;
    }

    private void one(int phase, int piece) {
      try {
        body.accept(phase, piece);
      } catch (RuntimeException | Error e) {
        failed = true;
        throw e;
      }
      done.incrementAndGet();
    }

    // Whoever is late may need this processor; nothing depends on when it is given back.
    @SuppressWarnings("ThreadPriorityCheck")
    private void await(int member, long target) {
      long deadline = 0;
      for (int spins = 0; done.get() < target && !failed; spins++) {
        if (isDismissed(member)) {
          return;
        }
        if (spins % SPINS != SPINS - 1) {
          Thread.onSpinWait();
        } else if (deadline == 0) {
          deadline = System.nanoTime() + LATE_NANOS;
        } else if (System.nanoTime() > deadline) {
          alone.compareAndSet(NOBODY, member);
          Thread.yield();
        }
      }
    }
  }

  /** A body over a range. */
  @FunctionalInterface
  public interface RangeConsumer {
    /** Handles items {@code from} to {@code to - 1}. */
    void accept(long from, long to);
  }
}
