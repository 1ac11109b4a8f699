package io.sequencezoo.models.vector;

import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.List;

/**
 * From forget logits f and inputs i the coefficients of HGRN, with a lower bound per channel where
 * one is given:
 *
 * <pre>{@code
 * a = l + (1 - l) σ(f)        x = silu(i) (1 - a) = silu(i) (1 - l) σ(-f)
 * }</pre>
 */
final class HgrnGate implements Gate {
  @Override
  public int spares() {
    return 3;
  }

  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A write = open(tile);
    // Not 1 - write, which would lose a small decay.
    A decay = outputs.get(0);
    tile.map(Unary.SIGMOID, tile.input(0), decay);
    if (!tile.vectors().isEmpty()) {
      tile.multiplyRows(decay, tile.spare(1));
      tile.addRows(decay, tile.vector(0));
    }
    tile.map(Unary.SILU, tile.input(1), outputs.get(1));
    tile.multiply(outputs.get(1), write, outputs.get(1));
  }

  /**
   * {@code (1 - l) σ(-f)}, what is open to the input, without loss where it is small; leaves {@code
   * 1 - l} in spare 1.
   */
  private static <A> A open(Tile<A> tile) {
    A into = tile.spare(0);
    tile.sigmoidOfMinus(tile.input(0), into);
    if (!tile.vectors().isEmpty()) {
      A rest = tile.spare(1);
      tile.kernels().affine(-1, tile.vector(0), 0, 1, rest, 0, tile.n());
      tile.multiplyRows(into, rest);
    }
    return into;
  }

  /** With {@code w = 1 - a}, {@code gw = gx silu(i) - ga}. */
  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A i = tile.input(1);
    A gx = cotangents.get(1);
    A write = open(tile);
    A value = tile.spare(1);
    tile.map(Unary.SILU, i, value);
    tile.multiply(gx, write, tile.spare(2));
    tile.mapPullback(Unary.SILU, i, value, tile.spare(2), gradients.get(1));
    A gWrite = value;
    tile.multiply(gx, value, gWrite);
    tile.subtract(gWrite, cotangents.get(0), gWrite);
    // dw/df = -(1 - l) σ(f) σ(-f); dw/dl = -σ(-f)
    A closed = tile.spare(2);
    tile.sigmoidOfMinus(tile.input(0), closed);
    if (!tile.vectors().isEmpty()) {
      tile.subtractProducts(gWrite, closed, gx, vectorGradients.get(0));
    }
    tile.map(Unary.SIGMOID, tile.input(0), closed);
    tile.multiply(gWrite, write, gradients.get(0));
    tile.multiply(gradients.get(0), closed, gradients.get(0));
    tile.affine(-1, gradients.get(0), 0, gradients.get(0));
  }
}
