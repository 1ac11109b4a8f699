package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

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
 * A softmax over all of time, feature by feature: the weights of a layer that looks both ways.
 *
 * <pre>{@code
 * w_t = e^{x_t} / (e^{z_0} + Σ_s e^{x_s})            dx_t = w_t (dw_t - Σ_s w_s dw_s)
 * }</pre>
 */
public final class TimeSoftmax {
  /** Features of a task. */
  private static final int GROUP = 256;

  private TimeSoftmax() {}

  /**
   * The weights of every position.
   *
   * @param x logits {@code [B, T, ...]}
   * @param start {@code z_0}, the logarithm of what the sum starts from; minus infinity for none
   * @param lengths valid positions per row, or null for all; weights are zero at padded positions
   * @return as x
   */
  public static Variable apply(Tape tape, Variable x, double start, int @Nullable [] lengths) {
    checkArgument(
        x.rank() >= 3,
        "time softmax: logits must be [B, T, ...], got %s",
        Arrays.toString(x.shape()));
    checkArgument(
        lengths == null || lengths.length == x.size(0),
        "time softmax: lengths must have one entry per row, got %s for B=%s",
        lengths == null ? 0 : lengths.length,
        x.size(0));
    return new Application<>(Precision.of(x.type()), x, start, Walk.of(x, GROUP, lengths))
        .record(tape);
  }

  /** A task per row and group of features walks over time twice. */
  private record Application<A>(Precision<A> precision, Variable x, double start, Walk walk) {

    Variable record(Tape tape) {
      INDArray w = tape.allocate(x.type(), x.shape());
      Slab<A> ws = precision.slab(w);
      Parallel.run(walk.tasks(), task -> forward(task, ws));
      return tape.record(w, cotangents -> pullback(cotangents, ws), x);
    }

    private void forward(int task, Slab<A> ws) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      int length = walk.length(row);
      Slab<A> xs = precision.slab(x.value());
      try (Scratch<A> scratch = precision.scratch()) {
        A most = scratch.take(n);
        A sum = scratch.take(n);
        A e = scratch.take(n);
        kernels.fill(most, 0, n, start);
        for (int t = 0; t < length; t++) {
          xs.load(walk.at(row, t, from), e, 0, n);
          for (int i = 0; i < n; i++) {
            kernels.set(most, i, Math.max(kernels.get(most, i), kernels.get(e, i)));
          }
        }
        for (int i = 0; i < n; i++) {
          kernels.set(sum, i, Math.exp(start - kernels.get(most, i)));
        }
        for (int t = 0; t < length; t++) {
          xs.load(walk.at(row, t, from), e, 0, n);
          kernels.subtract(e, 0, most, 0, e, 0, n);
          kernels.map(Unary.EXP, e, 0, e, 0, n);
          kernels.add(sum, 0, e, 0, sum, 0, n);
          ws.store(walk.at(row, t, from), e, 0, n);
        }
        kernels.map(Unary.RECIPROCAL, sum, 0, sum, 0, n);
        for (int t = 0; t < length; t++) {
          ws.load(walk.at(row, t, from), e, 0, n);
          kernels.multiply(e, 0, sum, 0, e, 0, n);
          ws.store(walk.at(row, t, from), e, 0, n);
        }
        kernels.fill(e, 0, n, 0);
        for (int t = length; t < walk.steps(); t++) {
          ws.store(walk.at(row, t, from), e, 0, n);
        }
      }
    }

    private void pullback(Cotangents cotangents, Slab<A> ws) {
      Slab<A> gw = precision.slab(cotangents.output());
      Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
      Parallel.run(walk.tasks(), task -> backward(task, ws, gw, gx));
    }

    private void backward(int task, Slab<A> ws, Slab<A> gw, Tiles.Target<A> gx) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      int length = walk.length(row);
      try (Scratch<A> scratch = precision.scratch()) {
        A mean = scratch.zeros(n);
        A w = scratch.take(n);
        A g = scratch.take(n);
        for (int t = 0; t < length; t++) {
          ws.load(walk.at(row, t, from), w, 0, n);
          gw.load(walk.at(row, t, from), g, 0, n);
          kernels.multiplyAdd(w, 0, g, 0, mean, 0, n);
        }
        for (int t = 0; t < walk.steps(); t++) {
          if (t < length) {
            ws.load(walk.at(row, t, from), w, 0, n);
            gw.load(walk.at(row, t, from), g, 0, n);
            kernels.subtract(g, 0, mean, 0, g, 0, n);
            kernels.multiply(w, 0, g, 0, w, 0, n);
          } else {
            kernels.fill(w, 0, n, 0);
          }
          gx.put(kernels, walk.at(row, t, from), w, 0, g, n);
        }
      }
    }
  }
}
