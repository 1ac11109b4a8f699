package io.sequencezoo.models.vector;

import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.List;

/** The coefficients of GILR from forget logits f and impulses v: {@code a = σ(f), x = σ(-f) v}. */
final class GilrGate implements Gate {
  @Override
  public int spares() {
    return 2;
  }

  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A open = tile.spare(0);
    tile.sigmoidOfMinus(tile.input(0), open);
    tile.map(Unary.SIGMOID, tile.input(0), tile.spare(1));
    tile.copy(tile.spare(1), outputs.get(0));
    tile.multiply(open, tile.input(1), outputs.get(1));
  }

  /** {@code gv = gx σ(-f)}, {@code gf = (ga - gx v) σ(f) σ(-f)}. */
  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A gx = cotangents.get(1);
    A open = tile.spare(0);
    A slope = tile.spare(1);
    tile.multiply(slope, open, slope);
    tile.multiply(gx, open, gradients.get(1));
    tile.multiply(gx, tile.input(1), open);
    tile.subtract(cotangents.get(0), open, open);
    tile.multiply(open, slope, gradients.get(0));
  }
}
