package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Primitives that cut tensors and join them along an axis; {@link Primitives} documents them. */
final class Joining {
  private Joining() {}

  static Variable slice(Tape tape, Variable x, int axis, long from, long to) {
    Axis view = Axis.of("slice", x.shape(), axis);
    checkArgument(
        from >= 0 && from <= to && to <= view.size(),
        "slice: need 0 <= from <= to <= %s along axis %s of shape %s, got from %s to %s",
        view.size(),
        axis,
        Arrays.toString(x.shape()),
        from,
        to);
    return slice(tape, Precision.of(x.type()), x, view, axis, from, to);
  }

  private static <A> Variable slice(
      Tape tape, Precision<A> p, Variable x, Axis view, int axis, long from, long to) {
    INDArray value = tape.allocate(x.type(), Axis.with(x.shape(), axis, to - from));
    Block part = new Block(view.outer(), (to - from) * view.inner());
    Run inX = new Run(view.size() * view.inner(), from * view.inner());
    Run inY = new Run(part.columns(), 0);
    copy(p, part, x.operand(), inX, value, inY, 0);
    return tape.record(
        value,
        c -> {
          Cotangents.Sink sink = c.sink(0);
          if (sink.beta() == 0) {
            Elementwise.fill(sink.array(), 0);
          }
          copy(p, part, c.output(), inY, sink.array(), inX, sink.beta());
        },
        x);
  }

  static Variable concat(Tape tape, int axis, List<Variable> parts) {
    checkArgument(!parts.isEmpty(), "concat: needs at least one part, got none");
    Variable[] inputs = parts.toArray(new Variable[0]);
    long[] shape = inputs[0].shape();
    int index = Axis.index("concat", shape, axis);
    long total = 0;
    for (Variable part : inputs) {
      checkArgument(
          part.rank() == shape.length
              && Arrays.equals(Axis.with(part.shape(), index, 0), Axis.with(shape, index, 0)),
          "concat: parts must agree but for axis %s, got shapes %s and %s",
          axis,
          Arrays.toString(shape),
          Arrays.toString(part.shape()));
      total += part.shape()[index];
    }
    Precision<?> p = Arithmetic.precision("concat", inputs);
    return concat(tape, p, inputs, index, Axis.with(shape, index, total));
  }

  private static <A> Variable concat(
      Tape tape, Precision<A> p, Variable[] inputs, int axis, long[] shape) {
    INDArray value = tape.allocate(inputs[0].type(), shape);
    Layout layout = Layout.of(inputs, axis, shape);
    for (int i = 0; i < inputs.length; i++) {
      copy(p, layout.blocks[i], inputs[i].operand(), layout.own(i), value, layout.whole[i], 0);
    }
    return tape.record(
        value,
        c -> {
          for (int i = 0; i < inputs.length; i++) {
            if (c.needs(i)) {
              Cotangents.Sink sink = c.sink(i);
              copy(
                  p,
                  layout.blocks[i],
                  c.output(),
                  layout.whole[i],
                  sink.array(),
                  layout.own(i),
                  sink.beta());
            }
          }
        },
        inputs);
  }

  static Variable[] split(Tape tape, Variable x, int axis, long... sizes) {
    Axis view = Axis.of("split", x.shape(), axis);
    checkArgument(
        Arrays.stream(sizes).sum() == view.size() && Arrays.stream(sizes).allMatch(s -> s > 0),
        "split: sizes must be positive and add up to %s along axis %s of shape %s, got %s",
        view.size(),
        axis,
        Arrays.toString(x.shape()),
        Arrays.toString(sizes));
    return split(tape, Precision.of(x.type()), x, view, axis, sizes);
  }

  private static <A> Variable[] split(
      Tape tape, Precision<A> p, Variable x, Axis view, int axis, long[] sizes) {
    INDArray[] values = new INDArray[sizes.length];
    Block[] blocks = new Block[sizes.length];
    Run[] runs = new Run[sizes.length];
    long from = 0;
    for (int i = 0; i < sizes.length; i++) {
      values[i] = tape.allocate(x.type(), Axis.with(x.shape(), axis, sizes[i]));
      blocks[i] = new Block(view.outer(), sizes[i] * view.inner());
      runs[i] = new Run(view.size() * view.inner(), from);
      copy(p, blocks[i], x.operand(), runs[i], values[i], new Run(blocks[i].columns(), 0), 0);
      from += sizes[i] * view.inner();
    }
    return tape.record(
        values,
        c -> {
          Cotangents.Sink sink = c.sink(0);
          for (int i = 0; i < values.length; i++) {
            INDArray gradient = c.output(i);
            if (gradient != null) {
              Run own = new Run(blocks[i].columns(), 0);
              copy(p, blocks[i], gradient, own, sink.array(), runs[i], sink.beta());
            } else if (sink.beta() == 0) {
              clear(p, blocks[i], sink.array(), runs[i]);
            }
          }
        },
        x);
  }

