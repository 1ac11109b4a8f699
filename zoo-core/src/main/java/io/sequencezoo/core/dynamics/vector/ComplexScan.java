package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The scan {@code h_t = λ ⊙ h_{t-1} + v_t} of complex numbers as one operation. With several
 * segments a first pass finds where each would end if it started from zero, prefix products of
 * {@code λ} make its true start of that, and a second pass runs all segments at once.
 *
 * <p>Backward is the same scan the other way with conjugate {@code λ}; states are read from the
 * outputs, so that nothing is kept beside them.
 *
 * @param <A> the array type
 */
final class ComplexScan<A> {
  /** Elements of a tile: with what it is computed from it fits a second-level cache. */
  private static final int TILE = 1 << 13;

  /** Steps of a segment: many tiles, so that reading them twice is cheap beside starting a task. */
  static final int SEGMENT = 256;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Variable v;
  private final Variable logLambda;
  private final Variable start;
  private final boolean reversed;
  private final int[] lengths;
  private final int steps;
  private final int modes;
  private final int width;
  private final int rows;
  private final int segment;
  private final int segments;
  private final double[] log;

  private ComplexScan(
      Precision<A> precision,
      Variable v,
      Variable logLambda,
      Variable start,
      boolean reversed,
      boolean segmented,
      int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.v = v;
    this.logLambda = logLambda;
    this.start = start;
    this.reversed = reversed;
    this.steps = v.size(1);
    this.width = v.size(2);
    this.modes = width / 2;
    this.rows = Math.max(1, TILE / width);
    this.segment = segmented ? SEGMENT : Math.max(1, steps);
    this.segments = Math.max(1, (steps + segment - 1) / segment);
    this.log = ComplexArrays.values(precision, logLambda.value());
    this.lengths = lengths;
  }

  /**
   * States {@code [B, T, 2N]}, zero at padded positions, and the last {@code [B, 2, N]}.
   *
   * @param v {@code [B, T, 2N]}
   * @param logLambda {@code [2, N]}
   * @param start {@code [B, 2, N]}, or null for zero
   * @param reversed whether time runs from the last valid token to the first
   * @param segmented whether to run segments of a row in parallel
   */
  static Variable[] scan(
      Tape tape,
      Variable v,
      Variable logLambda,
      Variable start,
      boolean reversed,
      boolean segmented,
      int[] lengths) {
    return new ComplexScan<>(
            Precision.of(v.type()), v, logLambda, start, reversed, segmented, lengths)
        .record(tape);
  }

  private Variable[] record(Tape tape) {
    int batch = v.size(0);
    INDArray h = tape.allocate(v.type(), v.shape());
    INDArray last = tape.allocate(v.type(), batch, 2, modes);
    Slab<A> from = start == null ? null : precision.slab(start.value());
    Slab<A> states = precision.slab(h);
    new Pass(false, precision.slab(v.value()), null, from, precision.slab(last), states, null)
        .run();
    return tape.record(
        new INDArray[] {h, last}, cotangents -> pullback(cotangents, h), v, logLambda, start);
  }

  private void pullback(Cotangents cotangents, INDArray h) {
    Tape tape = cotangents.tape();
    int batch = v.size(0);
    INDArray gv = tape.allocate(v.type(), v.shape());
    INDArray first = tape.allocate(v.type(), batch, 2, modes);
    INDArray gh = cotangents.output(0);
    INDArray gLast = cotangents.output(1);
    LambdaGradient lambda = new LambdaGradient(precision.slab(h));
    new Pass(
            true,
            gh == null ? null : precision.slab(gh),
            gLast == null ? null : precision.slab(gLast),
            null,
            precision.slab(first),
            precision.slab(gv),
            lambda)
        .run();
    cotangents.add(0, gv);
    if (cotangents.needs(1)) {
      ComplexArrays.contribute(precision, cotangents, 1, lambda.total());
    }
    if (cotangents.needs(2)) {
      cotangents.add(2, startGradient(first, gLast));
    }
  }

