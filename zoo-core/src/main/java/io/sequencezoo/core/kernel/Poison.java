package io.sequencezoo.core.kernel;

/**
 * Fills every uninitialised array with NaN while it is on, so that a test sees whoever reads memory
 * before writing it.
 */
public final class Poison {
  private static volatile boolean on;

  private Poison() {}

  /** Whether arrays are poisoned. */
  public static boolean isOn() {
    return on;
  }

  /** Runs the action with poisoned memory. */
  public static void during(Runnable action) {
    boolean before = on;
    on = true;
    try {
      action.run();
    } finally {
      on = before;
    }
  }
}
