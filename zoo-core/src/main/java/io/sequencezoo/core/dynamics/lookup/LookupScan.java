package io.sequencezoo.core.dynamics.lookup;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A whole stretch of a {@link LookupRecurrence} as one operation. Going back in time, what later
 * reads want of a sum is complete when its token's turn comes, and goes on to the link before it:
 *
 * <pre>{@code
 * gS_match(t) += gy_t / count(t);   gv_t = Σ_h gS_t;   gS_prev(t) += gS_t
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class LookupScan<A> {
  /** Columns of a task: rows of a batch may be too few for all threads, a call costs a copy. */
  private static final int COLUMNS = 128;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Links links;
  private final int width;
  private final int slots;
  private final int capacity;

  private LookupScan(Precision<A> precision, Links links, int width, int capacity) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.links = links;
    this.width = width;
    this.slots = links.slots();
    this.capacity = capacity;
  }

  /**
   * Reads {@code [B, T, H, D]} and sums {@code [B, n, H, D]}.
   *
   * @param v {@code [B, T, D]}
   * @param held sums before, {@code [B, n, H, D]}
   */
  static Variable[] apply(Tape tape, Links links, Variable v, Variable held) {
    return apply(Precision.of(v.type()), tape, links, v, held);
  }

  private static <A> Variable[] apply(
      Precision<A> precision, Tape tape, Links links, Variable v, Variable held) {
    LookupScan<A> scan = new LookupScan<>(precision, links, v.size(2), held.size(1));
    INDArray y = tape.allocate(v.type(), links.batch(), links.steps(), links.heads(), scan.width);
    INDArray sums = scan.allocate(tape, v);
    scan.forward(v.value(), held.value(), y, sums);
    return tape.record(new INDArray[] {y, sums}, scan::backward, v, held);
  }

  private INDArray allocate(Tape tape, Variable v) {
    if (slots > 0) {
      return tape.allocate(v.type(), links.batch(), slots, links.heads(), width);
    }
    // ND4J can't make an empty array in a workspace.
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(
          v.type(), new long[] {links.batch(), 0, links.heads(), width}, 'c');
    }
  }

  /** Some columns of a row. */
  private interface Task<A> {
    void run(Part<A> part, Scratch<A> scratch);
  }

  /**
   * Columns of a row.
   *
   * @param b the row
   * @param column the first of them
   * @param size how many
   */
  private record Part<A>(LookupScan<A> scan, int b, int column, int size) {
    long slot(int slot, int h) {
      return (((long) b * scan.slots + slot) * scan.links.heads() + h) * scan.width + column;
    }

    long heldSlot(int slot, int h) {
      return (((long) b * scan.capacity + slot) * scan.links.heads() + h) * scan.width + column;
    }

    long token(int t) {
      return ((long) b * scan.links.steps() + t) * scan.width + column;
    }

    long read(int t, int h) {
      return (((long) b * scan.links.steps() + t) * scan.links.heads() + h) * scan.width + column;
    }
  }

  private void each(Task<A> task) {
    int blocks = (width + COLUMNS - 1) / COLUMNS;
    Parallel.run(
        links.batch() * blocks,
        i -> {
          int column = i % blocks * COLUMNS;
          int size = Math.min(COLUMNS, width - column);
          try (Scratch<A> scratch = precision.scratch()) {
            task.run(new Part<>(this, i / blocks, column, size), scratch);
          }
        });
  }

  private @Nullable Slab<A> slab(@Nullable INDArray array) {
    return array == null || array.isEmpty() ? null : precision.slab(array);
  }

  private void forward(INDArray v, INDArray held, INDArray y, INDArray sums) {
    if (slots == 0) {
      // Nothing was seen.
      if (!y.isEmpty()) {
        y.assign(0);
      }
      return;
    }
    Slab<A> values = precision.slab(v);
    Slab<A> before = slab(held);
    Slab<A> reads = precision.slab(y);
    Slab<A> after = precision.slab(sums);
    each(
        (part, scratch) -> {
          keep(part, scratch, before, after);
          A value = scratch.take(part.size());
          A tile = scratch.take(part.size());
          for (int t = 0; t < links.steps(); t++) {
            boolean valid = t < links.length(part.b());
            if (valid) {
              values.load(part.token(t), value, 0, part.size());
            }
            for (int h = 0; h < links.heads(); h++) {
              int match = valid ? links.match(part.b(), t, h) : LookupRecurrence.NONE;
              sum(part, after, match, h, tile);
              double weight = match == LookupRecurrence.NONE ? 1 : links.weight(part.b(), t, h);
              kernels.affine(weight, tile, 0, 0, tile, 0, part.size());
              reads.store(part.read(t, h), tile, 0, part.size());
              if (valid) {
                sum(part, after, links.previous(part.b(), t, h), h, tile);
                kernels.add(tile, 0, value, 0, tile, 0, part.size());
                after.store(part.slot(links.held(part.b()) + t, h), tile, 0, part.size());
              }
            }
          }
        });
  }

  /** The sums before the stretch, and zeros behind it. */
  private void keep(Part<A> part, Scratch<A> scratch, @Nullable Slab<A> before, Slab<A> after) {
    A tile = scratch.take(part.size());
    A zeros = scratch.zeros(part.size());
    int first = links.held(part.b());
    int end = first + links.length(part.b());
    for (int slot = 0; slot < slots; slot++) {
      for (int h = 0; h < links.heads() && (slot < first || slot >= end); h++) {
        if (before != null && slot < first) {
          before.load(part.heldSlot(slot, h), tile, 0, part.size());
        }
        after.store(part.slot(slot, h), slot < first ? tile : zeros, 0, part.size());
      }
    }
  }

  /** The sum of a slot, 0 for none. */
  private void sum(Part<A> part, Slab<A> sums, int slot, int h, A into) {
    if (slot == LookupRecurrence.NONE) {
      kernels.fill(into, 0, part.size(), 0);
    } else {
      sums.load(part.slot(slot, h), into, 0, part.size());
    }
  }

  private void backward(Cotangents cotangents) {
    if (slots == 0) {
      // Nothing was seen.
      for (int i = 0; i < 2; i++) {
        if (cotangents.needs(i)) {
          cotangents.add(i, cotangents.tape().zeros(precision.type(), cotangents.shape(i)));
        }
      }
      return;
    }
    Slab<A> reads = slab(cotangents.output(0));
    Slab<A> left = slab(cotangents.output(1));
    INDArray gradient =
        cotangents.tape().allocate(precision.type(), links.batch(), slots, links.heads(), width);
    Slab<A> sums = precision.slab(gradient);
    Sink<A> values = Sink.of(precision, cotangents, 0);
    Sink<A> before = Sink.of(precision, cotangents, 1);
    each(
        (part, scratch) -> {
          A tile = scratch.take(part.size());
          A value = scratch.take(part.size());
          A spare = scratch.take(part.size());
          start(part, tile, left, sums);
          for (int t = links.steps() - 1; t >= 0; t--) {
            kernels.fill(value, 0, part.size(), 0);
            for (int h = 0; t < links.length(part.b()) && h < links.heads(); h++) {
              goBack(part, t, h, reads, sums, value);
            }
            if (values != null) {
              values.put(part.token(t), value, spare, part.size());
            }
          }
          for (int slot = 0; before != null && slot < capacity; slot++) {
            for (int h = 0; h < links.heads(); h++) {
              boolean was = slot < links.held(part.b());
              sum(part, sums, was ? slot : LookupRecurrence.NONE, h, tile);
              before.put(part.heldSlot(slot, h), tile, spare, part.size());
            }
          }
        });
  }

  /** What follows the stretch wants of its sums. */
  private void start(Part<A> part, A tile, @Nullable Slab<A> left, Slab<A> sums) {
    int end = links.held(part.b()) + links.length(part.b());
    for (int slot = 0; slot < end; slot++) {
      for (int h = 0; h < links.heads(); h++) {
        sum(part, left == null ? sums : left, left == null ? LookupRecurrence.NONE : slot, h, tile);
        sums.store(part.slot(slot, h), tile, 0, part.size());
      }
    }
  }

  /** Passes on what a token read, and what was wanted of its own sum, which is the value's. */
  private void goBack(Part<A> part, int t, int h, @Nullable Slab<A> reads, Slab<A> sums, A value) {
    int n = part.size();
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      A own = scratch.take(n);
      int match = links.match(part.b(), t, h);
      if (reads != null && match != LookupRecurrence.NONE) {
        reads.load(part.read(t, h), tile, 0, n);
        sums.load(part.slot(match, h), own, 0, n);
        kernels.axpy(links.weight(part.b(), t, h), tile, 0, own, 0, n);
        sums.store(part.slot(match, h), own, 0, n);
      }
      sums.load(part.slot(links.held(part.b()) + t, h), own, 0, n);
      kernels.add(value, 0, own, 0, value, 0, n);
      int previous = links.previous(part.b(), t, h);
      if (previous != LookupRecurrence.NONE) {
        sums.load(part.slot(previous, h), tile, 0, n);
        kernels.add(tile, 0, own, 0, tile, 0, n);
        sums.store(part.slot(previous, h), tile, 0, n);
      }
    }
  }

  /** Where a gradient goes. */
  private record Sink<A>(Precision<A> precision, Slab<A> slab, boolean adds) {
    /** That of an input, or null where nobody wants it. */
    static <A> @Nullable Sink<A> of(Precision<A> precision, Cotangents cotangents, int i) {
      if (!cotangents.needs(i)) {
        return null;
      }
      Cotangents.Sink sink = cotangents.sink(i);
      return sink.array().isEmpty()
          ? null
          : new Sink<>(precision, precision.slab(sink.array()), sink.beta() == 1);
    }

    void put(long at, A tile, A spare, int n) {
      if (adds) {
        slab.load(at, spare, 0, n);
        precision.kernels().add(spare, 0, tile, 0, tile, 0, n);
      }
      slab.store(at, tile, 0, n);
    }
  }
}
