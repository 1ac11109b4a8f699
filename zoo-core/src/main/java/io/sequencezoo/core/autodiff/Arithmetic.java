package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Element-wise primitives; {@link Primitives} documents them. */
final class Arithmetic {
  private Arithmetic() {}

  static Variable map(Tape tape, Unary function, Variable x) {
    return map(tape, Precision.of(x.type()), function, x);
  }

  private static <A> Variable map(Tape tape, Precision<A> p, Unary function, Variable x) {
    Kernels<A> kernels = p.kernels();
    INDArray value = tape.allocate(x.type(), x.shape());
    Source<A> source = Source.of(p, x.operand());
    Elementwise.write(
        p,
        (at, tile, n) -> {
          source.load(at, tile, n);
          kernels.map(function, tile, 0, tile, 0, n);
        },
        value,
        0);
    return tape.record(
        value,
        c -> {
          Source<A> y = Source.of(p, value);
          Source<A> gy = Source.of(p, c.output());
          contribute(c, p, 0, x.shape(), pulledBack(p, function, source, y, gy));
        },
        x);
  }

  private static <A> Source<A> pulledBack(
      Precision<A> p, Unary function, Source<A> x, Source<A> y, Source<A> gy) {
    return (at, tile, n) -> {
      gy.load(at, tile, n);
      try (var scratch = p.scratch()) {
        A in = scratch.take(n);
        A out = scratch.take(n);
        x.load(at, in, n);
        y.load(at, out, n);
        p.kernels().mapPullback(function, in, 0, out, 0, tile, 0, tile, 0, n);
      }
    };
  }

  static Variable add(Tape tape, Variable x, Variable y) {
    return sum(tape, precision("add", x, y), "add", x, y, 1);
  }

  static Variable subtract(Tape tape, Variable x, Variable y) {
    return sum(tape, precision("subtract", x, y), "subtract", x, y, -1);
  }

  private static <A> Variable sum(
      Tape tape, Precision<A> p, String name, Variable x, Variable y, int sign) {
    Kernels<A> kernels = p.kernels();
    long[] shape = Broadcast.shape(name, x.shape(), y.shape());
    Source.Binary<A> function =
        sign > 0
            ? (a, b, out, n) -> kernels.add(a, 0, b, 0, out, 0, n)
            : (a, b, out, n) -> kernels.subtract(a, 0, b, 0, out, 0, n);
    return tape.record(
        evaluate(tape, p, function, x, y, shape),
        c -> {
          shareOrSum(c, p, 0, shape, c.output());
          if (sign > 0) {
            shareOrSum(c, p, 1, shape, c.output());
          } else {
            contribute(c, p, 1, shape, Source.scaled(p, -1, Source.of(p, c.output())));
          }
        },
        x,
        y);
  }

  static Variable multiply(Tape tape, Variable x, Variable y) {
    return multiply(tape, precision("multiply", x, y), x, y);
  }

  private static <A> Variable multiply(Tape tape, Precision<A> p, Variable x, Variable y) {
    Kernels<A> kernels = p.kernels();
    long[] shape = Broadcast.shape("multiply", x.shape(), y.shape());
    Source.Binary<A> function = (a, b, out, n) -> kernels.multiply(a, 0, b, 0, out, 0, n);
    return tape.record(
        evaluate(tape, p, function, x, y, shape),
        c -> {
          Source<A> gradient = Source.of(p, c.output());
          contribute(c, p, 0, shape, Source.product(p, gradient, Source.of(p, y.operand(), shape)));
          contribute(c, p, 1, shape, Source.product(p, gradient, Source.of(p, x.operand(), shape)));
        },
        x,
        y);
  }

  static Variable divide(Tape tape, Variable x, Variable y) {
    return divide(tape, precision("divide", x, y), x, y);
  }

  private static <A> Variable divide(Tape tape, Precision<A> p, Variable x, Variable y) {
    Kernels<A> kernels = p.kernels();
    long[] shape = Broadcast.shape("divide", x.shape(), y.shape());
    Source.Binary<A> function = (a, b, out, n) -> kernels.divide(a, 0, b, 0, out, 0, n);
    INDArray value = evaluate(tape, p, function, x, y, shape);
    return tape.record(
        value,
        c -> {
          // gx = g/y and gy = -g (x/y)/y, which is -gx times the quotient already computed.
          Source<A> gx =
              Source.combine(
                  p, Source.of(p, c.output()), Source.of(p, y.operand(), shape), function);
          contribute(c, p, 0, shape, gx);
          Source<A> gy = Source.product(p, gx, Source.of(p, value));
          contribute(c, p, 1, shape, Source.scaled(p, -1, gy));
        },
        x,
        y);
  }

  static Variable affine(Tape tape, double alpha, Variable x, double beta) {
    return affine(tape, Precision.of(x.type()), alpha, x, beta);
  }

  private static <A> Variable affine(
      Tape tape, Precision<A> p, double alpha, Variable x, double beta) {
    Kernels<A> kernels = p.kernels();
    INDArray value = tape.allocate(x.type(), x.shape());
    Source<A> source = Source.of(p, x.operand());
    Elementwise.write(
        p,
        (at, tile, n) -> {
          source.load(at, tile, n);
          kernels.affine(alpha, tile, 0, beta, tile, 0, n);
        },
        value,
        0);
    return tape.record(
        value,
        c -> contribute(c, p, 0, x.shape(), Source.scaled(p, alpha, Source.of(p, c.output()))),
        x);
  }

  private static <A> INDArray evaluate(
      Tape tape, Precision<A> p, Source.Binary<A> f, Variable x, Variable y, long[] shape) {
    INDArray value = tape.allocate(x.type(), shape);
    Source<A> left = Source.of(p, x.operand(), shape);
    Source<A> right = Source.of(p, y.operand(), shape);
    Elementwise.write(p, Source.combine(p, left, right, f), value, 0);
    return value;
  }

  /** Adds a source in the output's shape to the gradient of input i, summed where broadcast. */
  static <A> void contribute(
      Cotangents c, Precision<A> p, int i, long[] shape, Source<A> contribution) {
    if (c.needs(i)) {
      new Sums<>(c.tape(), p).intoBroadcast(contribution, shape, c.sink(i));
    }
  }

  /** Adds the output's own cotangent to the gradient of input i, without a copy if it may. */
  static <A> void shareOrSum(Cotangents c, Precision<A> p, int i, long[] shape, INDArray gradient) {
    if (!c.needs(i)) {
      return;
    }
    if (Arrays.equals(c.shape(i), shape)) {
      c.share(i, gradient);
    } else {
      contribute(c, p, i, shape, Source.of(p, gradient));
    }
  }

  /** The one precision of all operands. */
  static Precision<?> precision(String name, Variable... operands) {
    for (Variable operand : operands) {
      checkArgument(
          operand.type() == operands[0].type(),
          "%s: operands must have one data type, got %s and %s; use castTo",
          name,
          operands[0].type(),
          operand.type());
    }
    return Precision.of(operands[0].type());
  }
}
