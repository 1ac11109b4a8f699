package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One stretch of attention by whole rows of weights as one entry of the tape: a task is one head of
 * keys of one row with all its query heads, so that sums over queries have one order. Weights are
 * computed again in the pullback:
 *
 * <pre>{@code
 * Y = P V    gV = Pᵀ gY    gP = gY Vᵀ
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class WholeRows<A> {
  /** Queries of a block; blocks end at multiples of it, counted with what the state held. */
  static final int BLOCK = 64;

  /** Keys whose products with a block of queries are formed at once. */
  static final int KEYS = 256;

  private static final int VALUES = 1;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final WholeRowRecurrence kind;
  private final Span span;
  private final AttentionShape shape;
  private final List<WholeRowRecurrence.Held> held;
  private final int[] strides;
  private final int[] sizes;
  private final Slab<A> q;
  private final List<Slab<A>> fresh = new ArrayList<>();
  private final List<Slab<A>> before = new ArrayList<>();

  private WholeRows(
      Precision<A> precision,
      WholeRowRecurrence kind,
      Span span,
      List<WholeRowRecurrence.Held> held,
      Variable q,
      List<Variable> fresh,
      List<Variable> before) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.kind = kind;
    this.span = span;
    this.shape = span.shape();
    this.held = held;
    this.q = precision.slab(q.value());
    this.strides = new int[held.size()];
    this.sizes = new int[held.size()];
    for (int i = 0; i < sizes.length; i++) {
      Variable old = before.get(i);
      this.strides[i] = held.get(i).stride(shape, fresh.get(i));
      this.sizes[i] = held.get(i).size(shape, fresh.get(i));
      this.fresh.add(precision.slab(fresh.get(i).value()));
      this.before.add(old == null ? null : precision.slab(KeyValueCache.contiguous(old.value())));
    }
  }

  /**
   * The outputs {@code [B, T, HQ, V]}.
   *
   * @param held what is held of a token
   * @param fresh that of the new tokens, {@code [B, T, heads, size]}
   * @param before that of the state, or nulls where it is empty
   */
  static Variable apply(
      Tape tape,
      WholeRowRecurrence kind,
      Span span,
      List<WholeRowRecurrence.Held> held,
      Variable q,
      List<Variable> fresh,
      List<Variable> before) {
    return apply(Precision.of(q.type()), tape, kind, span, held, q, fresh, before);
  }

  private static <A> Variable apply(
      Precision<A> precision,
      Tape tape,
      WholeRowRecurrence kind,
      Span span,
      List<WholeRowRecurrence.Held> held,
      Variable q,
      List<Variable> fresh,
      List<Variable> before) {
    AttentionShape shape = span.shape();
    WholeRows<A> rows = new WholeRows<>(precision, kind, span, held, q, fresh, before);
    INDArray y =
        tape.allocate(q.type(), shape.batch(), shape.steps(), shape.queryHeads(), shape.valueDim());
    Slab<A> out = precision.slab(y);
    int tasks = shape.batch() * shape.heads();
    Parallel.run(tasks, task -> rows.forward(task / shape.heads(), task % shape.heads(), out));
    List<Variable> inputs = new ArrayList<>();
    inputs.add(q);
    inputs.addAll(fresh);
    inputs.addAll(before);
    return tape.record(y, rows::pullback, inputs.toArray(new Variable[0]));
  }

  private void pullback(Cotangents cotangents) {
    Slab<A> gy = precision.slab(cotangents.output(0));
    List<Target<A>> to = new ArrayList<>();
    for (int i = 0; i < 1 + 2 * held.size(); i++) {
      to.add(Target.of(precision, cotangents, i));
    }
    Parallel.run(
        shape.batch() * shape.heads(),
        task -> backward(task / shape.heads(), task % shape.heads(), gy, to));
  }

  /**
   * What a task works on: everything that is held of one head of keys of one row, packed.
   *
   * @param span what the stretch sees
   * @param total tokens, held and new
   * @param parts in the order of {@link WholeRowRecurrence#held}
   * @param gradients of the parts, to add to; null forward
   * @param sizes numbers of a token of each part
   * @param scratch for as long as the task lasts
   */
  record Task<A>(
      Precision<A> precision,
      Span span,
      int total,
      List<A> parts,
      List<A> gradients,
      int[] sizes,
      Scratch<A> scratch) {
    Kernels<A> kernels() {
      return precision.kernels();
    }

    int keyDim() {
      return span.shape().keyDim();
    }
  }

  private Task<A> task(Scratch<A> scratch, int b, int h, boolean backward) {
    int total = span.total(b);
    List<A> parts = new ArrayList<>();
    List<A> gradients = backward ? new ArrayList<>() : null;
    for (int i = 0; i < sizes.length; i++) {
      A part = scratch.take(total * sizes[i]);
      span.loadColumns(
          before.get(i), fresh.get(i), b, strides[i], h * sizes[i], sizes[i], 0, total, part);
      parts.add(part);
      if (backward) {
        gradients.add(scratch.zeros(total * sizes[i]));
      }
    }
    return new Task<>(precision, span, total, parts, gradients, sizes, scratch);
  }

  /** What a block of queries is processed by. */
  private interface Body {
    void run(int g, int from, int to, long row);
  }

  /** Runs the blocks of a row; {@code row} is where a block's first query lies, in query heads. */
  private void blocks(int b, int h, Body body) {
    int cached = span.cached()[b];
    int total = span.total(b);
    for (int g = 0; g < shape.group(); g++) {
      for (int from = cached; from < total; ) {
        int to = Math.min(total, (from / BLOCK + 1) * BLOCK);
        long token = (long) b * shape.steps() + from - cached;
        body.run(g, from, to, token * shape.queryHeads() + (long) h * shape.group() + g);
        from = to;
      }
    }
  }

  private void forward(int b, int h, Slab<A> y) {
    int d = shape.keyDim();
    int dv = shape.valueDim();
    int heads = shape.queryHeads();
    try (Scratch<A> scratch = precision.scratch()) {
      Task<A> task = task(scratch, b, h, false);
      RowWeights<A> weights = kind.rowWeights(task);
      A queries = scratch.take(BLOCK * d);
      A out = scratch.take(BLOCK * dv);
      A p = scratch.take(BLOCK * task.total());
      A values = task.parts().get(VALUES);
      blocks(
          b,
          h,
          (g, from, to, row) -> {
            int rows = to - from;
            q.loadRows(row * d, (long) heads * d, queries, 0, rows, d);
            weights.forward(g, from, to, queries, p);
            for (int s = 0; s < to; s += KEYS) {
              int n = Math.min(KEYS, to - s);
              kernels.gemm(
                  false,
                  false,
                  rows,
                  dv,
                  n,
                  1,
                  p,
                  s,
                  to,
                  values,
                  s * dv,
                  dv,
                  s == 0 ? 0 : 1,
                  out,
                  0,
                  dv);
            }
            y.storeRows(row * dv, (long) heads * dv, out, 0, rows, dv);
          });
      A none = scratch.zeros(dv * shape.group());
      for (int t = span.lengths()[b]; t < shape.steps(); t++) {
        long token = (long) b * shape.steps() + t;
        y.store((token * heads + (long) h * shape.group()) * dv, none, 0, dv * shape.group());
      }
    }
  }

  private void backward(int b, int h, Slab<A> gy, List<Target<A>> to) {
    int d = shape.keyDim();
    int heads = shape.queryHeads();
    Target<A> toQuery = to.get(0);
    try (Scratch<A> scratch = precision.scratch()) {
      Task<A> task = task(scratch, b, h, true);
      RowWeights<A> weights = kind.rowWeights(task);
      A queries = scratch.take(BLOCK * d);
      A gQueries = scratch.take(BLOCK * d);
      A gOut = scratch.take(BLOCK * shape.valueDim());
      A p = scratch.take(BLOCK * task.total());
      A gp = scratch.take(BLOCK * task.total());
      blocks(
          b,
          h,
          (g, from, end, row) -> {
            int rows = end - from;
            q.loadRows(row * d, (long) heads * d, queries, 0, rows, d);
            weights.forward(g, from, end, queries, p);
            throughValues(task, gy, row, rows, end, gOut, p, gp);
            weights.backward(g, from, end, queries, p, gp, gQueries);
            if (toQuery != null) {
              toQuery.rows(row * d, (long) heads * d, gQueries, 0, rows, d);
            }
          });
      weights.finish();
      padding(b, h, toQuery);
      for (int i = 0; i < sizes.length; i++) {
        Target<A> old = to.get(1 + sizes.length + i);
        Target.scatter(
            span,
            task.gradients().get(i),
            old,
            to.get(1 + i),
            b,
            strides[i],
            h * sizes[i],
            sizes[i]);
      }
    }
  }

  /** From the gradient of a block of outputs to those of the values and of the weights. */
  private void throughValues(
      Task<A> task, Slab<A> gy, long row, int rows, int end, A gOut, A p, A gp) {
    int dv = shape.valueDim();
    gy.loadRows(row * dv, (long) shape.queryHeads() * dv, gOut, 0, rows, dv);
    A values = task.parts().get(VALUES);
    A gValues = task.gradients().get(VALUES);
    for (int s = 0; s < end; s += KEYS) {
      int n = Math.min(KEYS, end - s);
      kernels.gemm(false, true, rows, n, dv, 1, gOut, 0, dv, values, s * dv, dv, 0, gp, s, end);
      kernels.gemm(true, false, n, dv, rows, 1, p, s, end, gOut, 0, dv, 1, gValues, s * dv, dv);
    }
  }

  private void padding(int b, int h, Target<A> toQuery) {
    if (toQuery == null) {
      return;
    }
    int d = shape.keyDim();
    int heads = shape.queryHeads();
    int length = span.lengths()[b];
    long token = (long) b * shape.steps() + length;
    for (int g = 0; g < shape.group(); g++) {
      long head = token * heads + (long) h * shape.group() + g;
      toQuery.none(head * d, (long) heads * d, shape.steps() - length, d);
    }
  }
}