  /** {@code conj(λ) G_0}; where a row has no tokens, its last state is its first. */
  private INDArray startGradient(INDArray first, INDArray gLast) {
    double[] lambda = new double[width];
    ComplexArrays.powers(log, 0, modes, 1, lambda, 0);
    double[] g = ComplexArrays.values(precision, first);
    double[] last = gLast == null ? null : ComplexArrays.values(precision, gLast);
    for (int b = 0; b < lengths.length; b++) {
      for (int i = 0; i < modes; i++) {
        int re = b * width + i;
        int im = re + modes;
        if (lengths[b] == 0) {
          g[re] = last == null ? 0 : last[re];
          g[im] = last == null ? 0 : last[im];
        } else {
          double real = lambda[i] * g[re] + lambda[modes + i] * g[im];
          g[im] = lambda[i] * g[im] - lambda[modes + i] * g[re];
          g[re] = real;
        }
      }
    }
    ComplexArrays.store(precision, g, first);
    return first;
  }

  private long at(int row, int t) {
    return ((long) row * steps + t) * width;
  }

  /** One run through time of all rows. */
  private final class Pass {
    private final boolean back;
    private final Slab<A> x;
    private final Slab<A> seed;
    private final Slab<A> start;
    private final Slab<A> end;
    private final Slab<A> y;
    private final LambdaGradient gradient;
    private final double[] power;

    /**
     * A pass.
     *
     * @param adjoint against the direction of the operation and with conjugate λ
     * @param x what is added at each step; null for zeros
     * @param seed {@code [B, 2N]}, added to x at the step where the pass begins; null for zeros
     * @param start {@code [B, 2N]} state before the pass; null for zeros
     * @param end {@code [B, 2N]} where the state after it goes
     * @param y where the states go
     * @param gradient what to accumulate on the way; null for nothing
     */
    Pass(
        boolean adjoint,
        Slab<A> x,
        Slab<A> seed,
        Slab<A> start,
        Slab<A> end,
        Slab<A> y,
        LambdaGradient gradient) {
      this.back = adjoint != reversed;
      this.x = x;
      this.seed = seed;
      this.start = start;
      this.end = end;
      this.y = y;
      this.gradient = gradient;
      this.power = log.clone();
      for (int i = 0; adjoint && i < modes; i++) {
        power[modes + i] = -power[modes + i];
      }
    }

    void run() {
      try (Scratch<A> scratch = precision.scratch()) {
        A lambda = scratch.take(width);
        double[] values = new double[width];
        ComplexArrays.powers(power, 0, modes, 1, values, 0);
        kernels.round(values, 0, lambda, 0, width);
        int batch = lengths.length;
        A states = scratch.take(batch * segments * width);
        if (segments > 1) {
          kernels.fill(states, 0, batch * segments * width, 0);
          Parallel.run(batch * segments, task -> sweep(task, lambda, states, false));
        }
        begin(states);
        Parallel.run(batch * segments, task -> sweep(task, lambda, states, true));
        for (int b = 0; b < batch; b++) {
          end.store((long) b * width, states, (b * segments + segments - 1) * width, width);
        }
      }
    }

    /** From where segments end if they start from zero to where they start. */
    private void begin(A states) {
      double[] state = new double[width];
      double[] factor = new double[width];
      double[] local = new double[width];
      try (Scratch<A> scratch = precision.scratch()) {
        A row = scratch.take(width);
        for (int b = 0; b < lengths.length; b++) {
          Arrays.fill(state, 0);
          if (start != null) {
            start.load((long) b * width, row, 0, width);
            kernels.widen(row, 0, state, 0, width);
          }
          for (int order = 0; order < segments; order++) {
            int slot = (b * segments + order) * width;
            kernels.widen(states, slot, local, 0, width);
            kernels.round(state, 0, states, slot, width);
            int count = to(b, order) - from(b, order);
            ComplexArrays.powers(power, 0, modes, count, factor, 0);
            for (int i = 0; i < modes; i++) {
              double re = state[i];
              double im = state[modes + i];
              state[i] = factor[i] * re - factor[modes + i] * im + local[i];
              state[modes + i] = factor[i] * im + factor[modes + i] * re + local[modes + i];
            }
          }
        }
      }
    }

    /** The first position of the segment that comes at this place in the order of the pass. */
    private int from(int b, int order) {
      int k = back ? segments - 1 - order : order;
      return Math.min(lengths[b], k * segment);
    }

    private int to(int b, int order) {
      int k = back ? segments - 1 - order : order;
      return Math.min(lengths[b], (k + 1) * segment);
    }

