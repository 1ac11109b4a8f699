package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Narrow floating-point numbers, by the tables of their papers. */
@Tag("any-kernels")
class FloatFormatTest {
  // Micikevicius et al. 2022 (arXiv 2209.05433), table 1; IEEE 754 for half.
  @ParameterizedTest
  @CsvSource({
    "F8_E4M3, 0x7E, 448",
    "F8_E4M3, 0x08, 0.015625",
    "F8_E4M3, 0x07, 0.013671875",
    "F8_E4M3, 0x01, 0.001953125",
    "F8_E4M3, 0xB8, -1",
    "F8_E5M2, 0x7B, 57344",
    "F8_E5M2, 0x04, 6.103515625e-05",
    "F8_E5M2, 0x03, 4.57763671875e-05",
    "F8_E5M2, 0x01, 1.52587890625e-05",
    "F8_E5M2, 0x7C, Infinity",
    "F16, 0x7BFF, 65504",
    "F16, 0x0001, 5.9604644775390625e-08",
    "F16, 0xC500, -5",
    "BF16, 0x3FC0, 1.5",
    "BF16, 0xFF80, -Infinity"
  })
  void values_areThoseOfTheTables(FloatFormat format, String bits, double value) {
    int pattern = Integer.decode(bits);
    assertThat(format.value(pattern)).isEqualTo(value);
    assertThat(format.bits((float) value)).isEqualTo(pattern);
  }

  @ParameterizedTest
  @EnumSource(value = FloatFormat.class, names = "F32", mode = EnumSource.Mode.EXCLUDE)
  void everyNumber_comesBack(FloatFormat format) {
    for (int bits = 0; bits < 1 << (8 * format.bytes()); bits++) {
      ByteBuffer bytes = ByteBuffer.allocate(format.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      if (format.bytes() == 1) {
        bytes.put((byte) bits);
      } else {
        bytes.putShort((short) bits);
      }
      float[] number = new float[1];
      new FloatFormat.Decoder(format, number, 0).accept(bytes.flip());
      double value = format.value(bits);
      // Boxed, so that NaN is NaN.
      assertThat((double) number[0]).isEqualTo(Double.valueOf(value));
      if (!Double.isNaN(value)) {
        ByteBuffer again = ByteBuffer.allocate(format.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        format.encode(number, 0, 1, again);
        assertThat(again.array()).isEqualTo(bytes.array());
      }
    }
  }

  @Test
  void numbersBetween_goToTheNearestAndTiesToEven() {
    // 1.0625 is halfway between 1 and 1.125, whose last bits are 0 and 1.
    assertThat(FloatFormat.F8_E4M3.bits(1.0625f)).isEqualTo(0x38);
    assertThat(FloatFormat.F8_E4M3.bits(1.1875f)).isEqualTo(0x3A);
    assertThat(FloatFormat.F8_E4M3.bits(1.07f)).isEqualTo(0x39);
    assertThat(FloatFormat.F16.bits(65519.996f)).isEqualTo(0x7BFF);
    assertThat(FloatFormat.F16.bits(65520f)).isEqualTo(0x7C00);
    assertThat(FloatFormat.F8_E4M3.bits(1e9f)).isEqualTo(0x7F);
    assertThat(FloatFormat.BF16.bits(Float.NaN) & 0x7FC0).isEqualTo(0x7FC0);
  }
}
