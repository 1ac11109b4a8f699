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
 * <p>With weights {@code M ⊙ P} after dropout, {@code gX = P ⊙ (M ⊙ (gY Vᵀ) - δ)} and M enters gV.
 * A sink's weight is among those that sum to one: {@code ga = -Σ_t e^{a - L_t} δ_t}.
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
  private final Operands<A> in;
  private final Inputs<A> pass;
  private final Gradients<A> to;
  private final A ramp;
  private final double[] gSinks;

  /**
   * What the forward pass read and wrote, and the cotangent of its outputs.
   *
   * @param gy the cotangent of y
   */
  record Inputs<A>(Operands<A> read, Slab<A> y, Slab<A> logSums, Slab<A> gy) {}

  /** Where gradients go; null where one isn't wanted. */
  record Gradients<A>(
      Target<A> q,
      Target<A> k,
      Target<A> v,
      Target<A> heldK,
      Target<A> heldV,
      Target<A> g,
      Target<A> heldG,
      Target<A> sinks) {}

  BlockwiseBackward(Precision<A> precision, Span span, Inputs<A> in, Gradients<A> to) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.span = span;
    this.shape = span.shape();
    this.in = in.read();
    this.pass = in;
    this.to = to;
    this.ramp = span.ramp(precision);
    this.gSinks = new double[to.sinks == null ? 0 : shape.batch() * shape.queryHeads()];
  }

  void run() {
    Parallel.run(
        shape.batch() * shape.heads(), task -> head(task / shape.heads(), task % shape.heads()));
    if (to.sinks != null) {
      sumSinks();
    }
  }

  /** Adds up the rows' shares of the sinks' gradient, in order. */
  private void sumSinks() {
    int heads = shape.queryHeads();
    try (Scratch<A> scratch = precision.scratch()) {
      A sums = scratch.take(heads);
      for (int hq = 0; hq < heads; hq++) {
        double sum = 0;
        for (int b = 0; b < shape.batch(); b++) {
          sum += gSinks[b * heads + hq];
        }
        kernels.set(sums, hq, sum);
      }
      to.sinks.rows(0, heads, sums, 0, 1, heads);
    }
  }

  private void head(int b, int h) {
    int total = span.total(b);
    int d = shape.keyDim();
    int dv = shape.valueDim();
    try (Scratch<A> scratch = precision.scratch()) {
      A keys = scratch.take(total * d);
      A values = scratch.take(total * dv);
      span.load(in.heldK(), in.k(), b, h, d, 0, total, keys);
      span.load(in.heldV(), in.v(), b, h, dv, 0, total, values);
      A gKeys = scratch.zeros(total * d);
      A gValues = scratch.zeros(total * dv);
      ForgetBias<A> bias =
          in.g() == null ? null : new ForgetBias<>(precision, scratch, span, in, b, 0, total);
      ForgetGradient<A> gBias =
          to.g == null && to.heldG == null
              ? null
              : new ForgetGradient<>(precision, scratch, bias, total);
      A gLogs = gBias == null ? null : scratch.take(total);
      double keyNorm = bias == null ? 0 : span.largestNorm(kernels, keys, total);
      kernels.affine(span.scale(), keys, 0, 0, keys, 0, total * d);
      Block block = new Block(scratch, keys, values, gKeys, gValues, total, bias, gBias, keyNorm);
      int length = span.lengths()[b];
      for (int g = 0; g < shape.group(); g++) {
        int hq = h * shape.group() + g;
        if (gBias != null) {
          gBias.startHead();
        }
        for (int t = 0; t < length; t += QUERIES) {
          block.run(b, hq, t, Math.min(length, t + QUERIES));
        }
        if (gBias != null) {
          gBias.store(gLogs);
          Target.scatter(span, gLogs, to.heldG, to.g, b, shape.queryHeads(), hq, 1);
        }
        if (to.q != null) {
          long stride = (long) shape.queryHeads() * d;
          long at = ((long) b * shape.steps() + length) * stride + (long) hq * d;
          to.q.none(at, stride, shape.steps() - length, d);
        }
      }
      Target.scatter(span, gKeys, to.heldK, to.k, b, (long) shape.heads() * d, h * d, d);
      Target.scatter(span, gValues, to.heldV, to.v, b, (long) shape.heads() * dv, h * dv, dv);
    }
  }

  /** A block of queries of one head, with the tiles that it works on. */
  private final class Block {
    /** Times the scale of logits. */
    private final A keys;

    private final TransposedRows<A> transposedKeys;
    private final TransposedRows<A> transposedValues;
    private final A gKeys;
    private final A gValues;
    private final ForgetBias<A> bias;
    private final ForgetGradient<A> gBias;
    private final double keyNorm;
    private final A queries;
    private final A scaled;
    private final A gQueries;
    private final A gOut;
    private final A out;
    private final A weights;
    private final A gWeights;
    private final A logSum;
    private final double[] delta = new double[QUERIES];

    Block(
        Scratch<A> scratch,
        A keys,
        A values,
        A gKeys,
        A gValues,
        int total,
        ForgetBias<A> bias,
        ForgetGradient<A> gBias,
        double keyNorm) {
      this.keys = keys;
      this.gKeys = gKeys;
      this.gValues = gValues;
      this.bias = bias;
      this.gBias = gBias;
      this.keyNorm = keyNorm;
      this.transposedKeys = new TransposedRows<>(kernels, scratch, keys, total, shape.keyDim());
      this.transposedValues =
          new TransposedRows<>(kernels, scratch, values, total, shape.valueDim());
      this.queries = scratch.take(QUERIES * shape.keyDim());
      this.scaled = scratch.take(QUERIES * shape.keyDim());
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
      in.q().loadRows(keyAt, keyStride, queries, 0, rows, shape.keyDim());
      pass.y.loadRows(valueAt, valueStride, out, 0, rows, dv);
      pass.gy.loadRows(valueAt, valueStride, gOut, 0, rows, dv);
      long head = (long) b * shape.queryHeads() + hq;
      pass.logSums.load(head * shape.steps() + from, logSum, 0, rows);
      for (int r = 0; r < rows; r++) {
        delta[r] = kernels.dot(gOut, r * dv, out, r * dv, dv);
      }
      if (to.sinks != null) {
        sink(b, hq, rows);
      }
      int first = span.firstKey(b, from);
      int last = span.endKey(b, until);
      if (bias != null) {
        double bound = span.scale() * keyNorm * span.largestNorm(kernels, queries, rows);
        bias.block(hq, span.cached()[b] + from, rows, first, bound);
        first = bias.first();
      }
      // What multiplies the gradients of logits for those of keys.
      kernels.affine(span.scale(), queries, 0, 0, scaled, 0, rows * shape.keyDim());
      if (gBias != null) {
        gBias.startBlock();
      }
      for (int s = first; s < last; s += KEYS) {
        int end = Math.min(last, s + KEYS);
        int at = span.cached()[b] + from;
        Band band = new Band(span.visibility(), at, rows, s, end, span.total(b));
        transposedKeys.multiply(band, 0, queries, weights);
        transposedValues.multiply(band, 0, gOut, gWeights);
        for (int r = 0; r < rows; r++) {
          row(b, hq, at + r, r, s, end);
        }
        products(band, s == first);
      }
      if (gBias != null) {
        gBias.endBlock(rows);
      }
      if (to.q != null) {
        to.q.rows(keyAt, keyStride, gQueries, 0, rows, shape.keyDim());
      }
    }

    /** A sink has a weight {@code e^{a - L}} and no value. */
    private void sink(int b, int hq, int rows) {
      double sum = 0;
      for (int r = 0; r < rows; r++) {
        sum += Math.exp(in.sinks()[hq] - kernels.get(logSum, r)) * delta[r];
      }
      gSinks[b * shape.queryHeads() + hq] -= sum;
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
      double offset = bias == null ? 0 : bias.add(weights, start, r, from, until);
      double shift = kernels.get(logSum, r) - offset;
      kernels.expAbove(weights, start, shift, BlockwiseForward.NEGLIGIBLE, weights, start, n);
      double kept = 1;
      if (in.dropout() != null) {
        kept = in.dropout().scale();
        drop(b, hq, at, from, gWeights, start, n);
      }
      kernels.affine(kept, gWeights, start, -delta[r], gWeights, start, n);
      kernels.multiply(weights, start, gWeights, start, gWeights, start, n);
      if (gBias != null) {
        gBias.collect(gWeights, start, r, from, until);
      }
      if (in.dropout() != null) {
        drop(b, hq, at, from, weights, start, n);
        kernels.affine(kept, weights, start, 0, weights, start, n);
      }
    }

    private void drop(int b, int hq, int at, int from, A x, int start, int n) {
      in.dropout().apply(kernels, b, shape.queryHeads(), hq, at, from, x, start, n);
    }

    private void products(Band band, boolean isFirst) {
      int d = shape.keyDim();
      int dv = shape.valueDim();
      int s = band.from();
      int n = band.to() - s;
      band.byKey(
          (row, rows, key, seen) -> {
            int at = row * n + key;
            addOuter(rows, seen, dv, weights, at, n, gOut, row, gValues, s + key);
            addOuter(rows, seen, d, gWeights, at, n, scaled, row, gKeys, s + key);
          });
      band.byQuery(
          (row, rows, key, seen) ->
              kernels.gemm(
                  false,
                  false,
                  rows,
                  d,
                  seen,
                  1,
                  gWeights,
                  row * n + key,
                  n,
                  keys,
                  (s + key) * d,
                  d,
                  isFirst ? 0 : 1,
                  gQueries,
                  row * d,
                  d));
    }

    /** Adds {@code Wᵀ X} to rows from {@code to} on, {@code size} numbers each. */
    private void addOuter(
        int rows, int keys, int size, A w, int at, int stride, A x, int row, A sum, int to) {
      kernels.gemm(
          true,
          false,
          keys,
          size,
          rows,
          1,
          w,
          at,
          stride,
          x,
          row * size,
          size,
          1,
          sum,
          to * size,
          size);
    }
  }
}
