package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rows of a table by their number; {@link Primitives} documents it. */
final class Lookup {
  /**
   * Tasks of the pullback. Each adds to the rows whose number it is congruent to, in the order of
   * the indices, so that repeated rows are added up in one order.
   */
  private static final int SHARDS = 16;

  private Lookup() {}

  static Variable take(Tape tape, Variable table, INDArray indices) {
    checkArgument(
        table.rank() >= 1 && !indices.dataType().isFPType(),
        "take: needs a table with an axis and integer indices, got shape %s and type %s",
        Arrays.toString(table.shape()),
        indices.dataType());
    Replay.spoil();
    int[] rows = indices.reshape('c', new long[] {indices.length()}).toIntVector();
    for (int i = 0; i < rows.length; i++) {
      checkArgument(
          rows[i] >= 0 && rows[i] < table.size(0),
          "take: index must be in [0, %s), got %s at position %s",
          table.size(0),
          rows[i],
          i);
    }
    long[] shape = Arrays.copyOf(indices.shape(), indices.rank() + table.rank() - 1);
    System.arraycopy(table.shape(), 1, shape, indices.rank(), table.rank() - 1);
    return take(tape, Precision.of(table.type()), table, rows, shape);
  }

  private static <A> Variable take(
      Tape tape, Precision<A> p, Variable table, int[] rows, long[] shape) {
    INDArray value = tape.allocate(table.type(), shape);
    int width = (int) (table.length() / Math.max(1, table.size(0)));
    Slab<A> from = p.slab(table.value());
    Slab<A> to = p.slab(value);
    Parallel.ranges(
        rows.length,
        Math.max(1, Elementwise.GRAIN / Math.max(1, width)),
        (start, end) -> {
          try (Scratch<A> scratch = p.scratch()) {
            A row = scratch.take(width);
            for (long i = start; i < end; i++) {
              from.load((long) rows[(int) i] * width, row, 0, width);
              to.store(i * width, row, 0, width);
            }
          }
        });
    return tape.record(
        value,
        c -> {
          Cotangents.Sink sink = c.sink(0);
          if (sink.beta() == 0) {
            Elementwise.fill(sink.array(), 0);
          }
          scatter(p, rows, width, p.slab(c.output()), p.slab(sink.array()));
        },
        table);
  }

  private static <A> void scatter(
      Precision<A> p, int[] rows, int width, Slab<A> gradient, Slab<A> target) {
    Kernels<A> kernels = p.kernels();
    Parallel.run(
        SHARDS,
        shard -> {
          try (Scratch<A> scratch = p.scratch()) {
            A sum = scratch.take(width);
            A row = scratch.take(width);
            for (int i = 0; i < rows.length; i++) {
              if (rows[i] % SHARDS == shard) {
                target.load((long) rows[i] * width, sum, 0, width);
                gradient.load((long) i * width, row, 0, width);
                kernels.add(sum, 0, row, 0, sum, 0, width);
                target.store((long) rows[i] * width, sum, 0, width);
              }
            }
          }
        });
  }
}
