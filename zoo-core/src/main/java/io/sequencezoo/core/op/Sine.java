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
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@code y = sin(ω ⊙ x)} with a frequency per feature: the activation of implicit filters. */
public final class Sine {
  /** Rows of a task: sines cost tens of nanoseconds each. */
  private static final int GRAIN = 32;

  private Sine() {}

  /**
   * The sine of every feature at its own frequency; {@code gx = gy ω cos(ω x)}, {@code gω = Σ gy x
   * cos(ω x)}.
   *
   * @param x {@code [..., F]}
   * @param frequency ω, {@code [F]}
   */
  public static Variable apply(Tape tape, Variable x, Variable frequency) {
    int f = x.size(-1);
    checkArgument(
        frequency.length() == f, "sine: frequencies must be F=%s, got %s", f, frequency.length());
    Tiles.checkSameType("sine", x, frequency);
    return apply(tape, Precision.of(x.type()), x, frequency, f);
  }

  private static <A> Variable apply(
      Tape tape, Precision<A> precision, Variable x, Variable frequency, int f) {
    INDArray y = tape.allocate(x.type(), x.shape());
    Slab<A> xs = precision.slab(x.value());
    Slab<A> ys = precision.slab(y);
    double[] omega = values(precision, frequency, f);
    Kernels<A> kernels = precision.kernels();
    Parallel.ranges(
        x.length() / f,
        GRAIN,
        (from, to) -> {
          double[] row = new double[f];
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(f);
            for (long r = from; r < to; r++) {
              xs.load(r * f, tile, 0, f);
              kernels.widen(tile, 0, row, 0, f);
              for (int i = 0; i < f; i++) {
                row[i] = Math.sin(omega[i] * row[i]);
              }
              kernels.round(row, 0, tile, 0, f);
              ys.store(r * f, tile, 0, f);
            }
          }
        });
    return tape.record(y, cotangents -> pullback(precision, cotangents, xs, omega), x, frequency);
  }

  private static <A> double[] values(Precision<A> precision, Variable frequency, int f) {
    double[] omega = new double[f];
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(f);
      precision.slab(frequency.value()).load(0, tile, 0, f);
      precision.kernels().widen(tile, 0, omega, 0, f);
    }
    return omega;
  }

  private static <A> void pullback(
      Precision<A> precision, Cotangents cotangents, Slab<A> xs, double[] omega) {
    int f = omega.length;
    Tape tape = cotangents.tape();
    INDArray gx = tape.allocate(precision.type(), cotangents.shape(0));
    INDArray gw = tape.allocate(precision.type(), cotangents.shape(1));
    Slab<A> gys = precision.slab(cotangents.output());
    Slab<A> gxs = precision.slab(gx);
    Kernels<A> kernels = precision.kernels();
    int rows = (int) (gx.length() / f);
    int pieces = (rows + GRAIN - 1) / GRAIN;
    // A sum per piece, added in order, so that threads don't change results.
    double[][] sums = new double[pieces][f];
    Parallel.run(
        pieces,
        piece -> {
          double[] x = new double[f];
          double[] g = new double[f];
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(f);
            for (int r = piece * GRAIN; r < Math.min(rows, (piece + 1) * GRAIN); r++) {
              xs.load((long) r * f, tile, 0, f);
              kernels.widen(tile, 0, x, 0, f);
              gys.load((long) r * f, tile, 0, f);
              kernels.widen(tile, 0, g, 0, f);
              for (int i = 0; i < f; i++) {
                double slope = g[i] * Math.cos(omega[i] * x[i]);
                g[i] = slope * omega[i];
                sums[piece][i] += slope * x[i];
              }
              kernels.round(g, 0, tile, 0, f);
              gxs.store((long) r * f, tile, 0, f);
            }
          }
        });
    cotangents.add(0, gx);
    for (int piece = 1; piece < pieces; piece++) {
      for (int i = 0; i < f; i++) {
        sums[0][i] += sums[piece][i];
      }
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(f);
      kernels.round(sums[0], 0, tile, 0, f);
      precision.slab(gw).store(0, tile, 0, f);
    }
    cotangents.add(1, gw);
  }
}
