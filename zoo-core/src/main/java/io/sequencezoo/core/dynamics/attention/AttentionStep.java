package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One token per row against everything that it sees, by the recurrent form of softmax attention:
 *
 * <pre>{@code
 * m' = max(m, x)    l' = l e^{m-m'} + e^{x-m'}    acc' = acc e^{m-m'} + e^{x-m'} v    y = acc / l
 * }</pre>
 *
 * <p>A sink with logit a starts at {@code m = a, l = 1}.
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
  private final double[] sinks;

  /**
   * @param slopes of linear biases per query head, or null
   * @param sinks logits without value per query head, or null
   */
  AttentionStep(
      Precision<A> precision, AttentionShape shape, double scale, double[] slopes, double[] sinks) {
    this.precision = precision;
    this.shape = shape;
    this.scale = scale;
    this.slopes = slopes;
    this.sinks = sinks;
  }

  /**
   * What the token's query may see.
   *
   * @param logs log forget gates, or null
   * @param seen slots of each row that its query sees, itself the last
   */
  record Memory<A>(
      GrowingCache<A> keys, GrowingCache<A> values, GrowingCache<A> logs, int[] seen) {}

  /** Writes {@code y [B, 1, HQ, V]}. */
  void run(INDArray q, Memory<A> memory, INDArray y) {
    Slab<A> queries = precision.slab(q);
    Slab<A> out = precision.slab(y);
    long work = 0;
    for (int n : memory.seen) {
      work += (long) n * shape.queryHeads() * (shape.keyDim() + shape.valueDim());
    }
    int tasks = shape.batch() * shape.heads();
    if (work < WORTH_SHARING) {
      for (int task = 0; task < tasks; task++) {
        head(task / shape.heads(), task % shape.heads(), queries, memory, out);
      }
    } else {
      Parallel.run(
          tasks, task -> head(task / shape.heads(), task % shape.heads(), queries, memory, out));
    }
  }

  private void head(int b, int h, Slab<A> queries, Memory<A> memory, Slab<A> out) {
    int d = shape.keyDim();
    int dv = shape.valueDim();
    int group = shape.group();
    int seen = memory.seen[b];
    Kernels<A> kernels = precision.kernels();
    long head = (long) b * shape.queryHeads() + (long) h * group;
    try (Scratch<A> scratch = precision.scratch()) {
      A query = scratch.take(group * d);
      A keyTile = scratch.take(TILE * d);
      A valueTile = scratch.take(TILE * dv);
      A acc = scratch.zeros(group * dv);
      A bias = memory.logs == null ? null : bias(scratch, b, h * group, memory.logs, seen);
      double[] max = new double[group];
      double[] sum = new double[group];
      for (int g = 0; g < group; g++) {
        max[g] = sinks == null ? Double.NEGATIVE_INFINITY : sinks[h * group + g];
        sum[g] = sinks == null ? 0 : 1;
      }
      queries.load(head * d, query, 0, group * d);
      for (int from = 0; from < seen; from += TILE) {
        int to = Math.min(seen, from + TILE);
        memory.keys.load(b, h, from, to, keyTile);
        memory.values.load(b, h, from, to, valueTile);
        for (int g = 0; g < group; g++) {
          for (int s = from; s < to; s++) {
            double x = scale * kernels.dot(query, g * d, keyTile, (s - from) * d, d);
            if (slopes != null) {
              x -= slopes[h * group + g] * (seen - 1 - s);
            }
            if (bias != null) {
              x += kernels.get(bias, g * seen + s);
            }
            if (x == Double.NEGATIVE_INFINITY && x == max[g]) {
              // A weight of 0, but e^{m-m} isn't a number where m is infinite.
              continue;
            }
            // Comparisons are written so that NaN passes them, and reaches the output.
            if (!(x <= max[g])) {
              double kept = Math.exp(max[g] - x);
              kernels.affine(kept, acc, g * dv, 0, acc, g * dv, dv);
              sum[g] *= kept;
              max[g] = x;
            }
            double below = x - max[g];
            double weight = below < BlockwiseForward.NEGLIGIBLE ? 0 : Math.exp(below);
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

  /** The sums of log gates between every slot and the token, for a group of heads. */
  private A bias(Scratch<A> scratch, int b, int head, GrowingCache<A> logs, int seen) {
    Kernels<A> kernels = precision.kernels();
    int heads = shape.queryHeads();
    A gates = scratch.take(seen * heads);
    A bias = scratch.take(shape.group() * seen);
    logs.load(b, 0, 0, seen, gates);
    for (int g = 0; g < shape.group(); g++) {
      double sum = 0;
      for (int s = seen - 1; s >= 0; s--) {
        kernels.set(bias, g * seen + s, sum);
        sum = Math.max(ForgetBias.LOWEST, sum + kernels.get(gates, s * heads + head + g));
      }
    }
    return bias;
  }
}
