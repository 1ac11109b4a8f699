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
 * The largest logit of a decaying past, feature by feature, as a recurrence: the stabiliser of
 * states that exponential gates write to (mLSTM, RWKV-4). A state kept as {@code e^{-m_t}} times
 * the true one takes the decay {@code e^{g_t}} and the weight {@code w_t}, neither above 1.
 *
 * <pre>{@code
 * m_t = max(l_t + m_{t-1}, x_t)        g_t = l_t + m_{t-1} - m_t        w_t = e^{x_t - m_t}
 *
 * ζ_t = dm_t + c_t - dg_t - w_t dw_t   c_{t-1} = dl_t
 * dl_t = dg_t + [g_t = 0] ζ_t          dx_t = w_t dw_t + [g_t < 0] ζ_t
 * }</pre>
 */
public final class RunningMaximum {
  /** Features of a task. */
  private static final int GROUP = 256;

  private RunningMaximum() {}

  /**
   * Computes g, w and m of all tokens.
   *
   * @param x logits {@code [B, T, ...]}
   * @param l log decays, as x
   * @param m0 {@code [B, ...]}, finite, or null for zero
   * @param lengths valid positions per row, or null for all; results are zero at padded positions
   * @return g, w and m, as x, and the last m, as m0
   */
  public static Variable[] apply(
      Tape tape, Variable x, Variable l, @Nullable Variable m0, int @Nullable [] lengths) {
    long[] shape = x.shape();
    checkArgument(
        shape.length >= 3 && Arrays.equals(shape, l.shape()),
        "running maximum: logits and log decays must be [B, T, ...] of one shape, got %s and %s",
        Arrays.toString(shape),
        Arrays.toString(l.shape()));
    long[] state = Walk.stateShape("running maximum", x, m0, lengths);
    Tiles.checkSameType("running maximum", x, l, m0);
    Walk walk = Walk.of(x, GROUP, lengths);
    return new Scan<>(Precision.of(x.type()), x, l, m0, walk).record(tape, state);
  }

  /** One application: a task per row and group of features walks over time. */
  private record Scan<A>(
      Precision<A> precision, Variable x, Variable l, @Nullable Variable m0, Walk walk) {
    Variable[] record(Tape tape, long[] stateShape) {
      INDArray decay = tape.allocate(x.type(), x.shape());
      INDArray weight = tape.allocate(x.type(), x.shape());
      INDArray largest = tape.allocate(x.type(), x.shape());
      INDArray last = tape.allocate(x.type(), stateShape);
      Slab<A> decays = precision.slab(decay);
      Slab<A> weights = precision.slab(weight);
      Slab<A> maxima = precision.slab(largest);
      Slab<A> lasts = precision.slab(last);
      Parallel.run(walk.tasks(), task -> forward(task, decays, weights, maxima, lasts));
      return tape.record(
          new INDArray[] {decay, weight, largest, last},
          cotangents -> pullback(cotangents, decays, weights),
          x,
          l,
          m0);
    }

    private void forward(int task, Slab<A> decays, Slab<A> weights, Slab<A> maxima, Slab<A> lasts) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      long state = (long) row * walk.features() + from;
      Slab<A> xs = precision.slab(x.value());
      Slab<A> ls = precision.slab(l.value());
      try (Scratch<A> scratch = precision.scratch()) {
        A m = scratch.take(n);
        A g = scratch.take(n);
        A w = scratch.take(n);
        if (m0 == null) {
          kernels.fill(m, 0, n, 0);
        } else {
          precision.slab(m0.value()).load(state, m, 0, n);
        }
        for (int t = 0; t < walk.length(row); t++) {
          long at = walk.at(row, t, from);
          xs.load(at, w, 0, n);
          ls.load(at, g, 0, n);
          for (int i = 0; i < n; i++) {
            double kept = kernels.get(g, i) + kernels.get(m, i);
            double logit = kernels.get(w, i);
            double next = Math.max(kept, logit);
            kernels.set(g, i, kept - next);
            kernels.set(w, i, logit - next);
            kernels.set(m, i, next);
          }
          kernels.map(Unary.EXP, w, 0, w, 0, n);
          decays.store(at, g, 0, n);
          weights.store(at, w, 0, n);
          maxima.store(at, m, 0, n);
        }
        lasts.store(state, m, 0, n);
        kernels.fill(m, 0, n, 0);
        for (int t = walk.length(row); t < walk.steps(); t++) {
          long at = walk.at(row, t, from);
          decays.store(at, m, 0, n);
          weights.store(at, m, 0, n);
          maxima.store(at, m, 0, n);
        }
      }
    }

