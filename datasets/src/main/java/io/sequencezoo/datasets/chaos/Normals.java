package io.sequencezoo.datasets.chaos;

import java.util.SplittableRandom;

/** Normal numbers that depend on the generator alone, on every version of Java. */
public final class Normals {
  private Normals() {}

  /** Independent numbers of a mean and a deviation, by the method of Box and Muller. */
  public static double[] of(SplittableRandom random, int count, double mean, double deviation) {
    double[] numbers = new double[count];
    for (int i = 0; i < count; i += 2) {
      double radius = deviation * StrictMath.sqrt(-2 * StrictMath.log1p(-random.nextDouble()));
      double angle = 2 * Math.PI * random.nextDouble();
      numbers[i] = mean + radius * StrictMath.cos(angle);
      if (i + 1 < count) {
        numbers[i + 1] = mean + radius * StrictMath.sin(angle);
      }
    }
    return numbers;
  }
}
