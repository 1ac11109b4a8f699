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
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One application of {@link Norms#gatedRmsNorm}. Backward recomputes the gate and keeps one number
 * per group.
 */
record GatedRmsNorm<A>(
    Precision<A> precision,
    Variable x,
    Variable z,
    Variable weight,
    double eps,
    int d,
    int g,
    boolean normBeforeGate) {

  private int groups() {
    return d / g;
  }

  private int tileRows() {
    return Tiles.tileRows(d);
  }

  Variable record(Tape tape) {
    Kernels<A> kernels = precision.kernels();
    long rows = Tiles.rows(x, d);
    INDArray y = tape.allocate(x.type(), x.shape());
    INDArray stats = tape.allocate(x.type(), rows, groups());
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> zs = precision.slab(z.operand());
    Slab<A> ys = precision.slab(y);
    Slab<A> saved = precision.slab(stats);
    Parallel.ranges(
        rows,
        Tiles.taskRows(d),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A w = Norms.vector(precision, scratch, weight);
            A tile = scratch.take(tileRows() * d);
            A gate = scratch.take(tileRows() * d);
            A stat = scratch.take(tileRows() * groups());
            for (long r = from; r < end; r += tileRows()) {
              int n = (int) Math.min(tileRows(), end - r);
              xs.load(r * d, tile, 0, n * d);
              zs.load(r * d, gate, 0, n * d);
              kernels.map(Unary.SILU, gate, 0, gate, 0, n * d);
              forward(tile, gate, w, stat, n);
              ys.store(r * d, tile, 0, n * d);
              saved.store(r * groups(), stat, 0, n * groups());
            }
          }
        });
    return tape.record(y, cotangents -> pullback(cotangents, stats), x, z, weight);
  }

  private void forward(A tile, A gate, A w, A stat, int n) {
    Kernels<A> kernels = precision.kernels();
    if (!normBeforeGate) {
      kernels.multiply(tile, 0, gate, 0, tile, 0, n * d);
    }
    for (int i = 0; i < n * groups(); i++) {
      kernels.rmsNorm(tile, i * g, w, i % groups() * g, null, 0, eps, tile, i * g, stat, i, g);
    }
    if (normBeforeGate) {
      kernels.multiply(tile, 0, gate, 0, tile, 0, n * d);
    }
  }

  private void pullback(Cotangents cotangents, INDArray stats) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> zs = precision.slab(z.operand());
    Slab<A> gy = precision.slab(cotangents.output());
    Slab<A> saved = precision.slab(stats);
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    Tiles.Target<A> gz = Tiles.target(precision, cotangents, 1);
    Partials.run(
        precision,
        Tiles.rows(x, d),
        Tiles.taskRows(d),
        d,
        Tiles.target(precision, cotangents, 2),
        null,
        (from, end, gw, unused) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            Tile<A> tile = new Tile<>(precision, scratch, weight, tileRows() * d, gw);
            for (long r = from; r < end; r += tileRows()) {
              int n = (int) Math.min(tileRows(), end - r);
              xs.load(r * d, tile.x, 0, n * d);
              zs.load(r * d, tile.z, 0, n * d);
              gy.load(r * d, tile.gy, 0, n * d);
              saved.load(r * groups(), tile.stat, 0, n * groups());
              kernels.map(Unary.SILU, tile.z, 0, tile.gate, 0, n * d);
              if (normBeforeGate) {
                gateAfter(tile, n);
              } else {
                gateBefore(tile, n);
              }
              if (gx != null) {
                gx.put(kernels, r * d, tile.gx, 0, tile.spare, n * d);
              }
              if (gz != null) {
                gz.put(kernels, r * d, tile.gz, 0, tile.spare, n * d);
              }
            }
          }
        });
  }

  /** {@code y = n s} with {@code n = rms(x) w}, {@code s = silu(z)}. */
  private void gateAfter(Tile<A> tile, int n) {
    Kernels<A> kernels = precision.kernels();
    int size = n * d;
    for (int i = 0; i < n * groups(); i++) {
      double rstd = kernels.get(tile.stat, i);
      kernels.affine(rstd, tile.x, i * g, 0, tile.spare, i * g, g);
      kernels.multiply(tile.spare, i * g, tile.w, i % groups() * g, tile.spare, i * g, g);
    }
    kernels.multiply(tile.gy, 0, tile.spare, 0, tile.spare, 0, size);
    kernels.mapPullback(Unary.SILU, tile.z, 0, tile.gate, 0, tile.spare, 0, tile.gz, 0, size);
    kernels.multiply(tile.gy, 0, tile.gate, 0, tile.gy, 0, size);
    normPullback(tile, tile.x, tile.gx, n);
  }

  /** {@code y = rms(u) w} with {@code u = x s}, {@code s = silu(z)}. */
  private void gateBefore(Tile<A> tile, int n) {
    Kernels<A> kernels = precision.kernels();
    int size = n * d;
    kernels.multiply(tile.x, 0, tile.gate, 0, tile.spare, 0, size);
    normPullback(tile, tile.spare, tile.gx, n);
    kernels.multiply(tile.gx, 0, tile.x, 0, tile.spare, 0, size);
    kernels.mapPullback(Unary.SILU, tile.z, 0, tile.gate, 0, tile.spare, 0, tile.gz, 0, size);
    kernels.multiply(tile.gx, 0, tile.gate, 0, tile.gx, 0, size);
  }

  private void normPullback(Tile<A> tile, A input, A gradient, int n) {
    Kernels<A> kernels = precision.kernels();
    for (int i = 0; i < n * groups(); i++) {
      int o = i * g;
      int c = i % groups() * g;
      kernels.rmsNormPullback(
          input, o, tile.w, c, tile.stat, i, tile.gy, o, gradient, o, tile.gw, c, null, 0, g);
    }
  }

  /** The heap arrays of one task. */
  private static final class Tile<A> {
    private final A w;
    private final A x;
    private final A z;
    private final A gate;
    private final A gy;
    private final A gx;
    private final A gz;
    private final A spare;
    private final A stat;
    private final A gw;

    Tile(Precision<A> precision, Scratch<A> scratch, Variable weight, int size, A gw) {
      this.w = Norms.vector(precision, scratch, weight);
      this.x = scratch.take(size);
      this.z = scratch.take(size);
      this.gate = scratch.take(size);
      this.gy = scratch.take(size);
      this.gx = scratch.take(size);
      this.gz = scratch.take(size);
      this.spare = scratch.take(size);
      this.stat = scratch.take(size);
      this.gw = gw;
    }
  }
}