    private void pullback(Cotangents cotangents, Slab<A> decays, Slab<A> weights) {
      Targets<A> to =
          new Targets<>(
              Tiles.target(precision, cotangents, 0),
              Tiles.target(precision, cotangents, 1),
              m0 == null ? null : Tiles.target(precision, cotangents, 2));
      Gradients<A> of =
          new Gradients<>(
              Tiles.cotangent(precision, cotangents, 0),
              Tiles.cotangent(precision, cotangents, 1),
              Tiles.cotangent(precision, cotangents, 2),
              Tiles.cotangent(precision, cotangents, 3));
      Parallel.run(walk.tasks(), task -> backward(task, decays, weights, of, to));
    }

    private void backward(
        int task, Slab<A> decays, Slab<A> weights, Gradients<A> of, Targets<A> to) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      long state = (long) row * walk.features() + from;
      try (Scratch<A> scratch = precision.scratch()) {
        A carry = scratch.take(n);
        A g = scratch.take(n);
        A w = scratch.take(n);
        A dg = scratch.take(n);
        A dw = scratch.take(n);
        A dm = scratch.take(n);
        A spare = scratch.take(n);
        kernels.fill(dw, 0, n, 0);
        for (int t = walk.length(row); t < walk.steps(); t++) {
          put(to.x, walk.at(row, t, from), dw, spare, n);
          put(to.l, walk.at(row, t, from), dw, spare, n);
        }
        loadOrZero(of.last, state, carry, n);
        for (int t = walk.length(row) - 1; t >= 0; t--) {
          long at = walk.at(row, t, from);
          decays.load(at, g, 0, n);
          weights.load(at, w, 0, n);
          loadOrZero(of.decay, at, dg, n);
          loadOrZero(of.weight, at, dw, n);
          loadOrZero(of.maximum, at, dm, n);
          kernels.multiply(w, 0, dw, 0, dw, 0, n);
          for (int i = 0; i < n; i++) {
            double own = kernels.get(dw, i);
            double along = kernels.get(dg, i);
            double zeta = kernels.get(dm, i) + kernels.get(carry, i) - along - own;
            boolean kept = kernels.get(g, i) == 0;
            kernels.set(dw, i, kept ? own : own + zeta);
            kernels.set(carry, i, kept ? along + zeta : along);
          }
          put(to.x, at, dw, spare, n);
          put(to.l, at, carry, spare, n);
        }
        put(to.start, state, carry, spare, n);
      }
    }

    private void put(Tiles.@Nullable Target<A> to, long at, A from, A spare, int n) {
      if (to != null) {
        to.put(precision.kernels(), at, from, 0, spare, n);
      }
    }

    private void loadOrZero(@Nullable Slab<A> slab, long at, A into, int n) {
      if (slab == null) {
        precision.kernels().fill(into, 0, n, 0);
      } else {
        slab.load(at, into, 0, n);
      }
    }
  }

  /** Where gradients go; null where nobody wants them. */
  private record Targets<A>(
      Tiles.@Nullable Target<A> x, Tiles.@Nullable Target<A> l, Tiles.@Nullable Target<A> start) {}

  /** The gradients of what was put out; null for none. */
  private record Gradients<A>(
      @Nullable Slab<A> decay,
      @Nullable Slab<A> weight,
      @Nullable Slab<A> maximum,
      @Nullable Slab<A> last) {}
}
