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
    return 5;
  }

  /** Leaves {@code σ(-f), σ(f), silu(i), 1 - a} and {@code 1 - l} in the spares, in this order. */
  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A closed = tile.spare(0);
    A open = tile.spare(1);
    A value = tile.spare(2);
    A write = tile.spare(3);
    A decay = outputs.get(0);
    tile.sigmoidOfMinus(tile.input(0), closed);
    tile.map(Unary.SIGMOID, tile.input(0), open);
    tile.map(Unary.SILU, tile.input(1), value);
    // Not 1 - write for the decay, which would lose a small one; nor the other way round.
    tile.copy(open, decay);
    tile.copy(closed, write);
    if (!tile.vectors().isEmpty()) {
      A rest = tile.spare(4);
      tile.kernels().affine(-1, tile.vector(0), 0, 1, rest, 0, tile.n());
      tile.multiplyRows(decay, rest);
      tile.addRows(decay, tile.vector(0));
      tile.multiplyRows(write, rest);
    }
    tile.multiply(value, write, outputs.get(1));
  }

  /**
   * With {@code w = 1 - a}, {@code gw = gx silu(i) - ga}, {@code dw/df = -(1 - l) σ(f) σ(-f)} and
   * {@code dw/dl = -σ(-f)}.
   */
  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A closed = tile.spare(0);
    A open = tile.spare(1);
    A value = tile.spare(2);
    A write = tile.spare(3);
    A gx = cotangents.get(1);
    A gValue = tile.spare(4);
    tile.multiply(gx, write, gValue);
    tile.mapPullback(Unary.SILU, tile.input(1), value, gValue, gradients.get(1));
    A gWrite = value;
    tile.multiply(gx, value, gWrite);
    tile.subtract(gWrite, cotangents.get(0), gWrite);
    if (!tile.vectors().isEmpty()) {
      tile.subtractProducts(gWrite, closed, gx, vectorGradients.get(0));
    }
    tile.multiply(gWrite, write, gradients.get(0));
    tile.multiply(gradients.get(0), open, gradients.get(0));
    tile.affine(-1, gradients.get(0), 0, gradients.get(0));
  }
}
