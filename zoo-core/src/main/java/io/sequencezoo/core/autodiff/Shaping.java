package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Primitives that move elements without computing; {@link Primitives} documents them. */
final class Shaping {
  private Shaping() {}

  static Variable reshape(Tape tape, Variable x, long... shape) {
    long[] target = resolve(x, shape);
    return tape.record(
        tape.view(x.operand(), target), c -> c.share(0, c.output().reshape('c', x.shape())), x);
  }

  private static long[] resolve(Variable x, long[] shape) {
    long length = x.length();
    long known = 1;
    int open = -1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == -1) {
        checkArgument(open < 0, "reshape: one -1 at most, got %s", Arrays.toString(shape));
        open = i;
      } else {
        known *= shape[i];
      }
    }
    checkArgument(
        open < 0 ? known == length : known > 0 && length % known == 0,
        "reshape: must keep the %s elements of shape %s, got %s",
        length,
        Arrays.toString(x.shape()),
        Arrays.toString(shape));
    return open < 0 ? shape.clone() : Axis.with(shape, open, length / known);
  }

  static Variable permute(Tape tape, Variable x, int... axes) {
    int rank = x.rank();
    int[] order = new int[axes.length];
    int[] back = new int[axes.length];
    boolean[] seen = new boolean[rank];
    for (int i = 0; i < axes.length; i++) {
      order[i] = Axis.index("permute", x.shape(), axes[i]);
      seen[order[i]] = true;
      back[order[i]] = i;
    }
    checkArgument(
        axes.length == rank && IntStream.range(0, rank).allMatch(i -> seen[i]),
        "permute: axes must name each of the %s axes once, got %s",
        rank,
        Arrays.toString(axes));
    Precision<?> p = Precision.of(x.type());
    return tape.record(
        Permutation.apply(tape, p, x.operand(), order),
        c -> c.add(0, Permutation.apply(tape, p, c.output(), back)),
        x);
  }

  static Variable expand(Tape tape, Variable x, long... shape) {
    checkArgument(
        Arrays.equals(Broadcast.shape("expand", x.shape(), shape), shape),
        "expand: shape %s must broadcast to the result, got %s",
        Arrays.toString(x.shape()),
        Arrays.toString(shape));
    return expand(tape, Precision.of(x.type()), x, shape.clone());
  }

  private static <A> Variable expand(Tape tape, Precision<A> p, Variable x, long[] shape) {
    INDArray value = tape.allocate(x.type(), shape);
    Elementwise.write(p, Source.of(p, x.operand(), shape), value, 0);
    return tape.record(value, c -> Arithmetic.shareOrSum(c, p, 0, shape, c.output()), x);
  }

  static Variable repeat(Tape tape, Variable x, int axis, int times) {
    checkArgument(times >= 1, "repeat: times must be at least 1, got %s", times);
    Axis view = Axis.of("repeat", x.shape(), axis);
    Variable apart = reshape(tape, x, view.outer(), view.size(), 1, view.inner());
    Variable expanded = expand(tape, apart, view.outer(), view.size(), times, view.inner());
    return reshape(tape, expanded, Axis.with(x.shape(), axis, view.size() * times));
  }

  static Variable flip(Tape tape, Variable x, int axis) {
    return flip(tape, Precision.of(x.type()), x, Axis.of("flip", x.shape(), axis));
  }

  private static <A> Variable flip(Tape tape, Precision<A> p, Variable x, Axis view) {
    INDArray value = tape.allocate(x.type(), x.shape());
    flip(p, x.operand(), view, value);
    return tape.record(
        value,
        c -> {
          INDArray gradient = c.tape().allocate(x.type(), x.shape());
          flip(p, c.output(), view, gradient);
          c.add(0, gradient);
        },
        x);
  }

  private static <A> void flip(Precision<A> p, INDArray source, Axis view, INDArray target) {
    Kernels<A> kernels = p.kernels();
    Slab<A> from = p.slab(source);
    Slab<A> to = p.slab(target);
    int size = (int) view.size();
    int inner = (int) view.inner();
    Parallel.run(
        (int) view.outer(),
        i -> {
          try (Scratch<A> scratch = p.scratch()) {
            A in = scratch.take(size * inner);
            A out = scratch.take(size * inner);
            long at = (long) i * size * inner;
            from.load(at, in, 0, size * inner);
            for (int s = 0; s < size; s++) {
              kernels.copy(in, s * inner, out, (size - 1 - s) * inner, inner);
            }
            to.store(at, out, 0, size * inner);
          }
        });
  }
}
