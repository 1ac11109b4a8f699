package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

/** Arithmetic of phases that the schedules share. */
final class Phases {
  private Phases() {}

  static void checkLength(String name, double length) {
    checkArgument(
        length >= 0 && length < Long.MAX_VALUE && (length < 1 || length == Math.rint(length)),
        "schedule: %s must be a fraction below 1 or a whole number of steps, got %s",
        name,
        length);
  }

  static void checkFloor(double floor) {
    checkArgument(
        floor >= 0 && floor <= 1, "schedule: floor must be between 0 and 1, got %s", floor);
  }

  static long steps(double length, long steps) {
    return length < 1 ? Math.round(length * steps) : (long) length;
  }

  static double warm(long step, long warmup) {
    return step < warmup ? (step + 1.0) / warmup : 1;
  }

  /** How far a phase of n steps has come at its step s: 0 at its first, 1 after its last. */
  static double progress(long s, long n) {
    return n <= 0 ? 1 : Math.min(1, Math.max(0, s / (double) n));
  }

  static double trapezium(
      long step, long steps, double warmup, double decay, long constant, double floor) {
    long d = steps(decay, steps);
    double along = progress(step - (steps - constant - d), d);
    boolean decaying = step >= steps - constant - d;
    return (decaying ? 1 - (1 - floor) * along : 1) * warm(step, steps(warmup, steps));
  }
}
