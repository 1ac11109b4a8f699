package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * One token per row against the latents that it sees, in absorbed form: all heads read the same
 * latents, so that a tile of them serves as keys and as values of every head.
 *
 * <pre>{@code
 * x_s = scale (q'·c_s + q_P·p_s)    z = Σ_s softmax_s(x) c_s
 * }</pre>
 *
 * @param <A> the heap array type
 */
record LatentStep<A>(Precision<A> precision, LatentShape shape, double scale) {
  /** Latents that are loaded at once. */
  private static final int TILE = 64;

  /** Heads of a task: few enough that one row keeps several threads busy. */
  private static final int HEADS = 8;

  /** Below this many multiply-adds, handing work to other threads costs more than it saves. */
  private static final long WORTH_SHARING = 1 << 17;

  /**
   * Writes the mean latents {@code z [B, H, R]}.
   *
   * @param absorbed q', queries as latents, {@code [B, H, R]}
   * @param q {@code [B, H, K]}, of which the first features carry positions
   * @param tokens of each row, the query's own the last
   * @param window how many of them a query sees at most
   */
  void run(
      Slab<A> absorbed,
      Slab<A> q,
      GrowingCache<A> latents,
      GrowingCache<A> ropeKeys,
      int[] tokens,
      int window,
      Slab<A> z) {
    int pieces = (shape.heads() + HEADS - 1) / HEADS;
    int tasks = shape.batch() * pieces;
    Pass<A> pass = new Pass<>(this, absorbed, q, latents, ropeKeys, tokens, window, z);
    IntConsumer piece = task -> pass.heads(task / pieces, task % pieces * HEADS);
    Replay.run(() -> Parallel.run(pass.work() >= WORTH_SHARING, tasks, piece));
  }

  private record Pass<A>(
      LatentStep<A> step,
      Slab<A> absorbed,
      Slab<A> q,
      GrowingCache<A> latents,
      GrowingCache<A> ropeKeys,
      int[] tokens,
      int window,
      Slab<A> z) {

    int seen(int b) {
      return Math.min(tokens[b], window);
    }

    long work() {
      LatentShape shape = step.shape;
      long work = 0;
      for (int b = 0; b < tokens.length; b++) {
        work += (long) seen(b) * shape.heads() * (2 * shape.rank() + shape.ropeDim());
      }
      return work;
    }

    void heads(int b, int first) {
      LatentShape shape = step.shape;
      double scale = step.scale;
      Precision<A> precision = step.precision;
      int heads = Math.min(HEADS, shape.heads() - first);
      int r = shape.rank();
      int p = shape.ropeDim();
      long at = (long) b * shape.heads() + first;
      Kernels<A> kernels = precision.kernels();
      try (Scratch<A> scratch = precision.scratch();
          Scratch<double[]> doubles = Precision.DOUBLE.scratch()) {
        A content = scratch.take(heads * r);
        A rotated = scratch.take(heads * p);
        A latent = scratch.take(TILE * r);
        A ropeKey = scratch.take(TILE * p);
        A weights = scratch.take(heads * TILE);
        A mean = scratch.zeros(heads * r);
        double[] max = doubles.take(heads);
        double[] sum = doubles.zeros(heads);
        Arrays.fill(max, 0, heads, Double.NEGATIVE_INFINITY);
        absorbed.load(at * r, content, 0, heads * r);
        q.loadRows(at * shape.keyDim(), shape.keyDim(), rotated, 0, heads, p);
        for (int from = 0; from < seen(b); from += TILE) {
          int n = Math.min(TILE, seen(b) - from);
          latents.load(b, 0, from, from + n, latent);
          ropeKeys.load(b, 0, from, from + n, ropeKey);
          kernels.gemm(
              false, true, heads, n, r, scale, content, 0, r, latent, 0, r, 0, weights, 0, n);
          kernels.gemm(
              false, true, heads, n, p, scale, rotated, 0, p, ropeKey, 0, p, 1, weights, 0, n);
          for (int h = 0; h < heads; h++) {
            double now = Math.max(max[h], kernels.max(weights, h * n, n));
            double kept = Math.exp(max[h] - now);
            double added =
                kernels.expAbove(
                    weights, h * n, now, BlockwiseForward.NEGLIGIBLE, weights, h * n, n);
            sum[h] = sum[h] * kept + added;
            kernels.affine(kept, mean, h * r, 0, mean, h * r, r);
            max[h] = now;
          }
          kernels.gemm(false, false, heads, r, n, 1, weights, 0, n, latent, 0, r, 1, mean, 0, r);
        }
        for (int h = 0; h < heads; h++) {
          kernels.affine(1 / sum[h], mean, h * r, 0, mean, h * r, r);
        }
        z.store(at * r, mean, 0, heads * r);
      }
    }
  }
}
