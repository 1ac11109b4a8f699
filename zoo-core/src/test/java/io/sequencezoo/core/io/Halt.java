package io.sequencezoo.core.io;

import java.util.concurrent.atomic.AtomicInteger;

/** Ends this process, as a power cut does, where it would force or rename a file. */
public final class Halt {
  /** The exit code of a process that was halted. */
  public static final int EXIT_CODE = 86;

  private static final AtomicInteger STEPS = new AtomicInteger();

  private Halt() {}

  /** Halts before step number {@code index}, from 0; never for -1. */
  public static void before(int index) {
    STEPS.set(0);
    AtomicFiles.BEFORE_STEP.set(
        () -> {
          if (STEPS.getAndIncrement() == index) {
            Runtime.getRuntime().halt(EXIT_CODE);
          }
        });
  }

  /** The steps since then. */
  public static int steps() {
    return STEPS.get();
  }
}
