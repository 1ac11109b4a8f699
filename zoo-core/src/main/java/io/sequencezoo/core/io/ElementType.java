package io.sequencezoo.core.io;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * The element types of safetensors files that are read; constants carry their file names. An array
 * of 8-bit floating-point numbers is one of bytes, since ND4J has no such type.
 */
public enum ElementType {
  /** IEEE double. */
  F64(8, DataType.DOUBLE),
  /** IEEE single. */
  F32(4, DataType.FLOAT),
  /** IEEE half. */
  F16(2, DataType.FLOAT16),
  /** The upper half of an IEEE single. */
  BF16(2, DataType.BFLOAT16),
  /** Signed, 64 bits. */
  I64(8, DataType.INT64),
  /** Signed, 32 bits. */
  I32(4, DataType.INT32),
  /** Signed, 16 bits. */
  I16(2, DataType.INT16),
  /** Signed, 8 bits. */
  I8(1, DataType.INT8),
  /** Unsigned, 8 bits. */
  U8(1, DataType.UINT8),
  /** One byte, 0 or 1. */
  BOOL(1, DataType.BOOL),
  /** Eight bits of a floating-point number without infinities: 4 of exponent, 3 of mantissa. */
  F8_E4M3(1, DataType.UINT8),
  /** Eight bits as the upper half of an IEEE half: 5 of exponent, 2 of mantissa. */
  F8_E5M2(1, DataType.UINT8);

  private final int bytes;
  private final DataType type;

  ElementType(int bytes, DataType type) {
    this.bytes = bytes;
    this.type = type;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are floating-point numbers. */
  public boolean isFloating() {
    return type.isFPType() || this == F8_E4M3 || this == F8_E5M2;
  }

  /** ND4J's type of the same elements; bytes where it has none. */
  public DataType dataType() {
    return type;
  }

  /**
   * The element type that stores arrays of a data type.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static ElementType of(DataType type) {
    for (ElementType element : values()) {
      if (element.type == type) {
        return element;
      }
    }
    throw new IllegalArgumentException(
        "safetensors: data type must be one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL,"
            + " got "
            + type
            + "; use castTo");
  }
}