    private void sweep(int task, A lambda, A states, boolean store) {
      int b = task / segments;
      int lo = from(b, task % segments);
      int hi = to(b, task % segments);
      try (Scratch<A> scratch = precision.scratch()) {
        A tile = scratch.take(rows * width);
        for (int done = 0; done < hi - lo; done += rows) {
          int m = Math.min(rows, hi - lo - done);
          int first = back ? hi - done - m : lo + done;
          load(b, first, m, tile, scratch);
          int at = back ? (m - 1) * width : 0;
          int stride = back ? -width : width;
          kernels.complexScan(lambda, tile, at, tile, at, stride, m, states, task * width, modes);
          if (store) {
            y.store(at(b, first), tile, 0, m * width);
            if (gradient != null) {
              gradient.add(task, b, first, m, tile);
            }
          }
        }
        if (store && task % segments == 0) {
          clear(b, tile);
        }
      }
    }

    private void load(int b, int first, int m, A tile, Scratch<A> scratch) {
      if (x == null) {
        kernels.fill(tile, 0, m * width, 0);
      } else {
        x.load(at(b, first), tile, 0, m * width);
      }
      int seeded = back ? lengths[b] - 1 : 0;
      if (seed != null && seeded >= first && seeded < first + m) {
        A row = scratch.take(width);
        seed.load((long) b * width, row, 0, width);
        int at = (seeded - first) * width;
        kernels.add(tile, at, row, 0, tile, at, width);
      }
    }

    /** Zeros at padded positions. */
    private void clear(int b, A tile) {
      kernels.fill(tile, 0, Math.min(rows, steps - lengths[b]) * width, 0);
      for (int t = lengths[b]; t < steps; t += rows) {
        y.store(at(b, t), tile, 0, Math.min(rows, steps - t) * width);
      }
    }
  }

  /** {@code conj(λ) Σ G_t conj(h_{t-1})}, summed in double over tiles. */
  private final class LambdaGradient {
    private final Slab<A> h;
    private final Slab<A> before = start == null ? null : precision.slab(start.value());

    /** Per task: Re G Re h and Im G Im h; Im G Re h; Re G Im h. */
    private final double[] sums = new double[lengths.length * segments * 2 * width];

    LambdaGradient(Slab<A> h) {
      this.h = h;
    }

    void add(int task, int b, int first, int m, A g) {
      try (Scratch<A> scratch = precision.scratch()) {
        A previous = scratch.take(m * width);
        load(b, first, m, previous);
        A sum = scratch.zeros(2 * width);
        for (int r = 0; r < m; r++) {
          int at = r * width;
          kernels.multiplyAdd(g, at, previous, at, sum, 0, width);
          kernels.multiplyAdd(g, at + modes, previous, at, sum, width, modes);
          kernels.multiplyAdd(g, at, previous, at + modes, sum, width + modes, modes);
        }
        double[] wide = new double[2 * width];
        kernels.widen(sum, 0, wide, 0, 2 * width);
        for (int i = 0; i < 2 * width; i++) {
          sums[task * 2 * width + i] += wide[i];
        }
      }
    }

    /** The states before steps {@code first..first+m-1}, in the operation's own direction. */
    private void load(int b, int first, int m, A into) {
      int shift = reversed ? 1 : -1;
      int lo = Math.max(0, first + shift);
      int hi = Math.min(lengths[b], first + m + shift);
      int at = (lo - first - shift) * width;
      if (hi > lo) {
        h.load(at(b, lo), into, at, (hi - lo) * width);
      }
      int missing = reversed ? (m - 1) * width : 0;
      if (hi - lo < m) {
        if (before == null) {
          kernels.fill(into, missing, width, 0);
        } else {
          before.load((long) b * width, into, missing, width);
        }
      }
    }

    double[] total() {
      double[] total = new double[2 * width];
      for (int i = 0; i < sums.length; i++) {
        total[i % (2 * width)] += sums[i];
      }
      double[] lambda = new double[width];
      ComplexArrays.powers(log, 0, modes, 1, lambda, 0);
      double[] gradient = new double[width];
      for (int i = 0; i < modes; i++) {
        double re = total[i] + total[modes + i];
        double im = total[width + i] - total[width + modes + i];
        gradient[i] = lambda[i] * re + lambda[modes + i] * im;
        gradient[modes + i] = lambda[i] * im - lambda[modes + i] * re;
      }
      return gradient;
    }
  }
}
