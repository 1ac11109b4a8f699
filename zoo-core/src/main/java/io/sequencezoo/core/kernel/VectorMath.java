package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Transcendental functions on vectors of floats, without tables or branches.
 *
 * <p>The polynomials are weighted least-squares fits on Chebyshev nodes, reweighted until the
 * relative error is level (Lawson's method); the error of each fit stands beside it. Rounding adds
 * to it one to three units in the last place.
 *
 * <p>HotSpot inlines helpers only up to 8000 bytecodes a loop and keeps vectors in memory beyond
 * that; the vector operations themselves it always inlines. Hence few helpers here, and products
 * written out. Where infinity meets a vanished weight, {@code x.max(-MAX_VALUE)} gives the limit 0.
 */
final class VectorMath {
  private static final float LOG2_E = 1.442695f;

  /** ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact. */
  private static final float LN2_HIGH = 355f / 512;

  private static final float LN2_LOW = -2.1219444e-4f;

  /** {@code 1.5 2^23}: adding it rounds to the nearest integer and leaves it in the low bits. */
  private static final float ROUNDER = 12582912f;

  private static final int ROUNDER_BITS = 0x4B400000;

  /** e^x is 0 below and infinite above. */
  private static final float EXP_LOW = -104f;

  private static final float EXP_HIGH = 89f;

  /** Beyond it tanh is 1 to the last bit. */
  private static final float TANH_CUT = 10f;

  /** Beyond it σ(x) and Φ(x) are 0 or 1 and times x still far from the smallest float. */
  private static final float CUT = 120f;

  private static final float GELU_CUT = 20f;

  private static final float GELU_SCALE = (float) (2 * ScalarMath.GELU_SCALE);
  private static final float GELU_SCALE_CUBIC =
      (float) (2 * ScalarMath.GELU_SCALE * ScalarMath.GELU_CUBIC);
  private static final float DENSITY = (float) (1 / Math.sqrt(2 * Math.PI));

  /** The smallest normal float, and the bits of √½ and of the exponent scale {@code 2^23}. */
  private static final float SMALLEST_NORMAL = 0x1p-126f;

  private static final int SQRT_HALF_BITS = 0x3F3504F3;
  private static final int MANTISSA_BITS = 23;
  private static final int BIAS = 127;

  /** From the bits of infinity to the largest integer. */
  private static final int WRAP = 0x7FFFFF;

  /** Adds {@link #WRAP} and flips the sign bit. */
  private static final int FLIP = Integer.MIN_VALUE + WRAP;

  private static final int EXP_LOW_BITS = Float.floatToRawIntBits(-EXP_LOW) + WRAP;
  private static final int NORMAL_LOW_BITS = Float.floatToRawIntBits(86f) + WRAP;
  private static final int EXP_HIGH_BITS = Float.floatToRawIntBits(EXP_HIGH) + WRAP;
  private static final int TANH_CUT_BITS = Float.floatToRawIntBits(TANH_CUT) + WRAP;

  private VectorMath() {}

  /** x between {@code -low} and {@code high}, given as their bits and {@link #WRAP}; keeps NaN. */
  private static FloatVector cut(FloatVector x, int low, int high) {
    return x.reinterpretAsInts()
        .add(FLIP)
        .min(low)
        .add(Integer.MIN_VALUE)
        .min(high)
        .sub(WRAP)
        .reinterpretAsFloats();
  }

  /** {@code e^x = 2^q e^r}, {@code |r| <= ln 2 / 2}; gradual underflow is kept. */
  static FloatVector exp(FloatVector x) {
    return expOfCut(cut(x, EXP_LOW_BITS, EXP_HIGH_BITS));
  }

  /** {@code e^-|x|}. */
  private static FloatVector expOfMinusAbs(FloatVector x) {
    return expOfCut(
        x.reinterpretAsInts()
            .and(Integer.MAX_VALUE)
            .add(WRAP)
            .min(EXP_LOW_BITS)
            .add(Integer.MIN_VALUE - WRAP)
            .reinterpretAsFloats());
  }

  /** {@code e^-|x|}, or e^-86 where that is less: a normal float, for less code. */
  private static FloatVector normalExpOfMinusAbs(FloatVector x) {
    FloatVector cut =
        x.reinterpretAsInts()
            .and(Integer.MAX_VALUE)
            .add(WRAP)
            .min(NORMAL_LOW_BITS)
            .add(Integer.MIN_VALUE - WRAP)
            .reinterpretAsFloats();
    FloatVector t =
        cut.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
    // Adds q to the exponent; the bits of the rounder are shifted out.
    return expm1Reduced(cut, t.sub(ROUNDER))
        .add(1f)
        .reinterpretAsInts()
        .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
        .reinterpretAsFloats();
  }

  private static FloatVector expOfCut(FloatVector cut) {
    FloatVector t =
        cut.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
    FloatVector p = expm1Reduced(cut, t.sub(ROUNDER)).add(1f);
    // Two steps, because 2^q alone leaves the range of normal floats.
    IntVector q = t.reinterpretAsInts().sub(ROUNDER_BITS);
    IntVector half = q.lanewise(VectorOperators.ASHR, 1);
    IntVector low = half.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS);
    IntVector high = q.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS);
    return p.mul(low.reinterpretAsFloats()).mul(high.reinterpretAsFloats());
  }

  /** {@code e^r - 1} for {@code r = x - q ln 2}; fit 1.3e-8. */
  private static FloatVector expm1Reduced(FloatVector x, FloatVector q) {
    FloatVector r =
        q.fma(
            FloatVector.broadcast(SPECIES, -LN2_LOW),
            q.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), x));
    FloatVector p = FloatVector.broadcast(SPECIES, 0.0013882521f);
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.0083665205f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.0416672f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.16666543f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.49999997f));
    return p.fma(r.mul(r), r);
  }

  private static FloatVector powerOfTwo(IntVector q) {
    return q.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }

  /** {@code log x}: the mantissa in [√½, √2) through the inverse hyperbolic tangent. */
  static FloatVector log(FloatVector x) {
    VectorMask<Float> tiny = x.compare(VectorOperators.LT, SMALLEST_NORMAL);
    IntVector bits = x.blend(x.mul(0x1p23f), tiny).reinterpretAsInts();
    IntVector exponent = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, MANTISSA_BITS);
    FloatVector mantissa =
        bits.sub(exponent.lanewise(VectorOperators.LSHL, MANTISSA_BITS)).reinterpretAsFloats();
    FloatVector e = exponent.add(ROUNDER_BITS).reinterpretAsFloats().sub(ROUNDER);
    e = e.blend(e.sub(MANTISSA_BITS), tiny);
    FloatVector f = mantissa.sub(1f);
    FloatVector y = twiceAtanh(f.div(f.add(2f)));
    y =
        e.fma(
            FloatVector.broadcast(SPECIES, LN2_HIGH),
            e.fma(FloatVector.broadcast(SPECIES, LN2_LOW), y));
    y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f));
    y = y.blend(Float.NaN, x.compare(VectorOperators.LT, 0f));
    // Infinity and NaN are their own logarithms.
    return x.blend(y, x.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
  }

  /** {@code 2 artanh s} for {@code |s| <= 1/3}; fit 1.1e-10. */
  private static FloatVector twiceAtanh(FloatVector s) {
    FloatVector z = s.mul(s);
    FloatVector p = FloatVector.broadcast(SPECIES, 0.24300933f);
    p = p.fma(z, FloatVector.broadcast(SPECIES, 0.21427658f));
    p = p.fma(z, FloatVector.broadcast(SPECIES, 0.28616884f));
    p = p.fma(z, FloatVector.broadcast(SPECIES, 0.39998877f));
    p = p.fma(z, FloatVector.broadcast(SPECIES, 0.66666675f));
    return p.mul(z).fma(s, s.add(s));
  }

  /** {@code tanh x = -d/(d + 2)}, {@code d = e^{-2|x|} - 1}, with the sign of x. */
  static FloatVector tanh(FloatVector x) {
    FloatVector v =
        x.reinterpretAsInts()
            .and(Integer.MAX_VALUE)
            .add(WRAP)
            .min(TANH_CUT_BITS)
            .sub(WRAP)
            .reinterpretAsFloats()
            .mul(-2f);
    FloatVector t =
        v.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
    FloatVector s = powerOfTwo(t.reinterpretAsInts().sub(ROUNDER_BITS));
    FloatVector d = expm1Reduced(v, t.sub(ROUNDER)).fma(s, s.sub(1f));
    FloatVector size = d.neg().div(d.add(2f));
    IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    return size.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /** {@code σ(x)} from {@code u = e^-|x|}, which never overflows: 1/(1+u), or u/(1+u) below 0. */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector u = expOfMinusAbs(x);
    FloatVector top =
        FloatVector.broadcast(SPECIES, 1f).blend(u, x.compare(VectorOperators.LT, 0f));
    return top.div(u.add(1f));
  }

  /** {@code max(x, 0) + log(1 + u)}, {@code u = e^-|x|}, {@code log(1+u) = 2 artanh(u/(2+u))}. */
  static FloatVector softplus(FloatVector x) {
    FloatVector u = expOfMinusAbs(x);
    return x.max(0f).add(twiceAtanh(u.div(u.add(2f))));
  }

  private static FloatVector clamp(FloatVector x, float cut) {
    int bits = Float.floatToRawIntBits(cut) + WRAP;
    return cut(x, bits, bits);
  }

  static FloatVector silu(FloatVector x) {
    return x.max(-Float.MAX_VALUE).mul(sigmoid(x));
  }

  /** {@code σ + x σ (1 - σ)}. */
  static FloatVector siluSlope(FloatVector x) {
    FloatVector cut = clamp(x, CUT);
    return gateSlope(cut, cut);
  }

  /** {@code σ(v) + r σ(v) (1 - σ(v))}, where {@code σ (1 - σ) = u/(1+u)²} cancels nothing. */
  private static FloatVector gateSlope(FloatVector v, FloatVector r) {
    FloatVector u = normalExpOfMinusAbs(v);
    FloatVector d = FloatVector.broadcast(SPECIES, 1f).div(u.add(1f));
    FloatVector top =
        FloatVector.broadcast(SPECIES, 1f).blend(u, v.compare(VectorOperators.LT, 0f));
    return r.mul(u).fma(d, top).mul(d);
  }

  /** {@code x σ(2u)}, {@code u = √(2/π) (x + 0.044715 x³)}. */
  static FloatVector geluTanh(FloatVector x) {
    return x.max(-Float.MAX_VALUE).mul(sigmoid(geluArgument(clamp(x, GELU_CUT))));
  }

  private static FloatVector geluArgument(FloatVector x) {
    return x.mul(
        x.mul(x)
            .fma(
                FloatVector.broadcast(SPECIES, GELU_SCALE_CUBIC),
                FloatVector.broadcast(SPECIES, GELU_SCALE)));
  }

  /** {@code σ(2u) + x 2u' σ(2u) (1 - σ(2u))}. */
  static FloatVector geluTanhSlope(FloatVector x) {
    // Minima of integers would be faster, and more code than HotSpot inlines here.
    FloatVector cut = x.max(-GELU_CUT).min(GELU_CUT);
    FloatVector inner =
        cut.mul(cut)
            .fma(
                FloatVector.broadcast(SPECIES, 3 * GELU_SCALE_CUBIC),
                FloatVector.broadcast(SPECIES, GELU_SCALE));
    return gateSlope(geluArgument(cut), cut.mul(inner));
  }

  static FloatVector gelu(FloatVector x) {
    FloatVector cut = x.max(-GELU_CUT).min(GELU_CUT);
    FloatVector tail = tail(cut).mul(bell(cut));
    FloatVector rest = FloatVector.broadcast(SPECIES, 1f).sub(tail);
    FloatVector cdf = tail.blend(rest, cut.compare(VectorOperators.GT, 0f));
    return x.max(-Float.MAX_VALUE).mul(cdf);
  }

  /** {@code Φ(x) + x φ(x)}. */
  static FloatVector geluSlope(FloatVector x) {
    FloatVector cut = x.max(-GELU_CUT).min(GELU_CUT);
    FloatVector shape = tail(cut);
    FloatVector bell = bell(cut);
    FloatVector tail = shape.mul(bell);
    FloatVector rest = FloatVector.broadcast(SPECIES, 1f).sub(tail);
    FloatVector cdf = tail.blend(rest, cut.compare(VectorOperators.GT, 0f));
    return cut.mul(DENSITY).fma(bell, cdf);
  }

  /** {@code e^{-x²/2}}; what x² loses in rounding is given back to first order. */
  private static FloatVector bell(FloatVector x) {
    FloatVector square = x.mul(x);
    FloatVector lost = x.fma(x, square.neg());
    FloatVector e = expOfMinusAbs(square.mul(0.5f));
    return e.fma(lost.mul(-0.5f), e);
  }

  /** {@code Φ(-|x|) e^{x²/2} = t P(t)}, {@code t = 1/(1 + 0.27 |x|)}; fit 2.4e-8. */
  private static FloatVector tail(FloatVector x) {
    FloatVector t =
        FloatVector.broadcast(SPECIES, 1f)
            .div(
                x.abs()
                    .fma(
                        FloatVector.broadcast(SPECIES, 0.27f), FloatVector.broadcast(SPECIES, 1f)));
    FloatVector p = FloatVector.broadcast(SPECIES, 0.028961098f);
    p = p.fma(t, FloatVector.broadcast(SPECIES, -0.12648584f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.16978613f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, -0.069210716f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.10782559f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.072049625f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.101810604f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.10754287f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 0.10772066f));
    return p.mul(t);
  }
}
