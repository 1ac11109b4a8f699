package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One call of a kernel, made twice with the same numbers: by the specification in double precision
 * and by the kernels under test in single precision.
 */
final class KernelCase {
  /** Rounding of the result itself, of its arguments to float, and of the steps between. */
  private static final double ULPS = 12;

  /** Below the smallest normal float, precision is absolute. */
  private static final double FLOOR = 0x1p-126;

  private static final double EPSILON = Math.ulp(1f);

  private final Kernels<float[]> tested;
  private final Kernels<double[]> specification = new ScalarKernels64();
  private final Random random;
  private final List<Argument> arguments = new ArrayList<>();

  /** The arrays of all cases of a law, in order. */
  private final List<Argument> all;

  private final Change change;

  KernelCase(Kernels<float[]> tested, long seed) {
    this(tested, seed, null);
  }

  /** The same with one number changed before a kernel is called. */
  KernelCase(Kernels<float[]> tested, long seed, Change change) {
    this(tested, seed, change, new ArrayList<>());
  }

  private KernelCase(Kernels<float[]> tested, long seed, Change change, List<Argument> all) {
    this.tested = tested;
    this.random = new Random(seed);
    this.change = change;
    this.all = all;
  }

  /** Another case of the same law. */
  KernelCase with(long seed) {
    return new KernelCase(tested, seed, change, all);
  }

  /**
   * What becomes of a number of the law's arrays.
   *
   * @param argument which array
   * @param place where in it, from 0 to 1
   * @param factor what the number is multiplied by
   */
  record Change(int argument, double place, float factor) {}

  /** The arrays of all cases of the law. */
  List<Argument> all() {
    return all;
  }

  /** An array in both precisions with what surrounds it. */
  static final class Argument {
    final float[] single;
    final double[] exact;

    Argument(float[] single) {
      this.single = single;
      this.exact = new double[single.length];
      for (int i = 0; i < single.length; i++) {
        exact[i] = single[i];
      }
    }
  }

  /** Normal numbers of the given scale. */
  Argument normal(int length, double scale) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return of(values);
  }

  /** Numbers in [low, high). */
  Argument uniform(int length, double low, double high) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return of(values);
  }

  Argument of(float[] values) {
    if (change != null && change.argument == all.size() && values.length > 0) {
      values[(int) (change.place * values.length)] *= change.factor;
    }
    Argument argument = new Argument(values);
    arguments.add(argument);
    all.add(argument);
    return argument;
  }

  Kernels<float[]> tested() {
    return tested;
  }

  Kernels<double[]> specification() {
    return specification;
  }

  /**
   * Every array, results and bystanders alike, agrees to ULPS roundings of the size that is summed
   * up in an element.
   */
  void check(String what, double size) {
    for (int a = 0; a < arguments.size(); a++) {
      Argument argument = arguments.get(a);
      for (int i = 0; i < argument.single.length; i++) {
        same(what + " argument " + a + " at " + i, argument.single[i], argument.exact[i], size);
      }
    }
  }

  static void same(String what, double got, double expected, double size) {
    if (Double.isNaN(expected) || Double.isInfinite((float) expected)) {
      assertThat((Float) (float) got).as(what).isEqualTo((Float) (float) expected);
      return;
    }
    double tolerance = ULPS * EPSILON * Math.max(Math.abs(expected), size) + FLOOR;
    // A comparison first: describing every element costs more than computing it.
    if (!(Math.abs(got - expected) <= tolerance)) {
      assertThat(got)
          .as("%s, tolerance %s", what, tolerance)
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(tolerance));
    }
  }
}
