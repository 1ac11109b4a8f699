package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From the logits of forget gates to log decays, one pass over memory each way. */
public final class LogDecays {
  private LogDecays() {}

  /** {@code g = factor log σ(x)}, any shape: gated linear attention divides by a normaliser. */
  public static Variable logSigmoid(Tape tape, Variable x, double factor) {
    return logSigmoid(Precision.of(x.type()), tape, x, factor);
  }

  /**
   * HGRN2's tied gates: decay {@code α = lb + (1 - lb) σ(f)}, write {@code k = 1 - α = (1 - lb)
   * σ(-f)}, neither of which cancels.
   *
   * @param f logits, any shape
   * @param lowerBound lb, in [0, 1)
   * @return k and {@code g = log α}, as f
   */
  public static Variable[] lowerBounded(Tape tape, Variable f, double lowerBound) {
    checkArgument(
        lowerBound >= 0 && lowerBound < 1,
        "log decay: lower bound must be in [0, 1), got %s",
        lowerBound);
    return lowerBounded(Precision.of(f.type()), tape, f, lowerBound);
  }

  private static <A> Variable logSigmoid(
      Precision<A> precision, Tape tape, Variable x, double factor) {
    Kernels<A> kernels = precision.kernels();
    INDArray y = tape.allocate(x.type(), x.shape());
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> ys = precision.slab(y);
    tiles(
        precision,
        xs.length(),
        (at, n, a, b, c) -> {
          xs.load(at, a, 0, n);
          kernels.map(Unary.LOG_SIGMOID, a, 0, a, 0, n);
          kernels.affine(factor, a, 0, 0, a, 0, n);
          ys.store(at, a, 0, n);
        });
    return tape.record(y, cotangents -> logSigmoidPullback(precision, cotangents, x, factor), x);
  }

  /** {@code dx = factor dg σ(-x)}. */
  private static <A> void logSigmoidPullback(
      Precision<A> precision, Cotangents cotangents, Variable x, double factor) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> gy = precision.slab(cotangents.output());
    Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
    tiles(
        precision,
        xs.length(),
        (at, n, a, b, c) -> {
          xs.load(at, a, 0, n);
          kernels.affine(-1, a, 0, 0, a, 0, n);
          kernels.map(Unary.SIGMOID, a, 0, a, 0, n);
          gy.load(at, b, 0, n);
          kernels.multiply(a, 0, b, 0, a, 0, n);
          kernels.affine(factor, a, 0, 0, a, 0, n);
          gx.put(kernels, at, a, 0, c, n);
        });
  }

  private static <A> Variable[] lowerBounded(
      Precision<A> precision, Tape tape, Variable f, double lb) {
    Kernels<A> kernels = precision.kernels();
    INDArray k = tape.allocate(f.type(), f.shape());
    INDArray g = tape.allocate(f.type(), f.shape());
    Slab<A> fs = precision.slab(f.operand());
    Slab<A> ks = precision.slab(k);
    Slab<A> gs = precision.slab(g);
    tiles(
        precision,
        fs.length(),
        (at, n, a, b, c) -> {
          fs.load(at, a, 0, n);
          kernels.affine(-1, a, 0, 0, b, 0, n);
          kernels.map(Unary.SIGMOID, b, 0, b, 0, n);
          kernels.affine(1 - lb, b, 0, 0, b, 0, n);
          ks.store(at, b, 0, n);
          if (lb == 0) {
            kernels.map(Unary.LOG_SIGMOID, a, 0, a, 0, n);
          } else {
            kernels.map(Unary.SIGMOID, a, 0, a, 0, n);
            kernels.affine(1 - lb, a, 0, lb, a, 0, n);
            kernels.map(Unary.LOG, a, 0, a, 0, n);
          }
          gs.store(at, a, 0, n);
        });
    return tape.record(
        new INDArray[] {k, g},
        cotangents -> lowerBoundedPullback(precision, cotangents, f, ks, gs),
        f);
  }

  /** {@code df = k σ(f) (dg / α - dk)}; with lb = 0, {@code σ(f) / α} is 1 even where α is 0. */
  private static <A> void lowerBoundedPullback(
      Precision<A> precision, Cotangents cotangents, Variable f, Slab<A> ks, Slab<A> gs) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> fs = precision.slab(f.operand());
    Slab<A> gk = precision.slab(cotangents.outputOrZeros(0));
    Slab<A> gg = precision.slab(cotangents.outputOrZeros(1));
    Tiles.Target<A> gf = Tiles.wanted(precision, cotangents, 0);
    tiles(
        precision,
        fs.length(),
        (at, n, a, b, c) -> {
          // σ(f) dg / α by the difference of logarithms, so that nothing is divided by zero.
          fs.load(at, a, 0, n);
          kernels.map(Unary.LOG_SIGMOID, a, 0, b, 0, n);
          gs.load(at, c, 0, n);
          kernels.subtract(b, 0, c, 0, b, 0, n);
          kernels.map(Unary.EXP, b, 0, b, 0, n);
          gg.load(at, c, 0, n);
          kernels.multiply(b, 0, c, 0, b, 0, n);
          kernels.map(Unary.SIGMOID, a, 0, a, 0, n);
          gk.load(at, c, 0, n);
          kernels.multiply(a, 0, c, 0, a, 0, n);
          kernels.subtract(b, 0, a, 0, b, 0, n);
          ks.load(at, c, 0, n);
          kernels.multiply(b, 0, c, 0, b, 0, n);
          gf.put(kernels, at, b, 0, c, n);
        });
  }

  /** Runs the body over tiles of n elements with three scratch arrays. */
  private static <A> void tiles(Precision<A> precision, long n, TileBody<A> body) {
    Activations.tiles(precision, n, 3, (at, size, a, b, c, d, e) -> body.accept(at, size, a, b, c));
  }

  @FunctionalInterface
  private interface TileBody<A> {
    void accept(long at, int n, A a, A b, A c);
  }
}
