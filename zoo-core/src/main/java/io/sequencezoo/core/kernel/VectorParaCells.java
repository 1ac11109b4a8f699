package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.BITS;
import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link ScalarParaCells} on whole vectors of channels: all of a step in one pass over a row that a
 * level-1 cache holds, so that neighbouring channels hide the latency of each other's gates.
 *
 * <p>A loop is more than HotSpot inlines helpers into (see {@link VectorMath}), hence no helpers:
 * {@code e^x} is written out wherever it occurs. Its argument is cut to where its power of two is a
 * normal float and products of two denominators are finite; there every gate is at its limit to the
 * last bit, or below the smallest normal float. A sigmoid and a tangent share a division.
 *
 * <p>{@code FloatVector.max} and {@code min}, which mind NaN and the sign of zero, take six
 * instructions each where minima of integers take one. Hence the cut is two minima of integers,
 * which is what bits of floats are ordered like: the first with the sign bit flipped, so that the
 * size of negative floats is bounded and positive ones are negative integers; the second with it
 * flipped back, for positive floats. Both have {@link #WRAP} added, after which infinity is the
 * largest integer and NaN wraps round to below the bound, and so stays NaN.
 */
final class VectorParaCells {
  static final float LOG2_E = 1.44269504f;

  /** Off by 2e-9, so that e^x is off by 3e-7 at most, where it is smallest. */
  static final float LN2 = 0.69314718f;

  /** {@code 1.5 2^23}: adding it rounds to the nearest integer and leaves it in the low bits. */
  static final float ROUNDER = 12582912f;

  /** The fit of {@link VectorMath} to e^x between -ln 2 / 2 and ln 2 / 2. */
  static final float C5 = 0.0013882521f;

  static final float C4 = 0.0083665205f;
  static final float C3 = 0.0416672f;
  static final float C2 = 0.16666543f;
  static final float C1 = 0.49999997f;

  /** From the bits of infinity to the largest integer. */
  static final int WRAP = 0x7FFFFF;

  /** Adds {@link #WRAP} and flips the sign bit. */
  static final int FLIP = Integer.MIN_VALUE + WRAP;

  /** The arguments of a sigmoid are cut to -86 and 44, those of a tangent to ±10. */
  static final int LOW_BITS = Float.floatToRawIntBits(86f) + WRAP;

  static final int HIGH_BITS = Float.floatToRawIntBits(44f) + WRAP;
  static final int TANH_CUT_BITS = Float.floatToRawIntBits(10f) + WRAP;
  static final int MANTISSA_BITS = 23;
  static final int ONE_BITS = 0x3F800000;

  private VectorParaCells() {}

  static void paraGru(float[] a, float[] drive, float[] h, int steps, int n) {
    FloatVector log2e = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
    FloatVector ln2 = FloatVector.broadcast(SPECIES, -LN2);
    FloatVector c5 = FloatVector.broadcast(SPECIES, C5);
    FloatVector c4 = FloatVector.broadcast(SPECIES, C4);
    FloatVector c3 = FloatVector.broadcast(SPECIES, C3);
    FloatVector c2 = FloatVector.broadcast(SPECIES, C2);
    FloatVector half = FloatVector.broadcast(SPECIES, C1);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector two = FloatVector.broadcast(SPECIES, 2f);
    IntVector flip = IntVector.broadcast(BITS, FLIP);
    IntVector unflip = IntVector.broadcast(BITS, Integer.MIN_VALUE);
    IntVector wrap = IntVector.broadcast(BITS, WRAP);
    IntVector low = IntVector.broadcast(BITS, LOW_BITS);
    IntVector high = IntVector.broadcast(BITS, HIGH_BITS);
    IntVector tanhCut = IntVector.broadcast(BITS, TANH_CUT_BITS);
    for (int step = 0; step < steps; step++) {
      int now = step * n;
      int at = 3 * now;
      for (int i = 0; i <= n - COUNT; i += COUNT) {
        FloatVector x;
        FloatVector t;
        FloatVector p;
        FloatVector s;
        FloatVector state = FloatVector.fromArray(SPECIES, h, now + i);
        FloatVector pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, n + i),
                FloatVector.fromArray(SPECIES, drive, at + n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector er =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        FloatVector reset = er.div(er.add(one));
        FloatVector kept = state.mul(reset);
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, i),
                FloatVector.fromArray(SPECIES, drive, at + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector ez =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        pre =
            kept.fma(
                FloatVector.fromArray(SPECIES, a, 2 * n + i),
                FloatVector.fromArray(SPECIES, drive, at + 2 * n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dc = p.fma(s, s.sub(one));
        // One division for z = e / (1 + e) and c = d / (d + 2).
        FloatVector ez1 = ez.add(one);
        FloatVector dc2 = dc.add(two);
        FloatVector inverse = one.div(ez1.mul(dc2));
        FloatVector rest = dc2.mul(inverse); // 1 - z
        FloatVector update = ez.mul(rest);
        FloatVector gap = dc.mul(ez1).fma(inverse, state.neg()); // c - h
        gap.fma(update, state).intoArray(h, now + n + i);
      }
    }
  }

  static void paraGruPullback(
      float[] a,
      float[] drive,
      float[] h,
      float[] gy,
      float[] gh,
      float[] gx,
      float[] ga,
      int steps,
      int n) {
    FloatVector log2e = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
    FloatVector ln2 = FloatVector.broadcast(SPECIES, -LN2);
    FloatVector c5 = FloatVector.broadcast(SPECIES, C5);
    FloatVector c4 = FloatVector.broadcast(SPECIES, C4);
    FloatVector c3 = FloatVector.broadcast(SPECIES, C3);
    FloatVector c2 = FloatVector.broadcast(SPECIES, C2);
    FloatVector half = FloatVector.broadcast(SPECIES, C1);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector two = FloatVector.broadcast(SPECIES, 2f);
    IntVector flip = IntVector.broadcast(BITS, FLIP);
    IntVector unflip = IntVector.broadcast(BITS, Integer.MIN_VALUE);
    IntVector wrap = IntVector.broadcast(BITS, WRAP);
    IntVector low = IntVector.broadcast(BITS, LOW_BITS);
    IntVector high = IntVector.broadcast(BITS, HIGH_BITS);
    IntVector tanhCut = IntVector.broadcast(BITS, TANH_CUT_BITS);
    for (int step = steps - 1; step >= 0; step--) {
      int now = step * n;
      int at = 3 * now;
      for (int i = 0; i <= n - COUNT; i += COUNT) {
        FloatVector x;
        FloatVector t;
        FloatVector p;
        FloatVector s;
        FloatVector state = FloatVector.fromArray(SPECIES, h, now + i);
        FloatVector pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, n + i),
                FloatVector.fromArray(SPECIES, drive, at + n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector er =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        FloatVector reset = er.div(er.add(one));
        FloatVector kept = state.mul(reset);
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, i),
                FloatVector.fromArray(SPECIES, drive, at + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector ez =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        pre =
            kept.fma(
                FloatVector.fromArray(SPECIES, a, 2 * n + i),
                FloatVector.fromArray(SPECIES, drive, at + 2 * n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dc = p.fma(s, s.sub(one));
        // One division for z = e / (1 + e) and c = d / (d + 2).
        FloatVector ez1 = ez.add(one);
        FloatVector dc2 = dc.add(two);
        FloatVector inverse = one.div(ez1.mul(dc2));
        FloatVector rest = dc2.mul(inverse); // 1 - z
        FloatVector update = ez.mul(rest);
        FloatVector gap = dc.mul(ez1).fma(inverse, state.neg()); // c - h
        FloatVector candidate = gap.add(state);
        FloatVector g =
            FloatVector.fromArray(SPECIES, gh, i).add(FloatVector.fromArray(SPECIES, gy, now + i));
        FloatVector kc = g.mul(update).mul(candidate.mul(candidate.neg()).add(one));
        FloatVector back = kc.mul(FloatVector.fromArray(SPECIES, a, 2 * n + i));
        FloatVector kr = back.mul(kept).mul(one.sub(reset));
        FloatVector kz = g.mul(gap).mul(update).mul(rest);
        FloatVector carry = back.fma(reset, g.mul(rest));
        carry = kz.fma(FloatVector.fromArray(SPECIES, a, i), carry);
        carry.add(kr.mul(FloatVector.fromArray(SPECIES, a, n + i))).intoArray(gh, i);
        kz.intoArray(gx, at + i);
        kr.intoArray(gx, at + n + i);
        kc.intoArray(gx, at + 2 * n + i);
        kz.fma(state, FloatVector.fromArray(SPECIES, ga, i)).intoArray(ga, i);
        kr.fma(state, FloatVector.fromArray(SPECIES, ga, n + i)).intoArray(ga, n + i);
        kc.fma(kept, FloatVector.fromArray(SPECIES, ga, 2 * n + i)).intoArray(ga, 2 * n + i);
      }
    }
  }

  static void paraLstm(float[] a, float[] drive, float[] h, float[] c, int steps, int n) {
    FloatVector log2e = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
    FloatVector ln2 = FloatVector.broadcast(SPECIES, -LN2);
    FloatVector c5 = FloatVector.broadcast(SPECIES, C5);
    FloatVector c4 = FloatVector.broadcast(SPECIES, C4);
    FloatVector c3 = FloatVector.broadcast(SPECIES, C3);
    FloatVector c2 = FloatVector.broadcast(SPECIES, C2);
    FloatVector half = FloatVector.broadcast(SPECIES, C1);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector two = FloatVector.broadcast(SPECIES, 2f);
    IntVector flip = IntVector.broadcast(BITS, FLIP);
    IntVector unflip = IntVector.broadcast(BITS, Integer.MIN_VALUE);
    IntVector wrap = IntVector.broadcast(BITS, WRAP);
    IntVector low = IntVector.broadcast(BITS, LOW_BITS);
    IntVector high = IntVector.broadcast(BITS, HIGH_BITS);
    IntVector tanhCut = IntVector.broadcast(BITS, TANH_CUT_BITS);
    for (int step = 0; step < steps; step++) {
      int now = step * n;
      int at = 3 * now;
      for (int i = 0; i <= n - COUNT; i += COUNT) {
        FloatVector x;
        FloatVector t;
        FloatVector p;
        FloatVector s;
        FloatVector state = FloatVector.fromArray(SPECIES, h, now + i);
        FloatVector cell = FloatVector.fromArray(SPECIES, c, now + i);
        FloatVector pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, i),
                FloatVector.fromArray(SPECIES, drive, at + i));
        pre = cell.fma(FloatVector.fromArray(SPECIES, a, 3 * n + i), pre);
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector ef =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, 2 * n + i),
                FloatVector.fromArray(SPECIES, drive, at + 2 * n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dz = p.fma(s, s.sub(one));
        // One division for f = e / (1 + e) and z = d / (d + 2).
        FloatVector ef1 = ef.add(one);
        FloatVector dz2 = dz.add(two);
        FloatVector inverse = one.div(ef1.mul(dz2));
        FloatVector rest = dz2.mul(inverse); // 1 - f
        FloatVector forget = ef.mul(rest);
        FloatVector input = dz.mul(ef1).mul(inverse);
        FloatVector gap = cell.sub(input);
        FloatVector next = forget.fma(gap, input);
        next.intoArray(c, now + n + i);
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, n + i),
                FloatVector.fromArray(SPECIES, drive, at + n + i));
        pre = next.fma(FloatVector.fromArray(SPECIES, a, 4 * n + i), pre);
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector eo =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        x =
            next.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dt = p.fma(s, s.sub(one));
        FloatVector eo1 = eo.add(one);
        FloatVector dt2 = dt.add(two);
        inverse = one.div(eo1.mul(dt2));
        eo.mul(dt).mul(inverse).intoArray(h, now + n + i);
      }
    }
  }

  static void paraLstmPullback(
      float[] a,
      float[] drive,
      float[] h,
      float[] c,
      float[] gy,
      float[] gh,
      float[] gc,
      float[] gx,
      float[] ga,
      int steps,
      int n) {
    FloatVector log2e = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
    FloatVector ln2 = FloatVector.broadcast(SPECIES, -LN2);
    FloatVector c5 = FloatVector.broadcast(SPECIES, C5);
    FloatVector c4 = FloatVector.broadcast(SPECIES, C4);
    FloatVector c3 = FloatVector.broadcast(SPECIES, C3);
    FloatVector c2 = FloatVector.broadcast(SPECIES, C2);
    FloatVector half = FloatVector.broadcast(SPECIES, C1);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector two = FloatVector.broadcast(SPECIES, 2f);
    IntVector flip = IntVector.broadcast(BITS, FLIP);
    IntVector unflip = IntVector.broadcast(BITS, Integer.MIN_VALUE);
    IntVector wrap = IntVector.broadcast(BITS, WRAP);
    IntVector low = IntVector.broadcast(BITS, LOW_BITS);
    IntVector high = IntVector.broadcast(BITS, HIGH_BITS);
    IntVector tanhCut = IntVector.broadcast(BITS, TANH_CUT_BITS);
    for (int step = steps - 1; step >= 0; step--) {
      int now = step * n;
      int at = 3 * now;
      for (int i = 0; i <= n - COUNT; i += COUNT) {
        FloatVector x;
        FloatVector t;
        FloatVector p;
        FloatVector s;
        FloatVector state = FloatVector.fromArray(SPECIES, h, now + i);
        FloatVector cell = FloatVector.fromArray(SPECIES, c, now + i);
        FloatVector pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, i),
                FloatVector.fromArray(SPECIES, drive, at + i));
        pre = cell.fma(FloatVector.fromArray(SPECIES, a, 3 * n + i), pre);
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector ef =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, 2 * n + i),
                FloatVector.fromArray(SPECIES, drive, at + 2 * n + i));
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dz = p.fma(s, s.sub(one));
        // One division for f = e / (1 + e) and z = d / (d + 2).
        FloatVector ef1 = ef.add(one);
        FloatVector dz2 = dz.add(two);
        FloatVector inverse = one.div(ef1.mul(dz2));
        FloatVector rest = dz2.mul(inverse); // 1 - f
        FloatVector forget = ef.mul(rest);
        FloatVector input = dz.mul(ef1).mul(inverse);
        FloatVector gap = cell.sub(input);
        FloatVector next = FloatVector.fromArray(SPECIES, c, now + n + i);
        pre =
            state.fma(
                FloatVector.fromArray(SPECIES, a, n + i),
                FloatVector.fromArray(SPECIES, drive, at + n + i));
        pre = next.fma(FloatVector.fromArray(SPECIES, a, 4 * n + i), pre);
        x =
            pre.reinterpretAsInts()
                .add(flip)
                .min(low)
                .add(unflip)
                .min(high)
                .sub(wrap)
                .reinterpretAsFloats();
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
        FloatVector eo =
            p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
        x =
            next.reinterpretAsInts()
                .add(flip)
                .min(tanhCut)
                .add(unflip)
                .min(tanhCut)
                .sub(wrap)
                .reinterpretAsFloats();
        x = x.add(x);
        t = x.fma(log2e, rounder);
        x = t.sub(rounder).fma(ln2, x);
        p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
        s =
            t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(ONE_BITS)
                .reinterpretAsFloats();
        FloatVector dt = p.fma(s, s.sub(one));
        FloatVector eo1 = eo.add(one);
        FloatVector dt2 = dt.add(two);
        inverse = one.div(eo1.mul(dt2));
        FloatVector shut = dt2.mul(inverse); // 1 - o
        FloatVector output = eo.mul(shut);
        FloatVector tanh = dt.mul(eo1).mul(inverse);
        FloatVector g =
            FloatVector.fromArray(SPECIES, gh, i).add(FloatVector.fromArray(SPECIES, gy, now + i));
        FloatVector go = g.mul(tanh).mul(output).mul(shut);
        FloatVector gNext =
            g.mul(output).fma(tanh.neg().fma(tanh, one), FloatVector.fromArray(SPECIES, gc, i));
        gNext = go.fma(FloatVector.fromArray(SPECIES, a, 4 * n + i), gNext);
        FloatVector gf = gNext.mul(gap).mul(forget).mul(rest);
        FloatVector gz = gNext.mul(rest).mul(input.neg().fma(input, one));
        gf.fma(FloatVector.fromArray(SPECIES, a, 3 * n + i), gNext.mul(forget)).intoArray(gc, i);
        FloatVector carry = gf.mul(FloatVector.fromArray(SPECIES, a, i));
        carry = go.fma(FloatVector.fromArray(SPECIES, a, n + i), carry);
        gz.fma(FloatVector.fromArray(SPECIES, a, 2 * n + i), carry).intoArray(gh, i);
        gf.intoArray(gx, at + i);
        go.intoArray(gx, at + n + i);
        gz.intoArray(gx, at + 2 * n + i);
        gf.fma(state, FloatVector.fromArray(SPECIES, ga, i)).intoArray(ga, i);
        go.fma(state, FloatVector.fromArray(SPECIES, ga, n + i)).intoArray(ga, n + i);
        gz.fma(state, FloatVector.fromArray(SPECIES, ga, 2 * n + i)).intoArray(ga, 2 * n + i);
        gf.fma(cell, FloatVector.fromArray(SPECIES, ga, 3 * n + i)).intoArray(ga, 3 * n + i);
        go.fma(next, FloatVector.fromArray(SPECIES, ga, 4 * n + i)).intoArray(ga, 4 * n + i);
      }
    }
  }
}
