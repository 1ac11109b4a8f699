package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

/** Checks of an optimiser's numbers. */
final class Settings {
  private Settings() {}

  /** Those of all. */
  static void check(String type, double lr, double weightDecay) {
    rate(type, lr);
    decay(type, weightDecay);
  }

  /** Those of Adam's kin. */
  static void check(
      String type, double lr, double beta1, double beta2, double eps, double weightDecay) {
    rate(type, lr);
    memory(type + ": beta1", beta1);
    memory(type + ": beta2", beta2);
    positive(type + ": eps", eps);
    decay(type, weightDecay);
  }

  private static void rate(String type, double lr) {
    checkArgument(
        lr >= 0 && Double.isFinite(lr), "%s: lr must be at least 0 and finite, got %s", type, lr);
  }

  static void memory(String name, double value) {
    checkArgument(value >= 0 && value < 1, "%s must be in [0, 1), got %s", name, value);
  }

  static void positive(String name, double value) {
    checkArgument(
        value > 0 && Double.isFinite(value), "%s must be positive and finite, got %s", name, value);
  }

  private static void decay(String type, double value) {
    checkArgument(
        value >= 0 && Double.isFinite(value),
        "%s: weightDecay must be at least 0 and finite, got %s",
        type,
        value);
  }
}
