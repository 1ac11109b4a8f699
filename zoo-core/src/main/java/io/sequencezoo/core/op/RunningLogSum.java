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
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One application of {@link RunningSoftmax}: a task per row and group of features walks over time.
 * With {@code d = x_t - z_{t-1}}: log decay {@code g = -softplus(d)}, weight {@code w = σ(d)},
 * {@code z_t = z_{t-1} + softplus(d)}, none of which cancels. Backwards, with {@code ζ_t} the
 * gradient of {@code z_t} and {@code c} what comes from t+1:
 *
 * <pre>{@code
 * ζ_t = c_t - dg_t - w_t dw_t       dx_t = w_t (dw_t + ζ_t)       c_{t-1} = dg_t + e^{g_t} ζ_t
 * }</pre>
 */
record RunningLogSum<A>(Precision<A> precision, Variable x, @Nullable Variable z0, Walk walk) {
  /** Features of a task. */
  static final int GROUP = 256;

  Variable[] record(Tape tape, long[] stateShape) {
    INDArray decay = tape.allocate(x.type(), x.shape());
    INDArray weight = tape.allocate(x.type(), x.shape());
    INDArray last = tape.allocate(x.type(), stateShape);
    Slab<A> decays = precision.slab(decay);
    Slab<A> weights = precision.slab(weight);
    Slab<A> lasts = precision.slab(last);
    Parallel.run(walk.tasks(), task -> forward(task, decays, weights, lasts));
    return tape.record(
        new INDArray[] {decay, weight, last},
        cotangents -> pullback(cotangents, decays, weights),
        x,
        z0);
  }

  private void forward(int task, Slab<A> decays, Slab<A> weights, Slab<A> lasts) {
    Kernels<A> kernels = precision.kernels();
    int row = walk.row(task);
    int from = walk.from(task);
    int n = walk.size(task);
    Slab<A> xs = precision.slab(x.value());
    try (Scratch<A> scratch = precision.scratch()) {
      A z = scratch.take(n);
      A d = scratch.take(n);
      A w = scratch.take(n);
      if (z0 == null) {
        kernels.fill(z, 0, n, Double.NEGATIVE_INFINITY);
      } else {
        precision.slab(z0.value()).load((long) row * walk.features() + from, z, 0, n);
      }
      for (int t = 0; t < walk.steps(); t++) {
        long at = walk.at(row, t, from);
        if (t >= walk.length(row)) {
          kernels.fill(d, 0, n, 0);
          decays.store(at, d, 0, n);
          weights.store(at, d, 0, n);
          continue;
        }
        xs.load(at, d, 0, n);
        if (t == 0) {
          first(z, d, w, n);
        } else {
          kernels.subtract(d, 0, z, 0, d, 0, n);
          kernels.map(Unary.SIGMOID, d, 0, w, 0, n);
          kernels.map(Unary.SOFTPLUS, d, 0, d, 0, n);
          kernels.add(z, 0, d, 0, z, 0, n);
          kernels.affine(-1, d, 0, 0, d, 0, n);
        }
        decays.store(at, d, 0, n);
        weights.store(at, w, 0, n);
      }
      lasts.store((long) row * walk.features() + from, z, 0, n);
    }
  }

  /** The first token, before which {@code z} may be minus infinity. */
  private void first(A z, A d, A w, int n) {
    Kernels<A> kernels = precision.kernels();
    for (int i = 0; i < n; i++) {
      double before = kernels.get(z, i);
      double logit = kernels.get(d, i);
      double difference = logit - before;
      boolean empty = before == Double.NEGATIVE_INFINITY && !Double.isNaN(logit);
      double softplus = Math.max(difference, 0) + Math.log1p(Math.exp(-Math.abs(difference)));
      kernels.set(w, i, empty ? 1 : 1 / (1 + Math.exp(-difference)));
      kernels.set(d, i, empty ? Double.NEGATIVE_INFINITY : -softplus);
      kernels.set(z, i, empty ? logit : before + softplus);
    }
  }

  private void pullback(Cotangents cotangents, Slab<A> decays, Slab<A> weights) {
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    Tiles.Target<A> gz = z0 == null ? null : Tiles.target(precision, cotangents, 1);
    Slab<A> gDecay = Tiles.cotangent(precision, cotangents, 0);
    Slab<A> gWeight = Tiles.cotangent(precision, cotangents, 1);
    Slab<A> gLast = Tiles.cotangent(precision, cotangents, 2);
    Parallel.run(
        walk.tasks(), task -> backward(task, decays, weights, gDecay, gWeight, gLast, gx, gz));
  }

  private void backward(
      int task,
      Slab<A> decays,
      Slab<A> weights,
      @Nullable Slab<A> gDecay,
      @Nullable Slab<A> gWeight,
      @Nullable Slab<A> gLast,
      Tiles.@Nullable Target<A> gx,
      Tiles.@Nullable Target<A> gz) {
    Kernels<A> kernels = precision.kernels();
    int row = walk.row(task);
    int from = walk.from(task);
    int n = walk.size(task);
    try (Scratch<A> scratch = precision.scratch()) {
      A carry = scratch.take(n);
      A decay = scratch.take(n);
      A w = scratch.take(n);
      A dg = scratch.take(n);
      A dw = scratch.take(n);
      A spare = scratch.take(n);
      loadOrZero(gLast, (long) row * walk.features() + from, carry, n);
      for (int t = walk.steps() - 1; t >= 0; t--) {
        long at = walk.at(row, t, from);
        if (t >= walk.length(row)) {
          kernels.fill(w, 0, n, 0);
        } else {
          decays.load(at, decay, 0, n);
          weights.load(at, w, 0, n);
          loadOrZero(gDecay, at, dg, n);
          loadOrZero(gWeight, at, dw, n);
          kernels.map(Unary.EXP, decay, 0, decay, 0, n);
          kernels.subtract(carry, 0, dg, 0, carry, 0, n);
          kernels.multiply(w, 0, dw, 0, spare, 0, n);
          kernels.subtract(carry, 0, spare, 0, carry, 0, n);
          kernels.add(dw, 0, carry, 0, dw, 0, n);
          kernels.multiply(w, 0, dw, 0, w, 0, n);
          kernels.multiply(decay, 0, carry, 0, carry, 0, n);
          kernels.add(carry, 0, dg, 0, carry, 0, n);
        }
        if (gx != null) {
          gx.put(kernels, at, w, 0, spare, n);
        }
      }
      if (gz != null) {
        gz.put(kernels, (long) row * walk.features() + from, carry, 0, spare, n);
      }
    }
  }

  private void loadOrZero(@Nullable Slab<A> slab, long at, A into, int n) {
    Kernels<A> kernels = precision.kernels();
    if (slab == null) {
      kernels.fill(into, 0, n, 0);
    } else {
      slab.load(at, into, 0, n);
    }
  }
}
