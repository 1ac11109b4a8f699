package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A floating-point format of at most 32 bits: a sign, an exponent and a mantissa.
 *
 * <pre>{@code
 * x = ± (1 + m / 2^M) 2^(e - bias)     e > 0
 * x = ± (m / 2^M) 2^(1 - bias)         e = 0
 * }</pre>
 *
 * <p>The largest exponent stands for infinities and NaN, but in {@code F8_E4M3}, which has no
 * infinities and whose NaN has a mantissa of ones (Micikevicius et al. 2022, arXiv 2209.05433).
 */
enum FloatFormat {
  F32(8, 23, true),
  BF16(8, 7, true),
  F16(5, 10, true),
  F8_E5M2(5, 2, true),
  F8_E4M3(4, 3, false);

  private final int exponentBits;
  private final int mantissaBits;
  private final boolean infinite;

  FloatFormat(int exponentBits, int mantissaBits, boolean infinite) {
    this.exponentBits = exponentBits;
    this.mantissaBits = mantissaBits;
    this.infinite = infinite;
  }

  /** The values of all patterns of at most 16 bits, for formats that have no shorter way. */
  private static final class Tables {
    private static final float[] HALF = table(F16);
    private static final float[] E5M2 = table(F8_E5M2);
    private static final float[] E4M3 = table(F8_E4M3);

    private static float[] table(FloatFormat format) {
      float[] values = new float[1 << (8 * format.bytes())];
      for (int bits = 0; bits < values.length; bits++) {
        values[bits] = (float) format.value(bits);
      }
      return values;
    }
  }

  /**
   * The format of a type's elements.
   *
   * @throws IllegalArgumentException where it is not floating-point, or wider
   */
  static FloatFormat of(ElementType type) {
    checkArgument(
        type.isFloating() && type.bytes() <= Float.BYTES,
        "safetensors: type must be floating-point of at most 32 bits, got %s",
        type);
    return valueOf(type.name());
  }

  /** Bytes of a number. */
  int bytes() {
    return (1 + exponentBits + mantissaBits) / Byte.SIZE;
  }

  private int bias() {
    return (1 << (exponentBits - 1)) - 1;
  }

  /** The largest finite number's bits, without the sign. */
  private int largest() {
    int top = ((1 << exponentBits) - 1) << mantissaBits;
    return infinite ? top - 1 : top + (1 << mantissaBits) - 2;
  }

  /** The number of a pattern of bits, exactly. */
  double value(int bits) {
    int magnitude = bits & ((1 << (exponentBits + mantissaBits)) - 1);
    double sign = bits == magnitude ? 1 : -1;
    if (magnitude > largest()) {
      return infinite && magnitude == largest() + 1 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    int exponent = magnitude >>> mantissaBits;
    int mantissa = magnitude & ((1 << mantissaBits) - 1);
    return exponent == 0
        ? sign * Math.scalb((double) mantissa, 1 - bias() - mantissaBits)
        : sign
            * Math.scalb((double) mantissa + (1 << mantissaBits), exponent - bias() - mantissaBits);
  }

  /** The bits of the nearest number, ties to even; what is too large becomes infinite or NaN. */
  int bits(float x) {
    if (this == F32) {
      return Float.floatToRawIntBits(x);
    }
    int sign = Float.floatToRawIntBits(x) >>> 31 << (exponentBits + mantissaBits);
    if (Float.isNaN(x)) {
      return sign | nan(x);
    }
    double magnitude = Math.abs((double) x);
    int exponent = Math.max(Math.getExponent(magnitude), 1 - bias());
    // Scaled by powers of two without error; a carry of the mantissa moves the exponent on.
    long steps =
        (long) Math.rint(Math.scalb(Math.min(magnitude, Float.MAX_VALUE), mantissaBits - exponent));
    long bits = (((long) exponent + bias() - 1) << mantissaBits) + steps;
    int over = largest() + 1;
    return sign | (int) Math.min(Double.isInfinite(magnitude) ? over : bits, over);
  }

  /** A NaN, with as much of its payload as fits. */
  private int nan(float x) {
    int all = (1 << (exponentBits + mantissaBits)) - 1;
    if (!infinite) {
      return all;
    }
    int payload = (Float.floatToRawIntBits(x) & 0x7fffff) >>> (23 - mantissaBits);
    return largest() + 1 + (payload == 0 ? 1 << (mantissaBits - 1) : payload);
  }

  /** Writes numbers to a buffer that has room for them. */
  void encode(float[] from, int offset, int n, ByteBuffer into) {
    if (this == F32) {
      into.asFloatBuffer().put(from, offset, n);
      into.position(into.position() + n * Float.BYTES);
      return;
    }
    for (int i = 0; i < n; i++) {
      int bits = bits(from[offset + i]);
      if (bytes() == 1) {
        into.put((byte) bits);
      } else {
        into.putShort((short) bits);
      }
    }
  }

  /** Takes bytes of a tensor, one piece after the other, and stores its numbers. */
  static final class Decoder implements Consumer<ByteBuffer> {
    private final FloatFormat format;
    private final float[] into;
    private int at;

    Decoder(FloatFormat format, float[] into, int offset) {
      this.format = format;
      this.into = into;
      this.at = offset;
    }

    @Override
    public void accept(ByteBuffer bytes) {
      int n = bytes.remaining() / format.bytes();
      switch (format) {
        case F32 -> bytes.asFloatBuffer().get(into, at, n);
        case BF16 -> {
          for (int i = 0; i < n; i++) {
            into[at + i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
          }
        }
        case F16 -> {
          for (int i = 0; i < n; i++) {
            into[at + i] = Tables.HALF[bytes.getShort(2 * i) & 0xffff];
          }
        }
        case F8_E5M2 -> {
          for (int i = 0; i < n; i++) {
            into[at + i] = Tables.E5M2[bytes.get(i) & 0xff];
          }
        }
        case F8_E4M3 -> {
          for (int i = 0; i < n; i++) {
            into[at + i] = Tables.E4M3[bytes.get(i) & 0xff];
          }
        }
      }
      at += n;
    }
  }
}
