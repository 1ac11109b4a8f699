package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;
import static io.sequencezoo.core.kernel.Lanes.all;
import static io.sequencezoo.core.kernel.Lanes.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The selective scan by vectors of channels; what is left goes to the scalar loop.
 *
 * <p>Nearly all of its time goes into {@code e^{dt a}}, one for each number of the state and step.
 * Hence a shorter exponential than {@link VectorMath}'s, written out in both loops:
 *
 * <pre>{@code
 * e^{dt a} = 2^q 2^f      q = round(dt log2(e) a)      f = dt log2(e) a - q, by one fused product
 * }</pre>
 *
 * <p>{@code 2^f} is a polynomial with relative error 1.1e-7 that is exactly 1 at 0, so that a step
 * of size zero keeps the state. The exponent field of {@code 2^q} comes out of the rounding itself,
 * clamped as an integer: below the normal floats the decay is exactly 0.
 */
final class VectorSelectiveScan {
  private static final float LOG2_E = 1.442695f;

  /** {@code 1.5 2^23 + 127}: adding it rounds, and leaves q + 127 in the low bits. */
  private static final float ROUNDER = 12583039f;

  /** The bits of {@link #ROUNDER} where q + 127 is 0, and where it is 255: 2^q is 0 or infinite. */
  private static final int ZERO_BITS = 0x4B400000;

  private static final int INFINITE_BITS = ZERO_BITS + 255;
  private static final int MANTISSA_BITS = 23;

  /** Step sizes beyond it would lose f to rounding; with any rate above 1e-8 the decay is 0. */
  private static final float LARGEST_STEP = 1e10f;

  /** Weighted least squares on Chebyshev nodes of [-½, ½], reweighted until level. */
  private static final float C1 = 0.693147f;

  private static final float C2 = 0.24022242f;
  private static final float C3 = 0.055507336f;
  private static final float C4 = 0.009671513f;
  private static final float C5 = 0.0013264727f;

  private VectorSelectiveScan() {}

