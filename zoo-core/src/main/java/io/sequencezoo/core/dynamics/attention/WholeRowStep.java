package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * One token per row against everything that was held of its row, head of keys by head.
 *
 * @param <A> the heap array type
 */
final class WholeRowStep<A> implements Runnable, IntConsumer {
  /** Below this many multiply-adds, handing work to other threads costs more than it saves. */
  private static final long WORTH_SHARING = 1 << 17;

  private final Precision<A> precision;
  private final WholeRowRecurrence kind;
  private final AttentionShape shape;
  private final List<WholeRowRecurrence.Held> kinds;
  private final List<GrowingCache<A>> caches;
  private final Rows<A> rows;

  /** What each task sees; kept, since a step may be repeated. */
  private final List<Seen<A>> seen = new ArrayList<>();

  /**
   * The rows of a batch.
   *
   * @param tokens of each, its query's own the last
   * @param q {@code [B, 1, HQ, K]}
   * @param y {@code [B, 1, HQ, V]}
   */
  record Rows<A>(int[] tokens, Slab<A> q, Slab<A> y) {}

  WholeRowStep(
      Precision<A> precision,
      WholeRowRecurrence kind,
      AttentionShape shape,
      List<WholeRowRecurrence.Held> kinds,
      List<GrowingCache<A>> caches,
      Rows<A> rows) {
    this.precision = precision;
    this.kind = kind;
    this.shape = shape;
    this.kinds = kinds;
    this.caches = caches;
    this.rows = rows;
    int[] sizes = new int[kinds.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = kinds.get(i).size(shape, caches.get(i).headSize());
    }
    for (int task = 0; task < shape.batch() * shape.heads(); task++) {
      seen.add(new Seen<>(kinds, sizes));
    }
  }

  @Override
  public void run() {
    long work = 0;
    for (int n : rows.tokens) {
      work += (long) n * shape.queryHeads() * (shape.keyDim() + shape.valueDim());
    }
    Parallel.run(work >= WORTH_SHARING, shape.batch() * shape.heads(), this);
  }

  @Override
  public void accept(int task) {
    Kernels<A> kernels = precision.kernels();
    int b = task / shape.heads();
    int h = task % shape.heads();
    int n = rows.tokens[b];
    int d = shape.keyDim();
    int dv = shape.valueDim();
    Seen<A> held = seen.get(task);
    try (Scratch<A> scratch = precision.scratch()) {
      for (int i = 0; i < held.sizes.length; i++) {
        GrowingCache<A> cache = caches.get(i);
        int size = held.sizes[i];
        A tile = scratch.take(n * size);
        long at = cache.at(b, 0, 0) + (long) h * size;
        cache.slab().loadRows(at, cache.stride(), tile, 0, n, size);
        held.loaded.set(i, tile);
      }
      A q = scratch.take(d);
      A weights = scratch.take(n);
      A y = scratch.take(dv);
      for (int g = 0; g < shape.group(); g++) {
        long head = (long) b * shape.queryHeads() + (long) h * shape.group() + g;
        rows.q.load(head * d, q, 0, d);
        ofQuery(kernels, scratch, held, n, g);
        kind.weights(kernels, scratch, kind.scaleFor(shape), q, n, held.ofQuery, weights);
        A values = held.loaded.get(1);
        kernels.gemm(false, false, 1, dv, n, 1, weights, 0, n, values, 0, dv, 0, y, 0, dv);
        rows.y.store(head * dv, y, 0, dv);
      }
    }
  }

  /** The same rows with the numbers of this query head alone where there is one for each. */
  private void ofQuery(Kernels<A> kernels, Scratch<A> scratch, Seen<A> held, int n, int g) {
    for (int i = 0; i < held.sizes.length; i++) {
      A part = held.loaded.get(i);
      int size = held.sizes[i];
      if (kinds.get(i).perQueryHead() && size > 1) {
        A column = scratch.take(n);
        for (int s = 0; s < n; s++) {
          kernels.set(column, s, kernels.get(part, s * size + g));
        }
        part = column;
      }
      held.ofQuery.parts().set(i, part);
    }
  }

  /** What a head of keys sees, and each of its queries. */
  private static final class Seen<A> {
    private final int[] sizes;
    private final List<A> loaded;
    private final WholeRowRecurrence.Rows<A> ofQuery;

    Seen(List<WholeRowRecurrence.Held> kinds, int[] sizes) {
      this.sizes = sizes;
      this.loaded = new ArrayList<>(Collections.nCopies(sizes.length, null));
      int[] own = sizes.clone();
      for (int i = 0; i < own.length; i++) {
        own[i] = kinds.get(i).perQueryHead() ? 1 : own[i];
      }
      this.ofQuery = new WholeRowRecurrence.Rows<>(new ArrayList<>(loaded), own);
    }
  }
}
