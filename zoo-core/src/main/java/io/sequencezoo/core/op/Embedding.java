package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rows of a table by their index. */
public final class Embedding {
  private Embedding() {}

  /**
   * {@code y[b, t] = table[ids[b, t]]}. Gradients of one table row are added in the order of
   * positions.
   *
   * @param table {@code [N, D]}
   * @param ids integers of any shape, each in {@code [0, N)}
   * @return {@code [ids..., D]}
   */
  public static Variable lookup(Tape tape, Variable table, INDArray ids) {
    checkArgument(
        table.rank() == 2,
        "embedding: table must have shape [N, D], got %s",
        Arrays.toString(table.shape()));
    int[] rows = new int[Math.toIntExact(ids.length())];
    int n = table.size(0);
    // Numbers like any other: a step that is computed again has others in the same array.
    DataBuffer buffer = Indices.buffer(ids);
    if (buffer != null) {
      Parallel.run(false, 1, task -> read(buffer, rows, n));
    } else {
      Replay.spoil();
      System.arraycopy(Indices.read("embedding ids", ids), 0, rows, 0, rows.length);
      check(rows, n);
    }
    long[] shape = Arrays.copyOf(ids.shape(), ids.rank() + 1);
    shape[ids.rank()] = table.size(1);
    return typed(tape, Precision.of(table.type()), table, rows, shape);
  }

  private static void read(DataBuffer ids, int[] rows, int n) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] = ids.getInt(i);
    }
    check(rows, n);
  }

  private static void check(int[] rows, int n) {
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < 0 || rows[i] >= n) {
        throw new IllegalArgumentException(
            "embedding: ids must be in [0, %s), got %s at element %s".formatted(n, rows[i], i));
      }
    }
  }

  private static <A> Variable typed(
      Tape tape, Precision<A> precision, Variable table, int[] ids, long[] shape) {
    int d = table.size(1);
    INDArray y = tape.allocate(table.type(), shape);
    Slab<A> from = precision.slab(table.operand());
    Slab<A> to = precision.slab(y);
    int tileRows = Tiles.tileRows(d);
    Parallel.ranges(
        ids.length,
        Tiles.taskRows(d),
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(tileRows * d);
            for (long r = start; r < end; r += tileRows) {
              int n = (int) Math.min(tileRows, end - r);
              for (int i = 0; i < n; i++) {
                from.load((long) ids[(int) r + i] * d, tile, i * d, d);
              }
              to.store(r * d, tile, 0, n * d);
            }
          }
        });
    return tape.record(y, cotangents -> pullback(precision, cotangents, table, ids), table);
  }

  private static <A> void pullback(
      Precision<A> precision, Cotangents cotangents, Variable table, int[] ids) {
    int d = table.size(1);
    Kernels<A> kernels = precision.kernels();
    Slab<A> gy = precision.slab(cotangents.output());
    Cotangents.Sink sink = cotangents.sink(0);
    if (sink.beta() == 0) {
      sink.array().assign(0);
    }
    Slab<A> target = precision.slab(sink.array());
    Buckets buckets = new Buckets(ids, table.size(0));
    Parallel.run(
        buckets.count(),
        bucket -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A sum = scratch.take(d);
            A row = scratch.take(d);
            long at = (long) buckets.id(bucket) * d;
            target.load(at, sum, 0, d);
            for (int i = buckets.start(bucket); i < buckets.start(bucket + 1); i++) {
              gy.load((long) buckets.position(i) * d, row, 0, d);
              kernels.add(sum, 0, row, 0, sum, 0, d);
            }
            target.store(at, sum, 0, d);
          }
        });
  }

  /**
   * Positions sorted by id, stably: one bucket per id that occurs, so that no row has two tasks.
   */
  private static final class Buckets {
    private final int[] positions;
    private final int[] ids;
    private final int[] starts;
    private final int count;

    Buckets(int[] of, int n) {
      int[] next = new int[n + 1];
      for (int id : of) {
        next[id + 1]++;
      }
      int distinct = 0;
      ids = new int[Math.min(n, of.length)];
      starts = new int[ids.length + 1];
      for (int id = 0; id < n; id++) {
        if (next[id + 1] > 0) {
          ids[distinct] = id;
          starts[distinct++] = next[id];
        }
        next[id + 1] += next[id];
      }
      count = distinct;
      starts[distinct] = of.length;
      positions = new int[of.length];
      for (int i = 0; i < of.length; i++) {
        positions[next[of[i]]++] = i;
      }
    }

    int count() {
      return count;
    }

    int id(int bucket) {
      return ids[bucket];
    }

    int start(int bucket) {
      return starts[bucket];
    }

    int position(int i) {
      return positions[i];
    }
  }
}
