package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;

/**
 * The pullback of {@link BlockwiseForward}: weights are computed again, block by block, from what
 * the forward pass kept.
 *
 * <pre>{@code
 * P = e^{X - L}    δ = rowsum(gY ⊙ Y)    gV = Pᵀ gY
 * gX = P ⊙ (gY Vᵀ - δ)    gQ = scale gX K    gK = scale gXᵀ Q
 * }</pre>
 *
 * <p>One task is one head of keys of one row with all its query heads, so that the sums over
 * queries need no synchronisation and have one order.
 *
 * @param <A> the heap array type
 */
final class BlockwiseBackward<A> {
  private static final int QUERIES = BlockwiseForward.QUERIES;
  private static final int KEYS = BlockwiseForward.KEYS;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Span span;
  private final AttentionShape shape;
  private final Inputs<A> in;
  private final Gradients<A> to;
  private final A ramp;

  /**
   * What the forward pass read and wrote, and the cotangent of its outputs.
   *
   * @param heldK keys of the state, or null where it is empty; heldV alike
   * @param gy the cotangent of y
   */
  record Inputs<A>(
      Slab<A> q,
      Slab<A> k,
      Slab<A> v,
      Slab<A> heldK,
      Slab<A> heldV,
      Slab<A> y,
      Slab<A> logSums,
      Slab<A> gy) {}

  /** Where gradients go; null where one isn't wanted. */
  record Gradients<A>(Target<A> q, Target<A> k, Target<A> v, Target<A> heldK, Target<A> heldV) {}

