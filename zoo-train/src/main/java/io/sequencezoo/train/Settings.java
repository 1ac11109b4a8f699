package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

/** Checks and defaults of an optimiser's numbers. */
final class Settings {
  private Settings() {}

  static Double rate(String type, Double lr) {
    checkArgument(lr != null, "%s: lr must be given, for example 1e-3", type);
    checkArgument(
        lr >= 0 && Double.isFinite(lr), "%s: lr must be at least 0 and finite, got %s", type, lr);
    return lr;
  }

  static Double memory(String name, Double value, double otherwise) {
    double memory = value == null ? otherwise : value;
    checkArgument(memory >= 0 && memory < 1, "%s must be in [0, 1), got %s", name, memory);
    return memory;
  }

  static Double positive(String name, Double value, double otherwise) {
    double number = value == null ? otherwise : value;
    checkArgument(
        number > 0 && Double.isFinite(number),
        "%s must be positive and finite, got %s",
        name,
        number);
    return number;
  }

  static Double decay(String type, Double value, double otherwise) {
    double decay = value == null ? otherwise : value;
    checkArgument(
        decay >= 0 && Double.isFinite(decay),
        "%s: weightDecay must be at least 0 and finite, got %s",
        type,
        decay);
    return decay;
  }
}
