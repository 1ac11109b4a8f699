package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.BITS;
import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;
import static io.sequencezoo.core.kernel.VectorParaCells.C1;
import static io.sequencezoo.core.kernel.VectorParaCells.C2;
import static io.sequencezoo.core.kernel.VectorParaCells.C3;
import static io.sequencezoo.core.kernel.VectorParaCells.C4;
import static io.sequencezoo.core.kernel.VectorParaCells.C5;
import static io.sequencezoo.core.kernel.VectorParaCells.FLIP;
import static io.sequencezoo.core.kernel.VectorParaCells.HIGH_BITS;
import static io.sequencezoo.core.kernel.VectorParaCells.LN2;
import static io.sequencezoo.core.kernel.VectorParaCells.LOG2_E;
import static io.sequencezoo.core.kernel.VectorParaCells.LOW_BITS;
import static io.sequencezoo.core.kernel.VectorParaCells.MANTISSA_BITS;
import static io.sequencezoo.core.kernel.VectorParaCells.ONE_BITS;
import static io.sequencezoo.core.kernel.VectorParaCells.ROUNDER;
import static io.sequencezoo.core.kernel.VectorParaCells.TANH_CUT_BITS;
import static io.sequencezoo.core.kernel.VectorParaCells.WRAP;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link ScalarParaJacobians} on whole vectors: everything that a number needs in one pass, since a
 * pass for every operation costs several times the arithmetic in loads, stores and calls. {@code
 * e^x} is written out as in {@link VectorParaCells}, for the reason given there.
 */
final class VectorParaJacobians {
  private VectorParaJacobians() {}

  static void gru(
      float[] a,
      int as,
      float[] h,
      int ho,
      float[] drive,
      int xo,
      int xs,
      float[] next,
      int no,
      float[] j,
      int jo,
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
    for (int i = 0; i <= n - COUNT; i += COUNT) {
      FloatVector x;
      FloatVector t;
      FloatVector p;
      FloatVector s;
      FloatVector state = FloatVector.fromArray(SPECIES, h, ho + i);
      FloatVector weightR = FloatVector.fromArray(SPECIES, a, as + i);
      FloatVector pre = state.fma(weightR, FloatVector.fromArray(SPECIES, drive, xo + xs + i));
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
      FloatVector weightZ = FloatVector.fromArray(SPECIES, a, i);
      pre = state.fma(weightZ, FloatVector.fromArray(SPECIES, drive, xo + i));
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
      FloatVector weightC = FloatVector.fromArray(SPECIES, a, 2 * as + i);
      pre = kept.fma(weightC, FloatVector.fromArray(SPECIES, drive, xo + 2 * xs + i));
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
      FloatVector candidate = dc.mul(ez1).mul(inverse);
      FloatVector gap = candidate.sub(state);
      gap.fma(update, state).intoArray(next, no + i);
      FloatVector moved = kept.mul(one.sub(reset)).fma(weightR, reset).mul(weightC);
      FloatVector inner = update.mul(candidate.neg().fma(candidate, one)).mul(moved);
      FloatVector outer = gap.mul(update).fma(weightZ, one);
      outer.fma(rest, inner).intoArray(j, jo + i);
    }
  }

