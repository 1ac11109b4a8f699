package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One token per row against everything that it sees. The slots of a row are cut into pieces, each
 * read once from front to back, and joined by the recurrent form of softmax attention:
 *
 * <pre>{@code
 * x_s = scale q·k_s + bias_s    m_c = max x    l_c = Σ e^{x_s-m_c}    acc_c = Σ e^{x_s-m_c} v_s
 * m = max m_c                   y = Σ e^{m_c-m} acc_c / Σ e^{m_c-m} l_c
 * }</pre>
 *
 * <p>A sink with logit a is a piece with {@code m = a, l = 1, acc = 0}. Reading keys and values is
 * what a token costs, so that BLAS reads them in place.
 *
 * @param <A> the heap array type
 */
final class AttentionStep<A> {
  /** Slots of a piece: few enough that several threads have some, many enough for BLAS. */
  private static final int PIECE = 256;

  /** Below this many multiply-adds, handing work to other threads costs more than it saves. */
  private static final long WORTH_SHARING = 1 << 17;

  private final Precision<A> precision;
  private final AttentionShape shape;
  private final double scale;
  private final double[] slopes;
  private final Variable sink;

  /**
   * @param slopes of linear biases per query head, or null
   * @param sink logits without value per query head {@code [HQ]}, or null
   */
  AttentionStep(
      Precision<A> precision, AttentionShape shape, double scale, double[] slopes, Variable sink) {
    this.precision = precision;
    this.shape = shape;
    this.scale = scale;
    this.slopes = slopes;
    this.sink = sink;
  }

  /**
   * What the token's query may see.
   *
   * @param logs log forget gates, or null
   * @param tokens of each row, the query's own the last
   * @param window W, how many of them it sees at most
   */
  record Memory<A>(
      GrowingCache<A> keys,
      GrowingCache<A> values,
      GrowingCache<A> logs,
      int[] tokens,
      int window) {
    int seen(int b) {
      return Math.min(tokens[b], window);
    }

    /** Pieces of the row that sees most. */
    int pieces() {
      int most = 0;
      for (int b = 0; b < tokens.length; b++) {
        most = Math.max(most, seen(b));
      }
      return (most + PIECE - 1) / PIECE;
    }
  }

  /** Writes {@code y [B, 1, HQ, V]}. */
  void run(Tape tape, INDArray q, Memory<A> memory, INDArray y) {
    Replay.run(new Pieces(tape, q, memory, precision.slab(y)));
  }

  /** The pieces of all rows, row after row. */
  private final class Pieces implements Runnable, IntConsumer {
    private final Memory<A> memory;
    private final Slab<A> queries;
    private final DataType type;

    /** Pieces that there is memory for. */
    private int room;

    private int perRow;

    /** Sums of the log gates between every slot and the token, {@code [B, HQ, slots]}, or null. */
    private A forgotten;

    /** Logits without value, or null. */
    private final double[] sinks;

    /** Logits, then weights, {@code [count, HQ, PIECE]}. */
    private Slab<A> weights;

    /** Weighted sums of values, {@code [count, HQ, V]}. */
    private Slab<A> sums;

    /** m and l of every piece and query head. */
    private double[] max;

    private double[] total;

    private final Slab<A> y;

    Pieces(Tape tape, INDArray q, Memory<A> memory, Slab<A> y) {
      this.memory = memory;
      this.queries = precision.slab(q);
      this.type = q.dataType();
      this.sinks = sink == null ? null : new double[shape.queryHeads()];
      this.y = y;
      int count = shape.batch() * memory.pieces();
      take(
          count,
          tape.allocate(type, count, shape.queryHeads(), PIECE),
          tape.allocate(type, count, shape.queryHeads(), shape.valueDim()));
    }

    private void take(int count, INDArray forWeights, INDArray forSums) {
      room = count;
      weights = precision.slab(forWeights);
      sums = precision.slab(forSums);
      max = new double[count * shape.queryHeads()];
      total = new double[count * shape.queryHeads()];
    }

    /** Makes room for more pieces than the recorded step had; the tape's memory is for that one. */
    private void grow(int count) {
      try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        int heads = shape.queryHeads();
        take(
            count,
            Nd4j.createUninitialized(type, new long[] {count, heads, PIECE}, 'c'),
            Nd4j.createUninitialized(type, new long[] {count, heads, shape.valueDim()}, 'c'));
      }
    }

    @Override
    public void run() {
      perRow = memory.pieces();
      int count = shape.batch() * perRow;
      if (count > room) {
        grow(2 * count);
      }
      long work = 0;
      for (int b = 0; b < shape.batch(); b++) {
        work += (long) memory.seen(b) * shape.queryHeads() * (shape.keyDim() + shape.valueDim());
      }
      try (Scratch<A> scratch = precision.scratch()) {
        if (sinks != null) {
          A logits = scratch.take(sinks.length);
          precision.slab(sink.operand()).load(0, logits, 0, sinks.length);
          precision.kernels().widen(logits, 0, sinks, 0, sinks.length);
        }
        forgotten = memory.logs == null ? null : forgotten(scratch);
        Parallel.run(work >= WORTH_SHARING, count, this);
        join();
      }
    }

