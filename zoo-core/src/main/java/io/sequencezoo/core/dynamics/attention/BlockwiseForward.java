package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;

/**
 * The forward pass over blocks of queries and keys with a running maximum and sum per query, so
 * that no more than one block of weights exists at a time:
 *
 * <pre>{@code
 * m' = max(m, x)    l' = l e^{m-m'} + Σ e^{x-m'}    o' = o e^{m-m'} + e^{x-m'} V    y = o / l
 * }</pre>
 *
 * <p>Blocks outside the causal or windowed band are never visited. Besides the outputs, only {@code
 * m + log l} of every query is kept. A sink with logit a starts the running values at {@code m = a,
 * l = 1}; dropped weights count in l, but not in o.
 *
 * @param <A> the heap array type
 */
final class BlockwiseForward<A> {
  /** Queries of a block: enough to pay for loading a block of keys. */
  static final int QUERIES = 64;

  /** Keys of a block: a block of weights (64 KiB in float) stays in a level-2 cache. */
  static final int KEYS = 256;

  /** The log of a share of the largest weight that adds nothing in either precision: 1e-30. */
  static final double NEGLIGIBLE = -69;

  /** Queries of a task; for short sequences a task is a whole head. */
  private static final int TASK = 512;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Span span;
  private final AttentionShape shape;
  private final Operands<A> in;
  private final Slab<A> y;
  private final Slab<A> logSums;
  private final A ramp;