  static void gruPullback(
      float[] a,
      int as,
      float[] h,
      int ho,
      float[] drive,
      int xo,
      int xs,
      float[] g,
      int go,
      float[] gx,
      int gxo,
      int gxs,
      float[] ga,
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
    for (int i = 0; i <= n - COUNT; i += COUNT) {
      FloatVector x;
      FloatVector t;
      FloatVector p;
      FloatVector s;
      FloatVector state = FloatVector.fromArray(SPECIES, h, ho + i);
      FloatVector pre =
          state.fma(
              FloatVector.fromArray(SPECIES, a, as + i),
              FloatVector.fromArray(SPECIES, drive, xo + xs + i));
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
              FloatVector.fromArray(SPECIES, a, i), FloatVector.fromArray(SPECIES, drive, xo + i));
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
      FloatVector weightC = FloatVector.fromArray(SPECIES, a, 2 * as + i);
      pre = kept.fma(weightC, FloatVector.fromArray(SPECIES, drive, xo + 2 * xs + i));
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
      FloatVector candidate = dc.mul(ez1).mul(inverse);
      FloatVector gap = candidate.sub(state);
      FloatVector gNext = FloatVector.fromArray(SPECIES, g, go + i);
      FloatVector kc = gNext.mul(update).mul(candidate.neg().fma(candidate, one));
      FloatVector kr = kc.mul(weightC).mul(kept).mul(one.sub(reset));
      FloatVector kz = gNext.mul(gap).mul(update).mul(rest);
      kz.intoArray(gx, gxo + i);
      kr.intoArray(gx, gxo + gxs + i);
      kc.intoArray(gx, gxo + 2 * gxs + i);
      kz.fma(state, FloatVector.fromArray(SPECIES, ga, i)).intoArray(ga, i);
      kr.fma(state, FloatVector.fromArray(SPECIES, ga, as + i)).intoArray(ga, as + i);
      kc.fma(kept, FloatVector.fromArray(SPECIES, ga, 2 * as + i)).intoArray(ga, 2 * as + i);
    }
  }

  static void lstm(
      float[] a,
      int as,
      float[] h,
      int ho,
      int hs,
      float[] drive,
      int xo,
      int xs,
      float[] to,
      int no,
      int ns,
      float[] j,
      int jo,
      int js,
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
    for (int i = 0; i <= n - COUNT; i += COUNT) {
      FloatVector x;
      FloatVector t;
      FloatVector p;
      FloatVector s;
      FloatVector state = FloatVector.fromArray(SPECIES, h, ho + i);
      FloatVector cell = FloatVector.fromArray(SPECIES, h, ho + hs + i);
      FloatVector weightF = FloatVector.fromArray(SPECIES, a, i);
      FloatVector peepholeF = FloatVector.fromArray(SPECIES, a, 3 * as + i);
      FloatVector pre = state.fma(weightF, FloatVector.fromArray(SPECIES, drive, xo + i));
      pre = cell.fma(peepholeF, pre);
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
      FloatVector weightZ = FloatVector.fromArray(SPECIES, a, 2 * as + i);
      pre = state.fma(weightZ, FloatVector.fromArray(SPECIES, drive, xo + 2 * xs + i));
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
      next.intoArray(to, no + ns + i);
      FloatVector weightO = FloatVector.fromArray(SPECIES, a, as + i);
      FloatVector peepholeO = FloatVector.fromArray(SPECIES, a, 4 * as + i);
      pre = state.fma(weightO, FloatVector.fromArray(SPECIES, drive, xo + xs + i));
      pre = next.fma(peepholeO, pre);
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
      output.mul(tanh).intoArray(to, no + i);
      FloatVector turn = gap.mul(forget).mul(rest);
      FloatVector cc = turn.fma(peepholeF, forget);
      FloatVector ch = rest.mul(input.neg().fma(input, one)).mul(weightZ);
      ch = turn.fma(weightF, ch);
      FloatVector shown = tanh.mul(output).mul(shut);
      FloatVector q = shown.fma(peepholeO, output.mul(tanh.neg().fma(tanh, one)));
      q.fma(ch, shown.mul(weightO)).intoArray(j, jo + i);
      q.mul(cc).intoArray(j, jo + js + i);
      ch.intoArray(j, jo + 2 * js + i);
      cc.intoArray(j, jo + 3 * js + i);
    }
  }

  static void lstmPullback(
      float[] a,
      int as,
      float[] h,
      int ho,
      int hs,
      float[] drive,
      int xo,
      int xs,
      float[] g,
      int go,
      int gs,
      float[] gx,
      int gxo,
      int gxs,
      float[] ga,
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
    for (int i = 0; i <= n - COUNT; i += COUNT) {
      FloatVector x;
      FloatVector t;
      FloatVector p;
      FloatVector s;
      FloatVector state = FloatVector.fromArray(SPECIES, h, ho + i);
      FloatVector cell = FloatVector.fromArray(SPECIES, h, ho + hs + i);
      FloatVector pre =
          state.fma(
              FloatVector.fromArray(SPECIES, a, i), FloatVector.fromArray(SPECIES, drive, xo + i));
      pre = cell.fma(FloatVector.fromArray(SPECIES, a, 3 * as + i), pre);
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
              FloatVector.fromArray(SPECIES, a, 2 * as + i),
              FloatVector.fromArray(SPECIES, drive, xo + 2 * xs + i));
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
      FloatVector peepholeO = FloatVector.fromArray(SPECIES, a, 4 * as + i);
      pre =
          state.fma(
              FloatVector.fromArray(SPECIES, a, as + i),
              FloatVector.fromArray(SPECIES, drive, xo + xs + i));
      pre = next.fma(peepholeO, pre);
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
      FloatVector gHidden = FloatVector.fromArray(SPECIES, g, go + i);
      FloatVector ko = gHidden.mul(tanh).mul(output).mul(shut);
      FloatVector gNext =
          gHidden
              .mul(output)
              .fma(tanh.neg().fma(tanh, one), FloatVector.fromArray(SPECIES, g, go + gs + i));
      gNext = ko.fma(peepholeO, gNext);
      FloatVector kf = gNext.mul(gap).mul(forget).mul(rest);
      FloatVector kz = gNext.mul(rest).mul(input.neg().fma(input, one));
      kf.intoArray(gx, gxo + i);
      ko.intoArray(gx, gxo + gxs + i);
      kz.intoArray(gx, gxo + 2 * gxs + i);
      kf.fma(state, FloatVector.fromArray(SPECIES, ga, i)).intoArray(ga, i);
      ko.fma(state, FloatVector.fromArray(SPECIES, ga, as + i)).intoArray(ga, as + i);
      kz.fma(state, FloatVector.fromArray(SPECIES, ga, 2 * as + i)).intoArray(ga, 2 * as + i);
      kf.fma(cell, FloatVector.fromArray(SPECIES, ga, 3 * as + i)).intoArray(ga, 3 * as + i);
      ko.fma(next, FloatVector.fromArray(SPECIES, ga, 4 * as + i)).intoArray(ga, 4 * as + i);
    }
  }
}