    private A forgotten(Scratch<A> scratch) {
      Kernels<A> kernels = precision.kernels();
      int heads = shape.queryHeads();
      int slots = perRow * PIECE;
      A sums = scratch.take(shape.batch() * heads * slots);
      A gates = scratch.take(slots * heads);
      for (int b = 0; b < shape.batch(); b++) {
        memory.logs.load(b, 0, 0, memory.seen(b), gates);
        for (int head = 0; head < heads; head++) {
          double sum = 0;
          for (int s = memory.seen(b) - 1; s >= 0; s--) {
            kernels.set(sums, (b * heads + head) * slots + s, sum);
            sum = Math.max(ForgetBias.LOWEST, sum + kernels.get(gates, s * heads + head));
          }
        }
      }
      return sums;
    }

    @Override
    public void accept(int piece) {
      int b = piece / perRow;
      int from = piece % perRow * PIECE;
      int n = Math.min(PIECE, memory.seen(b) - from);
      try (Scratch<A> scratch = precision.scratch()) {
        A x = scratch.take(PIECE);
        for (int head = 0; head < shape.queryHeads(); head++) {
          int at = piece * shape.queryHeads() + head;
          if (n <= 0) {
            max[at] = Double.NEGATIVE_INFINITY;
          } else {
            head(b, head, from, n, at, x);
          }
        }
      }
    }

    private void head(int b, int head, int from, int n, int at, A x) {
      Kernels<A> kernels = precision.kernels();
      GrowingCache<A> keys = memory.keys;
      GrowingCache<A> values = memory.values;
      int h = head / shape.group();
      int d = shape.keyDim();
      long query = ((long) b * shape.queryHeads() + head) * d;
      long row = (long) at * PIECE;
      long keysAt = keys.at(b, h, from);
      Blas.gemv(
          false, n, d, scale, keys.slab(), keysAt, keys.stride(), queries, query, 0, weights, row);
      weights.load(row, x, 0, n);
      bias(b, head, from, n, x);
      double most = kernels.max(x, 0, n);
      max[at] = most;
      total[at] = kernels.expAbove(x, 0, finite(most), BlockwiseForward.NEGLIGIBLE, x, 0, n);
      weights.store(row, x, 0, n);
      int dv = shape.valueDim();
      long sum = (long) at * dv;
      long valuesAt = values.at(b, h, from);
      Blas.gemv(
          true, n, dv, 1, values.slab(), valuesAt, values.stride(), weights, row, 0, sums, sum);
    }

    private void bias(int b, int head, int from, int n, A x) {
      if (slopes != null) {
        Kernels<A> kernels = precision.kernels();
        for (int s = 0; s < n; s++) {
          double distance = memory.seen(b) - 1 - (from + s);
          kernels.set(x, s, kernels.get(x, s) - slopes[head] * distance);
        }
      }
      if (forgotten != null) {
        int at = (b * shape.queryHeads() + head) * perRow * PIECE + from;
        precision.kernels().add(x, 0, forgotten, at, x, 0, n);
      }
    }

    /** Joins the pieces of every row. */
    void join() {
      Kernels<A> kernels = precision.kernels();
      int heads = shape.queryHeads();
      int dv = shape.valueDim();
      try (Scratch<A> scratch = precision.scratch()) {
        A joined = scratch.take(dv);
        A sum = scratch.take(dv);
        for (int b = 0; b < shape.batch(); b++) {
          for (int head = 0; head < heads; head++) {
            double most = sinks == null ? Double.NEGATIVE_INFINITY : sinks[head];
            for (int c = 0; c < perRow; c++) {
              most = Math.max(most, max[(b * perRow + c) * heads + head]);
            }
            double all = sinks == null ? 0 : Math.exp(sinks[head] - finite(most));
            kernels.fill(joined, 0, dv, 0);
            for (int c = 0; c < perRow && c * PIECE < memory.seen(b); c++) {
              int at = (b * perRow + c) * heads + head;
              double kept = Math.exp(max[at] - finite(most));
              all += kept * total[at];
              sums.load((long) at * dv, sum, 0, dv);
              kernels.axpy(kept, sum, 0, joined, 0, dv);
            }
            kernels.affine(1 / all, joined, 0, 0, joined, 0, dv);
            y.store(((long) b * heads + head) * dv, joined, 0, dv);
          }
        }
      }
    }
  }

  /** What is subtracted in place of a largest logit: e^{-inf} is 0, e^{-inf + inf} no number. */
  private static double finite(double max) {
    return max == Double.NEGATIVE_INFINITY ? 0 : max;
  }
}
