package io.sequencezoo.core.kernel;

/** The kernels chosen for this machine, once. */
final class Providers {
  private static final Kernels<float[]> FLOATS = new ScalarKernels32();
  private static final Kernels<double[]> DOUBLES = new ScalarKernels64();

  private Providers() {}

  static Kernels<float[]> floats() {
    return FLOATS;
  }

  static Kernels<double[]> doubles() {
    return DOUBLES;
  }
}
