package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One token per row against everything that it sees, by the recurrent form of softmax attention:
 *
 * <pre>{@code
 * m' = max(m, x)    l' = l e^{m-m'} + e^{x-m'}    acc' = acc e^{m-m'} + e^{x-m'} v    y = acc / l
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class AttentionStep<A> {
  /** Keys that are loaded at once. */
  private static final int TILE = 64;

  /** Below this many multiply-adds, handing work to other threads costs more than it saves. */
  private static final long WORTH_SHARING = 1 << 17;

  private final Precision<A> precision;
  private final AttentionShape shape;
  private final double scale;
  private final double[] slopes;

  AttentionStep(Precision<A> precision, AttentionShape shape, double scale, double[] slopes) {
    this.precision = precision;
    this.shape = shape;
    this.scale = scale;
    this.slopes = slopes;
  }

  /**
   * Writes {@code y [B, 1, HQ, V]}.
   *
   * @param seen slots of each row that its query sees, itself the last
   */
  void run(INDArray q, GrowingCache<A> keys, GrowingCache<A> values, int[] seen, INDArray y) {
    Slab<A> queries = precision.slab(q);
    Slab<A> out = precision.slab(y);
    long work = 0;
    for (int n : seen) {
      work += (long) n * shape.queryHeads() * (shape.keyDim() + shape.valueDim());
    }
    int tasks = shape.batch() * shape.heads();
    if (work < WORTH_SHARING) {
      for (int task = 0; task < tasks; task++) {
        head(task / shape.heads(), task % shape.heads(), queries, keys, values, seen, out);
      }
    } else {
      Parallel.run(
          tasks,
          task ->
              head(task / shape.heads(), task % shape.heads(), queries, keys, values, seen, out));
    }
  }

  private void head(
      int b,
      int h,
      Slab<A> queries,
      GrowingCache<A> keys,
      GrowingCache<A> values,
      int[] seen,
      Slab<A> out) {
    int d = shape.keyDim();
    int dv = shape.valueDim();
    int group = shape.group();
    Kernels<A> kernels = precision.kernels();
    long head = (long) b * shape.queryHeads() + (long) h * group;
    try (Scratch<A> scratch = precision.scratch()) {
      A query = scratch.take(group * d);
      A keyTile = scratch.take(TILE * d);
      A valueTile = scratch.take(TILE * dv);
      A acc = scratch.zeros(group * dv);
      double[] max = new double[group];
      double[] sum = new double[group];
      Arrays.fill(max, Double.NEGATIVE_INFINITY);
      queries.load(head * d, query, 0, group * d);
      for (int from = 0; from < seen[b]; from += TILE) {
        int to = Math.min(seen[b], from + TILE);
        keys.load(b, h, from, to, keyTile);
        values.load(b, h, from, to, valueTile);
        for (int g = 0; g < group; g++) {
          for (int s = from; s < to; s++) {
            double x = scale * kernels.dot(query, g * d, keyTile, (s - from) * d, d);
            if (slopes != null) {
              x -= slopes[h * group + g] * (seen[b] - 1 - s);
            }
            if (x > max[g]) {
              double kept = Math.exp(max[g] - x);
              kernels.affine(kept, acc, g * dv, 0, acc, g * dv, dv);
              sum[g] *= kept;
              max[g] = x;
            }
            double weight = Math.exp(x - max[g]);
            sum[g] += weight;
            kernels.axpy(weight, valueTile, (s - from) * dv, acc, g * dv, dv);
          }
        }
      }
      for (int g = 0; g < group; g++) {
        kernels.affine(1 / sum[g], acc, g * dv, 0, acc, g * dv, dv);
      }
      out.store(head * dv, acc, 0, group * dv);
    }
  }
}
