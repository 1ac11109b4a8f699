package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Primitives that choose between elements, and powers: plain loops, since they branch or spend
 * their time in {@link Math}. {@link Primitives} documents them.
 */
final class Choices {
  private Choices() {}

  static Variable power(Tape tape, Variable x, double exponent) {
    return map(
        tape,
        Precision.of(x.type()),
        x,
        v -> Math.pow(v, exponent),
        v -> exponent == 0 ? 0 : exponent * Math.pow(v, exponent - 1));
  }

  static Variable abs(Tape tape, Variable x) {
    return map(tape, Precision.of(x.type()), x, Math::abs, Math::signum);
  }

  static Variable clamp(Tape tape, Variable x, double low, double high) {
    checkArgument(low <= high, "clamp: low must not exceed high, got %s and %s", low, high);
    return map(
        tape,
        Precision.of(x.type()),
        x,
        v -> Math.max(low, Math.min(high, v)),
        v -> v < low || v > high ? 0 : v <= high ? 1 : v);
  }

  static Variable maximum(Tape tape, Variable x, Variable y) {
    Precision<?> p = Arithmetic.precision("maximum", x, y);
    return pick(tape, p, "maximum", x, y, Math::max, (a, b) -> preference(a, b));
  }

  static Variable minimum(Tape tape, Variable x, Variable y) {
    Precision<?> p = Arithmetic.precision("minimum", x, y);
    return pick(tape, p, "minimum", x, y, Math::min, (a, b) -> preference(b, a));
  }

  /**
   * How much of the gradient the first gets: all where it is larger, half where they are equal, NaN
   * where one is.
   */
  private static double preference(double first, double second) {
    return first > second ? 1 : first < second ? 0 : first == second ? 0.5 : Double.NaN;
  }

  private static <A> Variable map(
      Tape tape,
      Precision<A> p,
      Variable x,
      DoubleUnaryOperator function,
      DoubleUnaryOperator derivative) {
    INDArray value = tape.allocate(x.type(), x.shape());
    Source<A> source = Source.of(p, x.operand());
    Elementwise.write(p, mapped(p, source, function), value, 0);
    return tape.record(
        value,
        c -> {
          Source<A> gradient = Source.of(p, c.output());
          Source<A> slope = mapped(p, source, derivative);
          Arithmetic.contribute(c, p, 0, x.shape(), Source.product(p, gradient, slope));
        },
        x);
  }

  private static <A> Source<A> mapped(Precision<A> p, Source<A> x, DoubleUnaryOperator f) {
    return (at, tile, n) -> {
      x.load(at, tile, n);
      for (int i = 0; i < n; i++) {
        p.kernels().set(tile, i, f.applyAsDouble(p.kernels().get(tile, i)));
      }
    };
  }

  private static <A> Variable pick(
      Tape tape,
      Precision<A> p,
      String name,
      Variable x,
      Variable y,
      DoubleBinaryOperator function,
      DoubleBinaryOperator share) {
    long[] shape = Broadcast.shape(name, x.shape(), y.shape());
    Source<A> left = Source.of(p, x.operand(), shape);
    Source<A> right = Source.of(p, y.operand(), shape);
    INDArray value = tape.allocate(x.type(), shape);
    Elementwise.write(p, Source.combine(p, left, right, loop(p, function)), value, 0);
    return tape.record(
        value,
        c -> {
          Source<A> gradient = Source.of(p, c.output());
          Source<A> first = Source.combine(p, left, right, loop(p, share));
          Source<A> second =
              Source.combine(p, left, right, loop(p, (a, b) -> 1 - share.applyAsDouble(a, b)));
          Arithmetic.contribute(c, p, 0, shape, Source.product(p, gradient, first));
          Arithmetic.contribute(c, p, 1, shape, Source.product(p, gradient, second));
        },
        x,
        y);
  }

  private static <A> Source.Binary<A> loop(Precision<A> p, DoubleBinaryOperator function) {
    return (x, y, z, n) -> {
      for (int i = 0; i < n; i++) {
        double value = function.applyAsDouble(p.kernels().get(x, i), p.kernels().get(y, i));
        p.kernels().set(z, i, value);
      }
    };
  }

  static Variable where(Tape tape, INDArray condition, Variable x, Variable y) {
    return where(tape, Arithmetic.precision("where", x, y), condition, x, y);
  }

  private static <A> Variable where(
      Tape tape, Precision<A> p, INDArray condition, Variable x, Variable y) {
    long[] shape = Broadcast.shape("where", condition.shape(), x.shape(), y.shape());
    Source<A> mask = Source.of(p, tape.constant(typed(p, condition)).operand(), shape);
    Source<A> left = Source.of(p, x.operand(), shape);
    Source<A> right = Source.of(p, y.operand(), shape);
    INDArray value = tape.allocate(x.type(), shape);
    Elementwise.write(p, select(p, mask, left, right), value, 0);
    return tape.record(
        value,
        c -> {
          Source<A> gradient = Source.of(p, c.output());
          Source<A> zero = (at, tile, n) -> p.kernels().fill(tile, 0, n, 0);
          Arithmetic.contribute(c, p, 0, shape, select(p, mask, gradient, zero));
          Arithmetic.contribute(c, p, 1, shape, select(p, mask, zero, gradient));
        },
        x,
        y);
  }

  /** By way of BOOL, so that every nonzero is kept whatever the types. */
  private static INDArray typed(Precision<?> p, INDArray condition) {
    if (condition.dataType() == p.type()) {
      return condition;
    }
    Replay.spoil();
    return condition.castTo(DataType.BOOL).castTo(p.type());
  }

  private static <A> Source<A> select(Precision<A> p, Source<A> mask, Source<A> x, Source<A> y) {
    return (at, tile, n) -> {
      y.load(at, tile, n);
      try (Scratch<A> scratch = p.scratch()) {
        A keep = scratch.take(n);
        A other = scratch.take(n);
        mask.load(at, keep, n);
        x.load(at, other, n);
        for (int i = 0; i < n; i++) {
          if (p.kernels().get(keep, i) != 0) {
            p.kernels().set(tile, i, p.kernels().get(other, i));
          }
        }
      }
    };
  }
}
