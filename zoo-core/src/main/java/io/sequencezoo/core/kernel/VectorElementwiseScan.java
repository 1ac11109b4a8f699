package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;

/** The element-wise linear scan by vectors of channels; what is left goes to the scalar loop. */
final class VectorElementwiseScan {
  private VectorElementwiseScan() {}

  static void linearScan(float[] a, float[] x, float[] h, int ho, float[] y, int steps, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector state = load(h, ho + i);
      int at = i;
      for (int t = 0; t < steps; t++) {
        state = state.fma(load(a, at), load(x, at));
        state.intoArray(y, at);
        at += n;
      }
      state.intoArray(h, ho + i);
    }
    ScalarScans32.linearScan(a, x, h, ho, y, steps, i, n);
  }

  static void linearScanPullback(
      float[] a, float[] before, float[] gy, float[] gh, int gho, int steps, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      FloatVector carry = load(gh, gho + i);
      int at = (steps - 1) * n + i;
      for (int t = 0; t < steps; t++) {
        FloatVector g = carry.add(load(gy, at));
        g.mul(load(before, at)).intoArray(before, at);
        g.intoArray(gy, at);
        carry = g.mul(load(a, at));
        at -= n;
      }
      carry.intoArray(gh, gho + i);
    }
    ScalarScans32.linearScanPullback(a, before, gy, gh, gho, steps, i, n);
  }
}
