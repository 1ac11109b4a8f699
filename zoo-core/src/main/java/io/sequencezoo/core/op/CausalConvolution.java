package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One application of {@link ShortConvolution}. Rows are cut into blocks of time; a block reads the
 * W-1 inputs before it, and backward recomputes the pre-activations of the W-1 steps after it, so
 * that nothing but the inputs is kept.
 *
 * <p>Positions below are "extended": extended position {@code e} is {@code x_{e-W+1}}, or cache
 * entry e where {@code e < W-1}.
 */
final class CausalConvolution<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Variable x;
  private final Variable weight;
  private final @Nullable Variable bias;
  private final @Nullable Variable cache;
  private final @Nullable Unary activation;
  private final int[] lengths;
  private final int steps;
  private final int d;
  private final int w;
  private final int block;
  private final int blocks;

  CausalConvolution(
      Precision<A> precision,
      Variable x,
      Variable weight,
      @Nullable Variable bias,
      @Nullable Variable cache,
      @Nullable Unary activation,
      int @Nullable [] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.x = x;
    this.weight = weight;
    this.bias = bias;
    this.cache = cache;
    this.activation = activation;
    this.steps = x.size(1);
    this.d = x.size(2);
    this.w = weight.size(1);
    this.lengths = lengths == null ? full(x.size(0), steps) : lengths.clone();
    // Blocks shorter than a few widths would spend their time on what they share with the next.
    this.block = Math.max(Tiles.tileRows(d), 4 * w);
    this.blocks = Math.max(1, (steps + block - 1) / block);
  }

  private static int[] full(int batch, int steps) {
    int[] lengths = new int[batch];
    Arrays.fill(lengths, steps);
    return lengths;
  }

  Variable[] record(Tape tape) {
    int batch = x.size(0);
    INDArray y = tape.allocate(x.type(), x.shape());
    INDArray next = tape.allocate(x.type(), batch, w - 1, d);
    Inputs inputs = new Inputs();
    Slab<A> ys = precision.slab(y);
    @Nullable Slab<A> nexts = w == 1 ? null : precision.slab(next);
    Parallel.run(
        batch * blocks,
        task -> {
          int b = task / blocks;
          int from = task % blocks * block;
          int end = Math.min(steps, from + block);
          int valid = Math.max(from, Math.min(end, lengths[b]));
          try (Scratch<A> scratch = precision.scratch()) {
            A taps = taps(scratch);
            @Nullable A shift = bias == null ? null : Norms.vector(precision, scratch, bias);
            A tile = scratch.take((block + w) * d);
            A out = scratch.take(block * d);
            inputs.load(b, from, valid + w - 1, tile);
            convolve(taps, shift, tile, out, valid - from);
            if (activation != null) {
              kernels.map(activation, out, 0, out, 0, (valid - from) * d);
            }
            kernels.fill(out, (valid - from) * d, (end - valid) * d, 0);
            ys.store(((long) b * steps + from) * d, out, 0, (end - from) * d);
            if (from == 0 && nexts != null) {
              inputs.load(b, lengths[b], lengths[b] + w - 1, tile);
              nexts.store((long) b * (w - 1) * d, tile, 0, (w - 1) * d);
            }
          }
        });
    return tape.record(new INDArray[] {y, next}, this::pullback, x, weight, bias, cache);
  }

  /** The weights as W rows of D, so that inner loops run over features. */
  private A taps(Scratch<A> scratch) {
    A rows = Norms.vector(precision, scratch, weight);
    A taps = scratch.take(w * d);
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < w; j++) {
        kernels.set(taps, j * d + i, kernels.get(rows, i * w + j));
      }
    }
    return taps;
  }

  /** {@code out_i = b + Σ_j w_j tile_{i+j}} for n rows. */
  private void convolve(A taps, @Nullable A shift, A tile, A out, int n) {
    for (int i = 0; i < n; i++) {
      if (shift == null) {
        kernels.fill(out, i * d, d, 0);
      } else {
        kernels.copy(shift, 0, out, i * d, d);
      }
      for (int j = 0; j < w; j++) {
        kernels.multiplyAdd(tile, (i + j) * d, taps, j * d, out, i * d, d);
      }
    }
  }

  private void pullback(Cotangents cotangents) {
    Gradients gradients = new Gradients(cotangents);
    Tiles.Target<A> gBias = Tiles.target(precision, cotangents, 2);
    Tiles.Target<A> gWeight = Tiles.target(precision, cotangents, 1);
    int n = w * d;
    Partials.run(
        precision,
        (long) x.size(0) * blocks,
        1,
        n,
        gWeight,
        gBias,
        (from, end, sumTaps, sumBias) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A gTaps = scratch.zeros(n);
            Block buffers = new Block(scratch);
            for (long task = from; task < end; task++) {
              gradients.block((int) task / blocks, (int) task % blocks, buffers, gTaps, sumBias);
            }
            for (int i = 0; i < d; i++) {
              for (int j = 0; j < w; j++) {
                kernels.set(sumTaps, i * w + j, kernels.get(gTaps, j * d + i));
              }
            }
          }
        });
  }

  /** The inputs with the cache, or zeros, before them. */
  private final class Inputs {
    private final Slab<A> xs = precision.slab(x.operand());
    private final @Nullable Slab<A> caches =
        cache == null || w == 1 ? null : precision.slab(cache.operand());

    /** Loads extended positions {@code from} to {@code end - 1} of row b. */
    void load(int b, int from, int end, A into) {
      int history = Math.min(end, w - 1) - from;
      if (history > 0) {
        if (caches == null) {
          kernels.fill(into, 0, history * d, 0);
        } else {
          caches.load(((long) b * (w - 1) + from) * d, into, 0, history * d);
        }
      }
      int start = Math.max(from, w - 1);
      if (end > start) {
        long at = ((long) b * steps + start - (w - 1)) * d;
        xs.load(at, into, (start - from) * d, (end - start) * d);
      }
    }
  }

  /** The heap arrays of one task of backward. */
  private final class Block {
    private final A taps;
    private final @Nullable A shift;
    private final A inputs;
    private final A pre;
    private final A out;
    private final A gOut;
    private final A gPre;
    private final A gx;
    private final A spare;

    Block(Scratch<A> scratch) {
      taps = taps(scratch);
      shift = bias == null ? null : Norms.vector(precision, scratch, bias);
      int most = (block + 2 * w) * d;
      inputs = scratch.take(most);
      pre = scratch.take(most);
      out = scratch.take(most);
      gOut = scratch.take(most);
      gPre = scratch.take(most);
      gx = scratch.take(most);
      spare = scratch.take(most);
    }
  }

  /** Where backward reads and writes. */
  private final class Gradients {
    private final Inputs inputs = new Inputs();
    private final @Nullable Slab<A> gy;
    private final @Nullable Slab<A> gNext;
    private final Tiles.@Nullable Target<A> gx;
    private final Tiles.@Nullable Target<A> gCache;

    Gradients(Cotangents cotangents) {
      gy = Tiles.cotangent(precision, cotangents, 0);
      gNext = w == 1 ? null : Tiles.cotangent(precision, cotangents, 1);
      gx = Tiles.target(precision, cotangents, 0);
      gCache = w == 1 ? null : Tiles.target(precision, cotangents, 3);
    }

    /**
     * One block of row b: outputs {@code from..end-1} give gradients of weights; with the W-1
     * outputs after them they give the gradients of inputs {@code from..end-1}. The first block
     * owns the cache as well.
     */
    void block(int b, int index, Block buffers, A gTaps, A gBias) {
      int from = index * block;
      int end = Math.min(steps, from + block);
      int valid = Math.min(end + w - 1, lengths[b]);
      int n = Math.max(0, valid - from);
      outputs(b, from, n, buffers);
      int own = Math.max(0, Math.min(end, lengths[b]) - from);
      for (int i = 0; i < own; i++) {
        kernels.add(gBias, 0, buffers.gPre, i * d, gBias, 0, d);
        for (int j = 0; j < w; j++) {
          kernels.multiplyAdd(buffers.inputs, (i + j) * d, buffers.gPre, i * d, gTaps, j * d, d);
        }
      }
      if (gx != null && end > from) {
        spread(b, from + w - 1, end + w - 1, from, n, buffers);
        gx.put(
            kernels, ((long) b * steps + from) * d, buffers.gx, 0, buffers.spare, (end - from) * d);
      }
      if (gCache != null && index == 0) {
        spread(b, 0, w - 1, 0, n, buffers);
        gCache.put(kernels, (long) b * (w - 1) * d, buffers.gx, 0, buffers.spare, (w - 1) * d);
      }
    }

    /** The gradients of n pre-activations from step {@code from} on, recomputed. */
    private void outputs(int b, int from, int n, Block buffers) {
      inputs.load(b, from, n == 0 ? from : from + n + w - 1, buffers.inputs);
      if (gy == null) {
        kernels.fill(buffers.gPre, 0, n * d, 0);
        return;
      }
      A target = activation == null ? buffers.gPre : buffers.gOut;
      gy.load(((long) b * steps + from) * d, target, 0, n * d);
      if (activation != null) {
        convolve(buffers.taps, buffers.shift, buffers.inputs, buffers.pre, n);
        kernels.map(activation, buffers.pre, 0, buffers.out, 0, n * d);
        kernels.mapPullback(
            activation, buffers.pre, 0, buffers.out, 0, buffers.gOut, 0, buffers.gPre, 0, n * d);
      }
    }

    /**
     * The gradients of extended positions {@code first..last-1}: {@code g_e = Σ_j w_j gPre_{e-j}}
     * over the n steps from {@code from} on, and what the next cache adds.
     */
    private void spread(int b, int first, int last, int from, int n, Block buffers) {
      kernels.fill(buffers.gx, 0, (last - first) * d, 0);
      for (int e = first; e < last; e++) {
        for (int j = 0; j < w; j++) {
          int i = e - j - from;
          if (i >= 0 && i < n) {
            kernels.multiplyAdd(
                buffers.gPre, i * d, buffers.taps, j * d, buffers.gx, (e - first) * d, d);
          }
        }
      }
      int start = Math.max(first, lengths[b]);
      int stop = Math.min(last, lengths[b] + w - 1);
      if (gNext != null && start < stop) {
        int count = (stop - start) * d;
        gNext.load(((long) b * (w - 1) + start - lengths[b]) * d, buffers.spare, 0, count);
        int at = (start - first) * d;
        kernels.add(buffers.gx, at, buffers.spare, 0, buffers.gx, at, count);
      }
    }
  }
}
