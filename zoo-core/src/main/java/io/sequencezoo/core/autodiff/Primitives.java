package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Unary;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Differentiable operations to write any block with. Operands of one operation have one data type;
 * shapes broadcast as NumPy's; negative axes count from the last. Every result is a new array but
 * for {@link #reshape}, which is a view.
 *
 * <p>Large contiguous operands go tile by tile through the kernels, on all threads, with results
 * that don't depend on how many there are.
 */
public final class Primitives {
  private Primitives() {}

  // Element by element.

  /** {@code f(x)}. */
  public static Variable map(Tape tape, Unary function, Variable x) {
    return Arithmetic.map(tape, function, x);
  }

  /** {@code x + y}. */
  public static Variable add(Tape tape, Variable x, Variable y) {
    return Arithmetic.add(tape, x, y);
  }

  /** {@code x - y}. */
  public static Variable subtract(Tape tape, Variable x, Variable y) {
    return Arithmetic.subtract(tape, x, y);
  }

  /** {@code x y}, element by element. */
  public static Variable multiply(Tape tape, Variable x, Variable y) {
    return Arithmetic.multiply(tape, x, y);
  }

  /** {@code x / y}. */
  public static Variable divide(Tape tape, Variable x, Variable y) {
    return Arithmetic.divide(tape, x, y);
  }

  /** {@code alpha x + beta}. */
  public static Variable affine(Tape tape, double alpha, Variable x, double beta) {
    return Arithmetic.affine(tape, alpha, x, beta);
  }

  /** {@code x^exponent}. */
  public static Variable power(Tape tape, Variable x, double exponent) {
    return Choices.power(tape, x, exponent);
  }

  /** {@code |x|}; the gradient is 0 at 0. */
  public static Variable abs(Tape tape, Variable x) {
    return Choices.abs(tape, x);
  }

  /** x within {@code [low, high]}, the nearer bound outside; the gradient is 0 outside. */
  public static Variable clamp(Tape tape, Variable x, double low, double high) {
    return Choices.clamp(tape, x, low, high);
  }

  /** The larger of x and y; equals share the gradient. */
  public static Variable maximum(Tape tape, Variable x, Variable y) {
    return Choices.maximum(tape, x, y);
  }

  /** The smaller of x and y; equals share the gradient. */
  public static Variable minimum(Tape tape, Variable x, Variable y) {
    return Choices.minimum(tape, x, y);
  }

  /** x where the condition, of any type, is not zero, else y; all three broadcast. */
  public static Variable where(Tape tape, INDArray condition, Variable x, Variable y) {
    return Choices.where(tape, condition, x, y);
  }

  /** x where the mask, of any type, is not zero, else the value. */
  public static Variable mask(Tape tape, Variable x, INDArray mask, double value) {
    INDArray filler = tape.allocate(x.type(), 1);
    filler.assign(value);
    return Choices.where(tape, mask, x, tape.constant(filler));
  }

  /** The value of x as a constant: nothing flows back. */
  public static Variable stopGradient(Tape tape, Variable x) {
    return tape.constant(x.operand());
  }

  /** Zeros in the shape and type of x, constant. */
  public static Variable zerosLike(Tape tape, Variable x) {
    return tape.constant(tape.zeros(x.type(), x.shape()));
  }

  // Along axes.

  /** The sum of all elements, of shape {@code []}. */
  public static Variable sum(Tape tape, Variable x) {
    return Reductions.sum(tape, x);
  }

  /** The sum along an axis, which becomes 1 if kept and goes otherwise. */
  public static Variable sum(Tape tape, Variable x, int axis, boolean keep) {
    return Reductions.sum(tape, x, axis, keep);
  }

  /** The mean of all elements, of shape {@code []}. */
  public static Variable mean(Tape tape, Variable x) {
    return affine(tape, 1.0 / x.length(), sum(tape, x), 0);
  }

  /** The mean along an axis, which becomes 1 if kept and goes otherwise. */
  public static Variable mean(Tape tape, Variable x, int axis, boolean keep) {
    double size = Axis.of("mean", x.shape(), axis).size();
    return affine(tape, 1 / size, sum(tape, x, axis, keep), 0);
  }

  /**
   * The largest element along an axis, which becomes 1 if kept and goes otherwise. The gradient
   * goes to the first of equals.
   */
  public static Variable max(Tape tape, Variable x, int axis, boolean keep) {
    return Reductions.max(tape, x, axis, keep);
  }

  /**
   * {@code log Σ e^x} along the last axis, without overflow; the axis becomes 1 if kept and goes
   * otherwise.
   */
  public static Variable logSumExp(Tape tape, Variable x, boolean keep) {
    return Reductions.logSumExp(tape, x, keep);
  }

  /** {@code e^x / Σ e^x} along the last axis. */
  public static Variable softmax(Tape tape, Variable x) {
    return Reductions.softmax(tape, x);
  }

  /** {@code x - log Σ e^x} along the last axis. */
  public static Variable logSoftmax(Tape tape, Variable x) {
    return Reductions.logSoftmax(tape, x);
  }

  /** {@code y_t = Σ_{s ≤ t} x_s} along an axis; {@code Σ_{s ≥ t}} if reverse. */
  public static Variable cumulativeSum(Tape tape, Variable x, int axis, boolean reverse) {
    return Reductions.cumulativeSum(tape, x, axis, reverse);
  }

  // Products.

  /**
   * Matrix products over the last two axes: {@code a [..., M, K]} times {@code b [..., K, N]} is
   * {@code [..., M, N]}. Leading axes broadcast; a b of two axes serves all of a's.
   */
  public static Variable matmul(Tape tape, Variable a, Variable b) {
    return Products.matmul(tape, a, b, false, false);
  }

  /** {@code op(a) op(b)}: as {@link #matmul(Tape, Variable, Variable)} with last axes swapped. */
  public static Variable matmul(
      Tape tape, Variable a, Variable b, boolean transposeA, boolean transposeB) {
    return Products.matmul(tape, a, b, transposeA, transposeB);
  }

  /**
   * {@code x W + b} for {@code x [..., I]}, {@code weight [I, O]} and {@code bias [O]}, which may
   * be null.
   */
  public static Variable linear(Tape tape, Variable x, Variable weight, Variable bias) {
    return Products.linear(tape, x, weight, bias);
  }

  // Shapes.

  /** The same elements in another shape, without a copy; one size may be -1. */
  public static Variable reshape(Tape tape, Variable x, long... shape) {
    return Shaping.reshape(tape, x, shape);
  }

  /** Axis i of the result is axis {@code axes[i]} of x. */
  public static Variable permute(Tape tape, Variable x, int... axes) {
    return Shaping.permute(tape, x, axes);
  }

  /** Positions {@code from} to {@code to - 1} along an axis. */
  public static Variable slice(Tape tape, Variable x, int axis, long from, long to) {
    return Joining.slice(tape, x, axis, from, to);
  }

  /** The parts one after another along an axis. */
  public static Variable concat(Tape tape, int axis, Variable... parts) {
    return Joining.concat(tape, axis, List.of(parts));
  }

  /** Consecutive parts of the given sizes along an axis. */
  public static Variable[] split(Tape tape, Variable x, int axis, long... sizes) {
    return Joining.split(tape, x, axis, sizes);
  }

  /** Equal shapes one after another along a new axis; negative axes count from the new last. */
  public static Variable stack(Tape tape, int axis, Variable... parts) {
    return Joining.stack(tape, axis, List.of(parts));
  }

  /** x with constant values before and after it along an axis. */
  public static Variable pad(
      Tape tape, Variable x, int axis, long before, long after, double value) {
    return Joining.pad(tape, x, axis, before, after, value);
  }

  /** x in the order of decreasing index along an axis. */
  public static Variable flip(Tape tape, Variable x, int axis) {
    return Shaping.flip(tape, x, axis);
  }

  /** x repeated along axes of size 1 and new leading axes, as broadcasting repeats it. */
  public static Variable expand(Tape tape, Variable x, long... shape) {
    return Shaping.expand(tape, x, shape);
  }

  /** Each position along an axis the given number of times in a row: a a b b c c. */
  public static Variable repeat(Tape tape, Variable x, int axis, int times) {
    return Shaping.repeat(tape, x, axis, times);
  }

  /**
   * Row {@code indices[i...]} of a table {@code [N, ...]} for every i: {@code [i..., ...]}. The
   * gradients of a row that is taken more than once are added up.
   */
  public static Variable take(Tape tape, Variable table, INDArray indices) {
    return Lookup.take(tape, table, indices);
  }
}