  BlockwiseBackward(Precision<A> precision, Span span, Inputs<A> in, Gradients<A> to) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.span = span;
    this.shape = span.shape();
    this.in = in;
    this.to = to;
    this.ramp = span.ramp(precision);
  }

  void run() {
    Parallel.run(
        shape.batch() * shape.heads(), task -> head(task / shape.heads(), task % shape.heads()));
  }

  private void head(int b, int h) {
    int total = span.total(b);
    int d = shape.keyDim();
    int dv = shape.valueDim();
    try (Scratch<A> scratch = precision.scratch()) {
      A keys = scratch.take(total * d);
      A values = scratch.take(total * dv);
      span.load(in.heldK, in.k, b, h, d, 0, total, keys);
      span.load(in.heldV, in.v, b, h, dv, 0, total, values);
      A gKeys = scratch.zeros(total * d);
      A gValues = scratch.zeros(total * dv);
      Block block = new Block(scratch, keys, values, gKeys, gValues);
      int length = span.lengths()[b];
      for (int g = 0; g < shape.group(); g++) {
        int hq = h * shape.group() + g;
        for (int t = 0; t < length; t += QUERIES) {
          block.run(b, hq, t, Math.min(length, t + QUERIES));
        }
        if (to.q != null) {
          long stride = (long) shape.queryHeads() * d;
          long at = ((long) b * shape.steps() + length) * stride + (long) hq * d;
          to.q.none(at, stride, shape.steps() - length, d);
        }
      }
      scatter(gKeys, to.heldK, to.k, b, h, d);
      scatter(gValues, to.heldV, to.v, b, h, dv);
    }
  }

  /** Sends the gradient of one run of keys or values to those held and the new ones. */
  private void scatter(A gradient, Target<A> held, Target<A> fresh, int b, int h, int size) {
    int cached = span.cached()[b];
    int length = span.lengths()[b];
    long stride = (long) shape.heads() * size;
    if (held != null) {
      long at = (long) b * span.capacity() * stride + (long) h * size;
      held.rows(at, stride, gradient, 0, cached, size);
      held.none(at + cached * stride, stride, span.capacity() - cached, size);
    }
    if (fresh != null) {
      long at = (long) b * shape.steps() * stride + (long) h * size;
      fresh.rows(at, stride, gradient, cached * size, length, size);
      fresh.none(at + length * stride, stride, shape.steps() - length, size);
    }
  }

  /** A block of queries of one head, with the tiles that it works on. */
  private final class Block {
    private final A keys;
    private final A values;
    private final A gKeys;
    private final A gValues;
    private final A queries;
    private final A gQueries;
    private final A gOut;
    private final A out;
    private final A weights;
    private final A gWeights;
    private final A logSum;
    private final double[] delta = new double[QUERIES];

    Block(Scratch<A> scratch, A keys, A values, A gKeys, A gValues) {
      this.keys = keys;
      this.values = values;
      this.gKeys = gKeys;
      this.gValues = gValues;
      this.queries = scratch.take(QUERIES * shape.keyDim());
      this.gQueries = scratch.take(QUERIES * shape.keyDim());
      this.gOut = scratch.take(QUERIES * shape.valueDim());
      this.out = scratch.take(QUERIES * shape.valueDim());
      this.weights = scratch.take(QUERIES * KEYS);
      this.gWeights = scratch.take(QUERIES * KEYS);
      this.logSum = scratch.take(QUERIES);
    }

    void run(int b, int hq, int from, int until) {
      int rows = until - from;
      int dv = shape.valueDim();
      long position = (long) b * shape.steps() + from;
      long keyStride = (long) shape.queryHeads() * shape.keyDim();
      long keyAt = position * keyStride + (long) hq * shape.keyDim();
      long valueStride = (long) shape.queryHeads() * dv;
      long valueAt = position * valueStride + (long) hq * dv;
      in.q.loadRows(keyAt, keyStride, queries, 0, rows, shape.keyDim());
      in.y.loadRows(valueAt, valueStride, out, 0, rows, dv);
      in.gy.loadRows(valueAt, valueStride, gOut, 0, rows, dv);
      long head = (long) b * shape.queryHeads() + hq;
      in.logSums.load(head * shape.steps() + from, logSum, 0, rows);
      for (int r = 0; r < rows; r++) {
        delta[r] = kernels.dot(gOut, r * dv, out, r * dv, dv);
      }
      int first = span.firstKey(b, from);
      int last = span.endKey(b, until);
      for (int s = first; s < last; s += KEYS) {
        int end = Math.min(last, s + KEYS);
        logits(rows, s, end - s);
        for (int r = 0; r < rows; r++) {
          row(b, hq, span.cached()[b] + from + r, r, s, end);
        }
        products(rows, s, end - s, s == first);
      }
      if (to.q != null) {
        to.q.rows(keyAt, keyStride, gQueries, 0, rows, shape.keyDim());
      }
    }

    private void logits(int rows, int s, int n) {
      int d = shape.keyDim();
      int dv = shape.valueDim();
      kernels.gemm(
          false, true, rows, n, d, span.scale(), queries, 0, d, keys, s * d, d, 0, weights, 0, n);
      kernels.gemm(false, true, rows, n, dv, 1, gOut, 0, dv, values, s * dv, dv, 0, gWeights, 0, n);
    }

    /** Turns the logits of one query into weights, and their cotangents into those of logits. */
    private void row(int b, int hq, int at, int r, int s, int end) {
      int from = Math.min(end, Math.max(s, span.visibility().first(at)));
      int until = Math.max(from, Math.min(end, span.visibility().end(at, span.total(b))));
      int row = r * (end - s);
      kernels.fill(weights, row, from - s, 0);
      kernels.fill(gWeights, row, from - s, 0);
      kernels.fill(weights, row + until - s, end - until, 0);
      kernels.fill(gWeights, row + until - s, end - until, 0);
      int start = row + from - s;
      int n = until - from;
      if (n == 0) {
        return;
      }
      if (ramp != null) {
        kernels.axpy(span.slopes()[hq], ramp, span.rampAt(from, at), weights, start, n);
      }
      kernels.expShift(weights, start, kernels.get(logSum, r), weights, start, n);
      kernels.affine(1, gWeights, start, -delta[r], gWeights, start, n);
      kernels.multiply(weights, start, gWeights, start, gWeights, start, n);
    }

    private void products(int rows, int s, int n, boolean isFirst) {
      int d = shape.keyDim();
      int dv = shape.valueDim();
      kernels.gemm(true, false, n, dv, rows, 1, weights, 0, n, gOut, 0, dv, 1, gValues, s * dv, dv);
      kernels.gemm(
          false,
          false,
          rows,
          d,
          n,
          span.scale(),
          gWeights,
          0,
          n,
          keys,
          s * d,
          d,
          isFirst ? 0 : 1,
          gQueries,
          0,
          d);
      kernels.gemm(
          true, false, n, d, rows, span.scale(), gWeights, 0, n, queries, 0, d, 1, gKeys, s * d, d);
    }
  }
}