  static void scan(SelectiveSystem<float[]> system, float[] y) {
    int n = system.n();
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      advance(system, y, i);
    }
    ScalarScans32.selectiveScan(system, y, i);
  }

  /** The channels from i on. */
  private static void advance(SelectiveSystem<float[]> system, float[] y, int i) {
    float[] dt = system.dt();
    float[] x = system.x();
    float[] a = system.a();
    float[] b = system.b();
    float[] c = system.c();
    float[] h = system.h();
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    FloatVector rounder = all(ROUNDER);
    for (int t = 0; t < steps; t++) {
      FloatVector step = load(dt, t * n + i).min(LARGEST_STEP).mul(LOG2_E);
      FloatVector input = load(x, t * n + i);
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int s = 0; s < states; s++) {
        FloatVector rate = load(a, s * n + i);
        FloatVector r = step.fma(rate, rounder);
        FloatVector f = step.fma(rate, rounder.sub(r));
        FloatVector p = all(C5).fma(f, all(C4));
        p = p.fma(f, all(C3));
        p = p.fma(f, all(C2));
        p = p.fma(f, all(C1));
        p = p.fma(f, all(1f));
        IntVector q = r.reinterpretAsInts().max(ZERO_BITS).min(INFINITE_BITS);
        FloatVector scale = q.lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
        FloatVector state = p.mul(scale).fma(load(h, s * n + i), input.mul(b[t * states + s]));
        state.intoArray(h, s * n + i);
        sum = state.fma(all(c[t * states + s]), sum);
      }
      sum.intoArray(y, t * n + i);
    }
  }

  /** States from before step 0, decays, and the lanes of gb and gc, per step and state. */
  static int work(int steps, int states) {
    return Math.max(COUNT * (4 * steps + 1) * states, ScalarScans32.work(steps, states));
  }

  static void pullback(
      SelectiveSystem<float[]> system,
      SelectiveGradients<float[]> gradients,
      float[] y,
      float[] work) {
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    float[] gb = gradients.b();
    float[] gc = gradients.c();
    int numbers = steps * states;
    int lanes = COUNT * (2 * numbers + states);
    int i = 0;
    if (n >= COUNT) {
      Arrays.fill(work, lanes, lanes + 2 * COUNT * numbers, 0f);
      for (; i <= n - COUNT; i += COUNT) {
        recompute(system, y, work, i);
        reverse(system, gradients, work, i);
      }
      for (int k = 0; k < numbers; k++) {
        gb[k] += Lanes.sum(load(work, lanes + COUNT * k));
        gc[k] += Lanes.sum(load(work, lanes + COUNT * (numbers + k)));
      }
    }
    ScalarScans32.selectiveScanPullback(system, gradients, y, work, i);
  }

  /** As {@link #advance}, leaving all states and decays in work. */
  private static void recompute(SelectiveSystem<float[]> system, float[] y, float[] work, int i) {
    float[] dt = system.dt();
    float[] x = system.x();
    float[] a = system.a();
    float[] b = system.b();
    float[] c = system.c();
    float[] h = system.h();
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    int decays = COUNT * (steps + 1) * states;
    int ahead = COUNT * states;
    for (int s = 0; s < states; s++) {
      load(h, s * n + i).intoArray(work, COUNT * s);
    }
    FloatVector rounder = all(ROUNDER);
    for (int t = 0; t < steps; t++) {
      FloatVector step = load(dt, t * n + i).min(LARGEST_STEP).mul(LOG2_E);
      FloatVector input = load(x, t * n + i);
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int s = 0; s < states; s++) {
        int k = COUNT * (t * states + s);
        FloatVector rate = load(a, s * n + i);
        FloatVector r = step.fma(rate, rounder);
        FloatVector f = step.fma(rate, rounder.sub(r));
        FloatVector p = all(C5).fma(f, all(C4));
        p = p.fma(f, all(C3));
        p = p.fma(f, all(C2));
        p = p.fma(f, all(C1));
        p = p.fma(f, all(1f));
        IntVector q = r.reinterpretAsInts().max(ZERO_BITS).min(INFINITE_BITS);
        FloatVector scale = q.lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
        FloatVector decay = p.mul(scale);
        decay.intoArray(work, decays + k);
        FloatVector state = decay.fma(load(work, k), input.mul(b[t * states + s]));
        state.intoArray(work, ahead + k);
        sum = state.fma(all(c[t * states + s]), sum);
      }
      sum.intoArray(y, t * n + i);
    }
  }

  /** Backwards through the states and decays that {@link #recompute} left. */
  private static void reverse(
      SelectiveSystem<float[]> system, SelectiveGradients<float[]> gradients, float[] work, int i) {
    float[] dt = system.dt();
    float[] x = system.x();
    float[] a = system.a();
    float[] b = system.b();
    float[] c = system.c();
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    float[] gy = gradients.y();
    float[] gh = gradients.h();
    float[] gdt = gradients.dt();
    float[] gx = gradients.x();
    float[] ga = gradients.a();
    int ahead = COUNT * states;
    int decays = COUNT * (steps + 1) * states;
    int gbs = decays + COUNT * steps * states;
    int gcs = gbs + COUNT * steps * states;
    for (int t = steps - 1; t >= 0; t--) {
      FloatVector step = load(dt, t * n + i);
      FloatVector input = load(x, t * n + i);
      FloatVector gOut = load(gy, t * n + i);
      FloatVector gStep = FloatVector.zero(SPECIES);
      FloatVector gInput = FloatVector.zero(SPECIES);
      for (int s = 0; s < states; s++) {
        int k = COUNT * (t * states + s);
        int row = s * n + i;
        FloatVector g = gOut.fma(all(c[t * states + s]), load(gh, row));
        gOut.fma(load(work, ahead + k), load(work, gcs + k)).intoArray(work, gcs + k);
        g.fma(input, load(work, gbs + k)).intoArray(work, gbs + k);
        gInput = g.fma(all(b[t * states + s]), gInput);
        FloatVector carry = g.mul(load(work, decays + k));
        carry.intoArray(gh, row);
        FloatVector gExponent = carry.mul(load(work, k));
        gExponent.fma(step, load(ga, row)).intoArray(ga, row);
        gStep = gExponent.fma(load(a, row), gStep);
      }
      gStep.intoArray(gdt, t * n + i);
      gInput.intoArray(gx, t * n + i);
    }
  }
}
