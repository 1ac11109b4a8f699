package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pool: every task once, exceptions, nesting. */
class ParallelTest {
  /** Enough for threads to meet in every order. */
  private static final int REPETITIONS = 1_000;

  private final int before = Parallel.threads();

  @AfterEach
  void restore() {
    Parallel.setThreads(before);
  }

  @Test
  void run_doesEveryTaskOnceWhateverTheThreads() {
    for (int threads = 1; threads <= 4; threads++) {
      Parallel.setThreads(threads);
      for (int n : new int[] {0, 1, 2, 3, 100}) {
        AtomicIntegerArray times = new AtomicIntegerArray(n);
        Parallel.run(n, times::incrementAndGet);
        for (int i = 0; i < n; i++) {
          assertThat(times.get(i)).isEqualTo(1);
        }
      }
    }
  }

  /**
   * Who comes late to one run may help with the next, and must neither lose a task nor repeat it.
   */
  @Test
  void repeated_doesEveryTaskOnceInEveryRun() {
    for (int threads = 1; threads <= 4; threads++) {
      Parallel.setThreads(threads);
      for (int n : new int[] {1, 2, 3, 5}) {
        AtomicIntegerArray times = new AtomicIntegerArray(n);
        Runnable tasks = Parallel.repeated(n, times::incrementAndGet);
        for (int run = 1; run <= REPETITIONS; run++) {
          tasks.run();
          for (int i = 0; i < n; i++) {
            assertThat(times.get(i)).isEqualTo(run);
          }
        }
      }
    }
  }

  @Test
  void repeated_goesOnAfterATaskThatThrew() {
    Parallel.setThreads(2);
    AtomicInteger run = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    Runnable tasks =
        Parallel.repeated(
            4,
            i -> {
              if (i == 1 && run.get() == 0) {
                throw new IllegalStateException("task 1");
              }
              done.incrementAndGet();
            });
    assertThatThrownBy(tasks::run).isInstanceOf(IllegalStateException.class).hasMessage("task 1");
    run.set(1);
    done.set(0);
    tasks.run();
    assertThat(done.get()).isEqualTo(4);
  }

  /** Every piece reads what all pieces of the phase before wrote. */
  @Test
  void phases_runEveryPieceOnceAfterTheLastPhase() {
    for (int threads = 1; threads <= 4; threads++) {
      Parallel.setThreads(threads);
      for (int pieces : new int[] {1, 2, 3, 5}) {
        long[][] sums = new long[301][pieces];
        Arrays.fill(sums[0], 1);
        Parallel.phases(
            300,
            pieces,
            (phase, piece) -> {
              for (long sum : sums[phase]) {
                sums[phase + 1][piece] += sum % 1_000_003;
              }
            });
        long expected = 1;
        for (int phase = 0; phase < 300; phase++) {
          expected = pieces * (expected % 1_000_003);
        }
        assertThat(sums[300]).containsOnly(expected);
      }
    }
  }

  @Test
  void phases_goOnWhereAThreadKeepsOthersWaiting() {
    Parallel.setThreads(2);
    AtomicIntegerArray times = new AtomicIntegerArray(2 * 50);
    Parallel.phases(
        50,
        2,
        (phase, piece) -> {
          if (phase == 3 && piece == 1) {
            LockSupport.parkNanos(20_000_000);
          }
          times.incrementAndGet(2 * phase + piece);
        });
    for (int i = 0; i < times.length(); i++) {
      assertThat(times.get(i)).isEqualTo(1);
    }
  }

  @Test
  void phases_throwWhatAPieceThrows() {
    for (int threads = 1; threads <= 3; threads++) {
      Parallel.setThreads(threads);
      assertThatThrownBy(
              () ->
                  Parallel.phases(
                      20,
                      3,
                      (phase, piece) -> {
                        if (phase == 7 && piece == 2) {
                          throw new IllegalStateException("phase 7");
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("phase 7");
    }
  }

  @Test
  void run_throwsWhatATaskThrows() {
    for (int threads = 1; threads <= 3; threads++) {
      Parallel.setThreads(threads);
      assertThatThrownBy(
              () ->
                  Parallel.run(
                      50,
                      i -> {
                        if (i == 17) {
                          throw new IllegalStateException("task 17");
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("task 17");
    }
    AtomicInteger after = new AtomicInteger();
    Parallel.run(50, i -> after.incrementAndGet());
    assertThat(after).hasValue(50);
  }

  @Test
  void run_insideATaskStaysOnItsThread() {
    Parallel.setThreads(3);
    Parallel.run(
        6,
        outer -> {
          Set<Thread> seen = ConcurrentHashMap.newKeySet();
          Parallel.run(20, inner -> seen.add(Thread.currentThread()));
          assertThat(seen).containsExactly(Thread.currentThread());
        });
  }

  @Test
  void run_byManyCallersAtOnce() throws InterruptedException {
    Parallel.setThreads(2);
    AtomicInteger total = new AtomicInteger();
    Thread[] callers = new Thread[4];
    for (int c = 0; c < callers.length; c++) {
      callers[c] =
          new Thread(
              () -> {
                for (int round = 0; round < 50; round++) {
                  Parallel.run(10, i -> total.incrementAndGet());
                }
              });
      callers[c].start();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(total).hasValue(2000);
  }

  @Test
  void ranges_coverEveryItemOnce() {
    AtomicIntegerArray times = new AtomicIntegerArray(1001);
    Parallel.ranges(
        1001,
        64,
        (from, to) -> {
          for (long i = from; i < to; i++) {
            times.incrementAndGet((int) i);
          }
        });
    for (int i = 0; i < 1001; i++) {
      assertThat(times.get(i)).isEqualTo(1);
    }
  }

  @Test
  void setThreads_refusesZero() {
    assertThatThrownBy(() -> Parallel.setThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads: must be at least 1, got 0");
  }
}
