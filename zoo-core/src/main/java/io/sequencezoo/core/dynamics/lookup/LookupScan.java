package io.sequencezoo.core.dynamics.lookup;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
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
  /** Columns of a task: rows of a batch are too few for all threads. */
  private static final int COLUMNS = 64;

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
    return apply(Precision.of(v.value()), tape, links, v, held);
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

  /** A row and some of its columns. */
  private interface Task {
    void run(int b, int column, int columns);
  }

  private void each(Task task) {
    int blocks = (width + COLUMNS - 1) / COLUMNS;
    Parallel.run(
        links.batch() * blocks,
        i -> {
          int column = i % blocks * COLUMNS;
          task.run(i / blocks, column, Math.min(COLUMNS, width - column));
        });
  }

  private long slot(int b, int slot, int h) {
    return (((long) b * slots + slot) * links.heads() + h) * width;
  }

  private long heldSlot(int b, int slot, int h) {
    return (((long) b * capacity + slot) * links.heads() + h) * width;
  }

  private long token(int b, int t) {
    return ((long) b * links.steps() + t) * width;
  }

  private long read(int b, int t, int h) {
    return (((long) b * links.steps() + t) * links.heads() + h) * width;
  }

  private Slab<A> slab(INDArray array) {
    return array == null || array.isEmpty() ? null : precision.slab(array);
  }

  private void forward(INDArray v, INDArray held, INDArray y, INDArray sums) {
    Slab<A> values = slab(v);
    Slab<A> before = slab(held);
    Slab<A> reads = slab(y);
    Slab<A> after = slab(sums);
    each(
        (b, column, columns) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A value = scratch.take(columns);
            A tile = scratch.take(columns);
            A zeros = scratch.zeros(columns);
            int first = links.held(b);
            for (int slot = 0; slot < slots; slot++) {
              boolean has = slot < first;
              if (has || slot >= first + links.length(b)) {
                for (int h = 0; h < links.heads(); h++) {
                  if (has) {
                    before.load(heldSlot(b, slot, h) + column, tile, 0, columns);
                  }
                  after.store(slot(b, slot, h) + column, has ? tile : zeros, 0, columns);
                }
              }
            }
            for (int t = 0; t < links.steps(); t++) {
              boolean valid = t < links.length(b);
              if (valid) {
                values.load(token(b, t) + column, value, 0, columns);
              }
              for (int h = 0; h < links.heads(); h++) {
                A read = zeros;
                if (valid && links.match(b, t, h) != LookupRecurrence.NONE) {
                  after.load(slot(b, links.match(b, t, h), h) + column, tile, 0, columns);
                  kernels.affine(links.weight(b, t, h), tile, 0, 0, tile, 0, columns);
                  read = tile;
                }
                reads.store(read(b, t, h) + column, read, 0, columns);
                if (valid) {
                  A sum = zeros;
                  if (links.previous(b, t, h) != LookupRecurrence.NONE) {
                    after.load(slot(b, links.previous(b, t, h), h) + column, tile, 0, columns);
                    sum = tile;
                  }
                  kernels.add(sum, 0, value, 0, tile, 0, columns);
                  after.store(slot(b, first + t, h) + column, tile, 0, columns);
                }
              }
            }
          }
        });
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
    Slab<A> sums =
        slab(
            cotangents
                .tape()
                .allocate(precision.type(), links.batch(), slots, links.heads(), width));
    Sink<A> values = Sink.of(precision, cotangents, 0);
    Sink<A> before = Sink.of(precision, cotangents, 1);
    each(
        (b, column, columns) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(columns);
            A own = scratch.take(columns);
            A value = scratch.take(columns);
            A spare = scratch.take(columns);
            int first = links.held(b);
            int end = first + links.length(b);
            for (int slot = 0; slot < end; slot++) {
              for (int h = 0; h < links.heads(); h++) {
                kernels.fill(tile, 0, columns, 0);
                if (left != null) {
                  left.load(slot(b, slot, h) + column, tile, 0, columns);
                }
                sums.store(slot(b, slot, h) + column, tile, 0, columns);
              }
            }
            for (int t = links.steps() - 1; t >= 0; t--) {
              kernels.fill(value, 0, columns, 0);
              for (int h = 0; t < links.length(b) && h < links.heads(); h++) {
                int match = links.match(b, t, h);
                if (reads != null && match != LookupRecurrence.NONE) {
                  reads.load(read(b, t, h) + column, tile, 0, columns);
                  sums.load(slot(b, match, h) + column, own, 0, columns);
                  kernels.axpy(links.weight(b, t, h), tile, 0, own, 0, columns);
                  sums.store(slot(b, match, h) + column, own, 0, columns);
                }
                sums.load(slot(b, first + t, h) + column, own, 0, columns);
                kernels.add(value, 0, own, 0, value, 0, columns);
                int previous = links.previous(b, t, h);
                if (previous != LookupRecurrence.NONE) {
                  sums.load(slot(b, previous, h) + column, tile, 0, columns);
                  kernels.add(tile, 0, own, 0, tile, 0, columns);
                  sums.store(slot(b, previous, h) + column, tile, 0, columns);
                }
              }
              if (values != null) {
                values.put(token(b, t) + column, value, spare, columns);
              }
            }
            for (int slot = 0; before != null && slot < capacity; slot++) {
              for (int h = 0; h < links.heads(); h++) {
                kernels.fill(tile, 0, columns, 0);
                if (slot < first) {
                  sums.load(slot(b, slot, h) + column, tile, 0, columns);
                }
                before.put(heldSlot(b, slot, h) + column, tile, spare, columns);
              }
            }
          }
        });
  }

  /** Where a gradient goes. */
  private record Sink<A>(Precision<A> precision, Slab<A> slab, boolean adds) {
    /** That of an input, or null where nobody wants it. */
    static <A> Sink<A> of(Precision<A> precision, Cotangents cotangents, int i) {
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
