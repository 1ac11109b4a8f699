package io.sequencezoo.core.autodiff;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Wrong shapes and types are refused in the project's grammar. */
final class PrimitiveErrorsTest {
  private final Tape tape = Tape.training();

  @AfterEach
  void close() {
    tape.close();
  }

  private Variable of(long... shape) {
    return tape.variable(tape.zeros(DataType.DOUBLE, shape));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void elementwise() {
    refused(
        () -> Primitives.add(tape, of(2, 3), of(4)),
        "add: axes must be equal or 1 from the last to the first, got shapes [[2, 3], [4]]");
    Variable single = tape.variable(tape.zeros(DataType.FLOAT, 3));
    refused(
        () -> Primitives.multiply(tape, of(3), single),
        "multiply: operands must have one data type, got DOUBLE and FLOAT; use castTo");
    refused(
        () -> Primitives.clamp(tape, of(3), 2, 1),
        "clamp: low must not exceed high, got 2.0 and 1.0");
    Variable integers = tape.constant(Nd4j.createFromArray(1, 2));
    refused(
        () -> Primitives.affine(tape, 2, integers, 0),
        "data type: must be FLOAT or DOUBLE, got INT; use castTo(DataType.FLOAT)");
  }

  @Test
  void axes() {
    refused(
        () -> Primitives.sum(tape, of(2, 3), 2, false),
        "sum: axis must be in [-2, 1] for shape [2, 3], got 2");
    refused(
        () -> Primitives.slice(tape, of(2, 3), 1, 1, 4),
        "slice: need 0 <= from <= to <= 3 along axis 1 of shape [2, 3], got from 1 to 4");
    refused(
        () -> Primitives.split(tape, of(2, 3), -1, 1, 1),
        "split: sizes must be positive and add up to 3 along axis -1 of shape [2, 3], got [1, 1]");
    refused(
        () -> Primitives.concat(tape, 0, of(2, 3), of(2, 4)),
        "concat: parts must agree but for axis 0, got shapes [2, 3] and [2, 4]");
    refused(
        () -> Primitives.stack(tape, 0, of(2), of(3)),
        "stack: parts must have one shape, got [2] and [3]");
    refused(
        () -> Primitives.permute(tape, of(2, 3), 0, 0),
        "permute: axes must name each of the 2 axes once, got [0, 0]");
    refused(
        () -> Primitives.pad(tape, of(2), 0, -1, 0, 0),
        "pad: before and after must not be negative, got -1 and 0; use slice to cut");
  }

  @Test
  void shapes() {
    refused(
        () -> Primitives.reshape(tape, of(2, 3), 4, -1),
        "reshape: must keep the 6 elements of shape [2, 3], got [4, -1]");
    refused(
        () -> Primitives.expand(tape, of(2, 3), 2, 6),
        "expand: axes must be equal or 1 from the last to the first, got shapes [[2, 3], [2, 6]]");
    refused(
        () -> Primitives.expand(tape, of(2, 3), 2, 1),
        "expand: shape [2, 3] must broadcast to the result, got [2, 1]");
    refused(() -> Primitives.repeat(tape, of(2), 0, 0), "repeat: times must be at least 1, got 0");
  }

  @Test
  void products() {
    refused(
        () -> Primitives.matmul(tape, of(2, 3), of(4, 5), false, true),
        "matmul: inner axes must be equal, got 3 and 5 in shapes [2, 3] and [4, 5]ᵀ");
    refused(
        () -> Primitives.matmul(tape, of(3), of(3, 5)),
        "matmul: both operands need two axes at least, got shapes [3] and [3, 5]");
    refused(
        () -> Primitives.matmul(tape, of(2, 4, 3), of(5, 3, 4)),
        "matmul: axes must be equal or 1 from the last to the first, got shapes [[2], [5]]");
    refused(
        () -> Primitives.linear(tape, of(2, 3), of(4, 5), null),
        "linear: weight must be [3, out] for input [2, 3], got [4, 5]");
    refused(
        () -> Primitives.linear(tape, of(2, 3), of(3, 5), of(4)),
        "linear: bias must be [5], got [4]");
  }

  @Test
  void lookups() {
    refused(
        () -> Primitives.take(tape, of(4, 2), Nd4j.createFromArray(1, 4)),
        "take: index must be in [0, 4), got 4 at position 1");
    refused(
        () -> Primitives.take(tape, of(4, 2), Nd4j.createFromArray(1.5)),
        "take: needs a table with an axis and integer indices, got shape [4, 2] and type DOUBLE");
  }
}
