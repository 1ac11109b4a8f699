package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One application of {@link DecayingSum}: a task per row and group of features walks over time with
 * the last s outputs in a ring. Backward walks the other way with the gradients of those outputs in
 * the ring: with {@code G_p} the gradient of {@code y_p}, all uses together,
 *
 * <pre>{@code
 * G_p = dy_p + γ G_{p+s}        dx_p = G_p        dγ = Σ G_p y_{p-s}
 * }</pre>
 */
record LineSum<A>(
    Precision<A> precision,
    Variable x,
    Variable decay,
    @Nullable Variable state,
    int[] starts,
    DecayingSum.Line line,
    Walk walk,
    boolean reversed) {
  /** Features of a task. */
  static final int GROUP = 128;

  Variable[] record(Tape tape) {
    INDArray y = tape.allocate(x.type(), x.shape());
    @Nullable INDArray next =
        state == null ? null : tape.allocate(x.type(), x.size(0), line.stride(), walk.features());
    Slab<A> ys = precision.slab(y);
    @Nullable Slab<A> nexts = next == null ? null : precision.slab(next);
    Parallel.run(walk.tasks(), task -> forward(task, ys, nexts));
    INDArray[] outputs = next == null ? new INDArray[] {y} : new INDArray[] {y, next};
    return tape.record(outputs, cotangents -> pullback(cotangents, ys), x, decay, state);
  }

  /** The i-th position to be visited. */
  private int visited(int row, int i) {
    return reversed ? walk.length(row) - 1 - i : i;
  }

  private boolean isFirst(int position) {
    int coordinate = line.coordinate(position);
    return reversed ? coordinate == line.size() - 1 : coordinate == 0;
  }

  private void forward(int task, Slab<A> ys, @Nullable Slab<A> nexts) {
    Kernels<A> kernels = precision.kernels();
    int row = walk.row(task);
    int from = walk.from(task);
    int n = walk.size(task);
    Slab<A> xs = precision.slab(x.operand());
    try (Scratch<A> scratch = precision.scratch()) {
      A gamma = gamma(scratch, from, n);
      A ring = ring(scratch, state == null ? null : precision.slab(state.operand()), row, from, n);
      A now = scratch.take(n);
      for (int i = 0; i < walk.length(row); i++) {
        int t = visited(row, i);
        int position = starts[row] + t;
        int j = position % line.stride() * n;
        xs.load(walk.at(row, t, from), now, 0, n);
        if (!isFirst(position)) {
          kernels.multiplyAdd(gamma, 0, ring, j, now, 0, n);
        }
        kernels.copy(now, 0, ring, j, n);
        ys.store(walk.at(row, t, from), now, 0, n);
      }
      kernels.fill(now, 0, n, 0);
      for (int t = walk.length(row); t < walk.steps(); t++) {
        ys.store(walk.at(row, t, from), now, 0, n);
      }
      if (nexts != null) {
        nexts.storeRows(
            (long) row * line.stride() * walk.features() + from,
            walk.features(),
            ring,
            0,
            line.stride(),
            n);
      }
    }
  }

  /** γ of every feature. */
  private A gamma(Scratch<A> scratch, int from, int n) {
    Kernels<A> kernels = precision.kernels();
    A perGroup = Norms.vector(precision, scratch, decay);
    A gamma = scratch.take(n);
    int size = walk.features() / decay.size(0);
    for (int i = 0; i < n; i++) {
      kernels.set(gamma, i, kernels.get(perGroup, (from + i) / size));
    }
    return gamma;
  }

  /** Rows of {@code [B, s, D]} on the heap, zeros for null. */
  private A ring(Scratch<A> scratch, @Nullable Slab<A> slab, int row, int from, int n) {
    Kernels<A> kernels = precision.kernels();
    A ring = scratch.take(line.stride() * n);
    if (slab == null) {
      kernels.fill(ring, 0, line.stride() * n, 0);
    } else {
      slab.loadRows(
          (long) row * line.stride() * walk.features() + from,
          walk.features(),
          ring,
          0,
          line.stride(),
          n);
    }
    return ring;
  }

  private void pullback(Cotangents cotangents, Slab<A> ys) {
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    Tiles.Target<A> gState = state == null ? null : Tiles.target(precision, cotangents, 2);
    Slab<A> gy = Tiles.cotangent(precision, cotangents, 0);
    Slab<A> gNext = state == null ? null : Tiles.cotangent(precision, cotangents, 1);
    int tasks = walk.tasks();
    double[][] sums = new double[tasks][];
    Parallel.run(tasks, task -> sums[task] = backward(task, ys, gy, gNext, gx, gState));
    Tiles.Target<A> gDecay = Tiles.target(precision, cotangents, 1);
    if (gDecay != null) {
      putDecay(gDecay, sums);
    }
  }

  private void putDecay(Tiles.Target<A> gDecay, double[][] sums) {
    Kernels<A> kernels = precision.kernels();
    int heads = decay.size(0);
    double[] total = new double[heads];
    for (int task = 0; task < sums.length; task++) {
      int from = walk.from(task);
      for (int i = 0; i < sums[task].length; i++) {
        total[(from + i) / (walk.features() / heads)] += sums[task][i];
      }
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A values = scratch.take(heads);
      for (int h = 0; h < heads; h++) {
        kernels.set(values, h, total[h]);
      }
      gDecay.put(kernels, 0, values, 0, scratch.take(heads), heads);
    }
  }

  /** Returns the gradient of γ, feature by feature. */
  private double[] backward(
      int task,
      Slab<A> ys,
      @Nullable Slab<A> gy,
      @Nullable Slab<A> gNext,
      Tiles.@Nullable Target<A> gx,
      Tiles.@Nullable Target<A> gState) {
    Kernels<A> kernels = precision.kernels();
    int row = walk.row(task);
    int from = walk.from(task);
    int n = walk.size(task);
    int s = line.stride();
    Slab<A> before = state == null ? null : precision.slab(state.value());
    try (Scratch<A> scratch = precision.scratch()) {
      A gamma = gamma(scratch, from, n);
      A ring = ring(scratch, gNext, row, from, n);
      A g = scratch.take(n);
      A y = scratch.take(n);
      A gGamma = scratch.zeros(n);
      for (int i = walk.length(row) - 1; i >= 0; i--) {
        int t = visited(row, i);
        int position = starts[row] + t;
        int j = position % s;
        if (gy == null) {
          kernels.copy(ring, j * n, g, 0, n);
        } else {
          gy.load(walk.at(row, t, from), g, 0, n);
          kernels.add(g, 0, ring, j * n, g, 0, n);
        }
        if (isFirst(position)) {
          kernels.fill(ring, j * n, n, 0);
        } else {
          kernels.multiply(gamma, 0, g, 0, ring, j * n, n);
          if (i >= s) {
            ys.load(walk.at(row, visited(row, i - s), from), y, 0, n);
            kernels.multiplyAdd(g, 0, y, 0, gGamma, 0, n);
          } else if (before != null) {
            before.load(((long) row * s + j) * walk.features() + from, y, 0, n);
            kernels.multiplyAdd(g, 0, y, 0, gGamma, 0, n);
          }
        }
        if (gx != null) {
          gx.put(kernels, walk.at(row, t, from), g, 0, y, n);
        }
      }
      kernels.fill(g, 0, n, 0);
      for (int t = walk.length(row); gx != null && t < walk.steps(); t++) {
        gx.put(kernels, walk.at(row, t, from), g, 0, y, n);
      }
      for (int j = 0; gState != null && j < s; j++) {
        gState.put(kernels, ((long) row * s + j) * walk.features() + from, ring, j * n, y, n);
      }
      double[] sums = new double[n];
      for (int i = 0; i < n; i++) {
        sums[i] = kernels.get(gGamma, i);
      }
      return sums;
    }
  }
}