  static Variable stack(Tape tape, int axis, List<Variable> parts) {
    checkArgument(!parts.isEmpty(), "stack: needs at least one part, got none");
    long[] first = parts.get(0).shape();
    long[] unit = new long[first.length + 1];
    int index = Axis.index("stack", unit, axis);
    System.arraycopy(first, 0, unit, 0, index);
    unit[index] = 1;
    System.arraycopy(first, index, unit, index + 1, first.length - index);
    List<Variable> apart = new ArrayList<>();
    for (Variable part : parts) {
      checkArgument(
          Arrays.equals(part.shape(), first),
          "stack: parts must have one shape, got %s and %s",
          Arrays.toString(first),
          Arrays.toString(part.shape()));
      apart.add(Shaping.reshape(tape, part, unit));
    }
    return concat(tape, index, apart);
  }

  static Variable pad(Tape tape, Variable x, int axis, long before, long after, double value) {
    checkArgument(
        before >= 0 && after >= 0,
        "pad: before and after must not be negative, got %s and %s; use slice to cut",
        before,
        after);
    Axis view = Axis.of("pad", x.shape(), axis);
    return pad(tape, Precision.of(x.type()), x, view, axis, before, after, value);
  }

  private static <A> Variable pad(
      Tape tape,
      Precision<A> p,
      Variable x,
      Axis view,
      int axis,
      long before,
      long after,
      double filler) {
    long size = before + view.size() + after;
    INDArray value = tape.allocate(x.type(), Axis.with(x.shape(), axis, size));
    Elementwise.fill(value, filler);
    Block part = new Block(view.outer(), view.size() * view.inner());
    Run inX = new Run(part.columns(), 0);
    Run inY = new Run(size * view.inner(), before * view.inner());
    copy(p, part, x.operand(), inX, value, inY, 0);
    return tape.record(
        value,
        c -> {
          Cotangents.Sink sink = c.sink(0);
          copy(p, part, c.output(), inY, sink.array(), inX, sink.beta());
        },
        x);
  }

  /** A matrix of rows that are copied whole. */
  private record Block(long rows, long columns) {}

  /** Where the rows of a block lie in an array. */
  private record Run(long stride, long offset) {}

  /** Where the parts of a concatenation lie. */
  private static final class Layout {
    final Block[] blocks;
    final Run[] whole;

    private Layout(int parts) {
      blocks = new Block[parts];
      whole = new Run[parts];
    }

    static Layout of(Variable[] inputs, int axis, long[] shape) {
      Layout layout = new Layout(inputs.length);
      Axis view = Axis.of("concat", shape, axis);
      long from = 0;
      for (int i = 0; i < inputs.length; i++) {
        long columns = inputs[i].shape()[axis] * view.inner();
        layout.blocks[i] = new Block(view.outer(), columns);
        layout.whole[i] = new Run(view.size() * view.inner(), from);
        from += columns;
      }
      return layout;
    }

    Run own(int i) {
      return new Run(blocks[i].columns(), 0);
    }
  }

  private static <A> void copy(
      Precision<A> p, Block block, INDArray source, Run in, INDArray target, Run out, int beta) {
    Kernels<A> kernels = p.kernels();
    Slab<A> from = p.slab(source);
    Slab<A> to = p.slab(target);
    forRuns(
        block,
        (row, column, n) -> {
          try (Scratch<A> scratch = p.scratch()) {
            A tile = scratch.take(n);
            long at = out.offset() + row * out.stride() + column;
            from.load(in.offset() + row * in.stride() + column, tile, 0, n);
            if (beta != 0) {
              A before = scratch.take(n);
              to.load(at, before, 0, n);
              kernels.add(before, 0, tile, 0, tile, 0, n);
            }
            to.store(at, tile, 0, n);
          }
        });
  }

  private static <A> void clear(Precision<A> p, Block block, INDArray target, Run out) {
    Slab<A> to = p.slab(target);
    forRuns(
        block,
        (row, column, n) -> {
          try (Scratch<A> scratch = p.scratch()) {
            to.store(out.offset() + row * out.stride() + column, scratch.zeros(n), 0, n);
          }
        });
  }

  /** A body over a piece of a row. */
  @FunctionalInterface
  private interface RunBody {
    void accept(long row, long column, int n);
  }

  private static void forRuns(Block block, RunBody body) {
    long width = Math.max(1, Math.min(block.columns(), Elementwise.TILE));
    long across = (block.columns() + width - 1) / width;
    Parallel.ranges(
        block.rows() * across,
        (int) Math.max(1, Elementwise.GRAIN / width),
        (start, end) -> {
          for (long piece = start; piece < end; piece++) {
            long column = piece % across * width;
            body.accept(piece / across, column, (int) Math.min(width, block.columns() - column));
          }
        });
  }
}
