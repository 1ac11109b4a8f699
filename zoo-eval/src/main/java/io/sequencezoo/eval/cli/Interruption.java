package io.sequencezoo.eval.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets work that the user interrupts (Ctrl-C, or a request to terminate) come to an orderly end
 * before the process does. The process then ends with the signal's exit code, 130 for Ctrl-C.
 *
 * <pre>{@code
 * try (Interruption interruption = new Interruption(trainer::requestStop, this::explain)) {
 *   trainer.run();
 * }
 * }</pre>
 */
final class Interruption implements AutoCloseable {
  /** 128 plus the number of SIGINT, as shells have it. */
  static final int EXIT_CODE = 130;

  // Longer than an update or a validation takes, shorter than patience.
  private static final long GRACE_SECONDS = 60;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  /**
   * Watches until it is closed.
   *
   * @param stop asks the work to stop
   * @param explain tells the user, once the work has stopped or its time is up
   */
  Interruption(Runnable stop, Runnable explain) {
    this.hook = new Thread(() -> interrupted(stop, explain), "zoo-interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void interrupted(Runnable stop, Runnable explain) {
    stop.run();
    try {
      // When the grace period is over the process ends all the same: the last checkpoint stands.
      ended.await(GRACE_SECONDS, TimeUnit.SECONDS);
      explain.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends this process when the time for an orderly end is up; never returns. */
  static void haltAfterGrace() {
    try {
      TimeUnit.SECONDS.sleep(GRACE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(EXIT_CODE);
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending, because of the interruption: the hook runs already.
    }
  }
}