  /**
   * @param y outputs {@code [B, T, HQ, V]}
   * @param logSums {@code [B, HQ, T]}
   */
  BlockwiseForward(Precision<A> precision, Span span, Operands<A> in, Slab<A> y, Slab<A> logSums) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.span = span;
    this.shape = span.shape();
    this.in = in;
    this.y = y;
    this.logSums = logSums;
    this.ramp = span.ramp(precision);
  }

  /** Computes all outputs; those of padded positions are zero. */
  void run() {
    int pieces = (shape.steps() + TASK - 1) / TASK;
    Parallel.run(
        shape.batch() * shape.heads() * pieces,
        task -> {
          int b = task / (shape.heads() * pieces);
          int h = task / pieces % shape.heads();
          int from = task % pieces * TASK;
          head(b, h, from, Math.min(shape.steps(), from + TASK));
        });
  }

  private void head(int b, int h, int from, int to) {
    int end = Math.max(from, Math.min(to, span.lengths()[b]));
    try (Scratch<A> scratch = precision.scratch()) {
      padding(scratch, b, h, end, to);
      if (end == from) {
        return;
      }
      int first = span.firstKey(b, from);
      int last = span.endKey(b, end);
      A keys = scratch.take((last - first) * shape.keyDim());
      A values = scratch.take((last - first) * shape.valueDim());
      span.load(in.heldK(), in.k(), b, h, shape.keyDim(), first, last, keys);
      span.load(in.heldV(), in.v(), b, h, shape.valueDim(), first, last, values);
      ForgetBias<A> bias =
          in.g() == null ? null : new ForgetBias<>(precision, scratch, span, in, b, first, last);
      double keyNorm = bias == null ? 0 : span.largestNorm(kernels, keys, last - first);
      kernels.affine(span.scale(), keys, 0, 0, keys, 0, (last - first) * shape.keyDim());
      TransposedRows<A> transposed =
          new TransposedRows<>(kernels, scratch, keys, last - first, shape.keyDim());
      Block block = new Block(scratch, transposed, values, first, bias, keyNorm);
      for (int g = 0; g < shape.group(); g++) {
        for (int t = from; t < end; t += QUERIES) {
          block.run(b, h * shape.group() + g, t, Math.min(end, t + QUERIES));
        }
      }
    }
  }

  private void padding(Scratch<A> scratch, int b, int h, int from, int to) {
    if (from == to) {
      return;
    }
    int width = shape.group() * shape.valueDim();
    A zeros = scratch.zeros(width);
    for (int t = from; t < to; t++) {
      long row = ((long) b * shape.steps() + t) * shape.queryHeads() * shape.valueDim();
      y.store(row + (long) h * width, zeros, 0, width);
    }
  }

  /** A block of queries of one head, with the tiles that it works on. */
  private final class Block {
    private final TransposedRows<A> keys;
    private final A values;
    private final int loadedFrom;
    private final ForgetBias<A> bias;
    private final double keyNorm;
    private final A queries;
    private final A weights;
    private final A out;
    private final A logSum;
    private final double[] max = new double[QUERIES];
    private final double[] sum = new double[QUERIES];

    Block(
        Scratch<A> scratch,
        TransposedRows<A> keys,
        A values,
        int loadedFrom,
        ForgetBias<A> bias,
        double keyNorm) {
      this.keys = keys;
      this.values = values;
      this.loadedFrom = loadedFrom;
      this.bias = bias;
      this.keyNorm = keyNorm;
      this.queries = scratch.take(QUERIES * shape.keyDim());
      this.weights = scratch.take(QUERIES * KEYS);
      this.out = scratch.take(QUERIES * shape.valueDim());
      this.logSum = scratch.take(QUERIES);
    }

    void run(int b, int hq, int from, int to) {
      int rows = to - from;
      long stride = (long) shape.queryHeads() * shape.keyDim();
      long at = ((long) b * shape.steps() + from) * stride + (long) hq * shape.keyDim();
      in.q().loadRows(at, stride, queries, 0, rows, shape.keyDim());
      Arrays.fill(max, in.startMax(hq));
      Arrays.fill(sum, in.startSum());
      int first = span.firstKey(b, from);
      int last = span.endKey(b, to);
      if (bias != null) {
        double bound = span.scale() * keyNorm * span.largestNorm(kernels, queries, rows);
        bias.block(hq, span.cached()[b] + from, rows, first, bound);
        first = bias.first();
      }
      for (int s = first; s < last; s += KEYS) {
        attend(b, hq, from, rows, s, Math.min(last, s + KEYS), s == first);
      }
      finish(b, hq, from, rows);
    }

    private void attend(int b, int hq, int from, int rows, int s, int end, boolean isFirst) {
      int n = end - s;
      int dv = shape.valueDim();
      int at = span.cached()[b] + from;
      Band band = new Band(span.visibility(), at, rows, s, end, span.total(b));
      keys.multiply(band, loadedFrom, queries, weights);
      for (int r = 0; r < rows; r++) {
        row(b, hq, at + r, r, s, end, isFirst);
      }
      band.byQuery(
          (row, count, first, seen) ->
              kernels.gemm(
                  false,
                  false,
                  count,
                  dv,
                  seen,
                  1,
                  weights,
                  row * n + first,
                  n,
                  values,
                  (s + first - loadedFrom) * dv,
                  dv,
                  isFirst ? 0 : 1,
                  out,
                  row * dv,
                  dv));
    }

    /** Turns the logits of one query into weights against the new running maximum. */
    private void row(int b, int hq, int at, int r, int s, int end, boolean isFirst) {
      int from = Math.min(end, Math.max(s, span.visibility().first(at)));
      int to = Math.max(from, Math.min(end, span.visibility().end(at, span.total(b))));
      int row = r * (end - s);
      kernels.fill(weights, row, from - s, 0);
      kernels.fill(weights, row + to - s, end - to, 0);
      if (from == to) {
        return;
      }
      int start = row + from - s;
      if (ramp != null) {
        kernels.axpy(span.slopes()[hq], ramp, span.rampAt(from, at), weights, start, to - from);
      }
      double offset = bias == null ? 0 : bias.add(weights, start, r, from, to);
      double before = max[r];
      double now = Math.max(before, kernels.max(weights, start, to - from) + offset);
      double added =
          kernels.expAbove(weights, start, now - offset, NEGLIGIBLE, weights, start, to - from);
      if (in.dropout() != null) {
        int heads = shape.queryHeads();
        in.dropout().apply(kernels, b, heads, hq, at, from, weights, start, to - from);
      }
      double kept = before == now ? 1 : Math.exp(before - now);
      if (!isFirst && kept != 1) {
        int dv = shape.valueDim();
        kernels.affine(kept, out, r * dv, 0, out, r * dv, dv);
      }
      max[r] = now;
      sum[r] = sum[r] * kept + added;
    }

    private void finish(int b, int hq, int from, int rows) {
      int dv = shape.valueDim();
      double kept = in.dropout() == null ? 1 : in.dropout().scale();
      for (int r = 0; r < rows; r++) {
        kernels.affine(kept / sum[r], out, r * dv, 0, out, r * dv, dv);
        kernels.set(logSum, r, max[r] + Math.log(sum[r]));
      }
      long stride = (long) shape.queryHeads() * dv;
      long at = ((long) b * shape.steps() + from) * stride + (long) hq * dv;
      y.storeRows(at, stride, out, 0, rows, dv);
      long head = (long) b * shape.queryHeads() + hq;
      logSums.store(head * shape.steps() + from, logSum, 0, rows);
    }
  }
}
