package io.sequencezoo.models.vector;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * From gate logits r, i and inputs u, and from Λ of every channel, the coefficients of RG-LRU:
 *
 * <pre>{@code
 * s = 8 softplus(Λ) σ(r)      g = -s            log decay
 * m = √(1 - e^{-2s})          x = m σ(i) u      1 - e^{-2s} = 2 t / (1 + t), t = tanh s
 * }</pre>
 *
 * <p>The form by tanh cancels nothing where the decay is near 1. Rows that start a sequence have
 * the decay 0, so that m = 1. The slope {@code dm/ds = e^{-2s} / m} is infinite at s = 0, but those
 * of the logits and of Λ, which it is multiplied with, vanish with s: nothing but 0/0 has to be
 * avoided. The reference code bounds the slope of the root by 1000 instead, which changes gradients
 * where the decay is within 1e-7 of 1.
 */
final class RgLruGate implements Gate {
  /** c of the paper, and of the reference code. */
  private static final double SHARPNESS = 8;

  /** Stands for the root where it is 0; squared and inverted it is a float. */
  private static final double LEAST_ROOT = 1e-15;

  /** So long a step that the decay is exactly 0, and tanh exactly 1, in either precision. */
  private static final double FOREVER = 1e30;

  private final LongPredicate starts;

  /**
   * The gate of a batch.
   *
   * @param starts whether a row of the {@code B T} tokens is the first of its sequence
   */
  RgLruGate(LongPredicate starts) {
    this.starts = starts;
  }

  @Override
  public boolean isLog() {
    return true;
  }

  @Override
  public int spares() {
    return 7;
  }

  /** Leaves what {@link #coefficients} does, and σ(i), in the spares, in this order. */
  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A open = tile.spare(5);
    A x = outputs.get(1);
    coefficients(tile);
    tile.affine(-1, tile.spare(0), 0, outputs.get(0));
    tile.map(Unary.SIGMOID, tile.input(1), open);
    tile.multiply(tile.spare(1), open, x);
    tile.multiply(x, tile.input(2), x);
  }

  /** Leaves s, m, t = tanh s, σ(r) and {@code 8 softplus(Λ)} in the spares, in this order. */
  private <A> void coefficients(Tile<A> tile) {
    Kernels<A> kernels = tile.kernels();
    int n = tile.n();
    A s = tile.spare(0);
    A root = tile.spare(1);
    A tanh = tile.spare(2);
    A gate = tile.spare(3);
    A rate = tile.spare(4);
    kernels.map(Unary.SOFTPLUS, tile.vector(0), 0, rate, 0, n);
    kernels.affine(SHARPNESS, rate, 0, 0, rate, 0, n);
    tile.map(Unary.SIGMOID, tile.input(0), gate);
    for (int row = 0; row < tile.rows(); row++) {
      if (starts.test(tile.first() + row)) {
        kernels.fill(s, row * n, n, FOREVER);
      } else {
        kernels.multiply(gate, row * n, rate, 0, s, row * n, n);
      }
    }
    tile.map(Unary.TANH, s, tanh);
    tile.affine(1, tanh, 1, root);
    tile.divide(tanh, root, root);
    tile.affine(2, root, 0, root);
    tile.map(Unary.SQRT, root, root);
  }

  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A root = tile.spare(1);
    A tanh = tile.spare(2);
    A open = tile.spare(5);
    A gx = cotangents.get(1);
    A product = gradients.get(0);
    tile.multiply(gx, tile.input(2), product);
    tile.multiply(product, root, gradients.get(2));
    tile.mapPullback(Unary.SIGMOID, tile.input(1), open, gradients.get(2), gradients.get(1));
    A gRoot = product;
    tile.multiply(product, open, gRoot);
    tile.multiply(gx, open, gradients.get(2));
    tile.multiply(gradients.get(2), root, gradients.get(2));
    // gs = gm e^{-2s} / m - gg, with e^{-2s} = (1 - t) / (1 + t)
    A remains = gx;
    tile.affine(-1, tanh, 1, remains);
    tile.affine(1, tanh, 1, tanh);
    tile.divide(remains, tanh, remains);
    tile.affine(1, root, LEAST_ROOT, root);
    tile.divide(remains, root, remains);
    tile.multiply(gRoot, remains, gRoot);
    tile.subtract(gRoot, cotangents.get(0), gRoot);
    rates(tile, gradients.get(0), vectorGradients.get(0));
  }

  /** From gs, in the first gradient, those of r and Λ. */
  private <A> void rates(Tile<A> tile, A gs, A gRate) {
    Kernels<A> kernels = tile.kernels();
    int n = tile.n();
    A gate = tile.spare(3);
    A rate = tile.spare(4);
    A sum = tile.spare(6);
    kernels.fill(sum, 0, n, 0);
    for (int row = 0; row < tile.rows(); row++) {
      int at = row * n;
      if (starts.test(tile.first() + row)) {
        kernels.fill(gs, at, n, 0);
        continue;
      }
      kernels.multiplyAdd(gs, at, gate, at, sum, 0, n);
      kernels.multiply(gs, at, rate, 0, gs, at, n);
    }
    tile.mapPullback(Unary.SIGMOID, tile.input(0), gate, gs, gs);
    kernels.affine(1 / SHARPNESS, rate, 0, 0, rate, 0, n);
    kernels.mapPullback(Unary.SOFTPLUS, tile.vector(0), 0, rate, 0, sum, 0, sum, 0, n);
    kernels.axpy(SHARPNESS, sum, 0, gRate, 0, n);
  }
}
