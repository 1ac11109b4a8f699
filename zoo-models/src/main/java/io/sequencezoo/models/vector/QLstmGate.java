package io.sequencezoo.models.vector;

import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.List;

/**
 * From pre-activations f, i and inputs u the coefficients of qLSTM. Plain, the decay as a value:
 *
 * <pre>{@code
 * a = σ(f)                                  x = σ(i) u
 * }</pre>
 *
 * <p>reversed, the logarithm of {@code a = σ(-f)^α}, with the exponent α as a vector:
 *
 * <pre>{@code
 * g = -α softplus(f)                        x = σ(i) u
 * }</pre>
 */
final class QLstmGate implements Gate {
  private final boolean reversed;

  QLstmGate(boolean reversed) {
    this.reversed = reversed;
  }

  @Override
  public boolean isLog() {
    return reversed;
  }

  @Override
  public int spares() {
    return 3;
  }

  /** Leaves what a comes from and {@code σ(i)} in the spares, in this order. */
  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A value = tile.spare(0);
    A open = tile.spare(1);
    tile.map(reversed ? Unary.SOFTPLUS : Unary.SIGMOID, tile.input(0), value);
    tile.copy(value, outputs.get(0));
    if (reversed) {
      timesMinus(tile, outputs.get(0));
    }
    tile.map(Unary.SIGMOID, tile.input(1), open);
    tile.multiply(open, tile.input(2), outputs.get(1));
  }

  /** Multiplies rows by -α. */
  private static <A> void timesMinus(Tile<A> tile, A rowsOf) {
    tile.affine(-1, rowsOf, 0, rowsOf);
    tile.multiplyRows(rowsOf, tile.vector(0));
  }

  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A f = tile.input(0);
    A gDecay = cotangents.get(0);
    A gx = cotangents.get(1);
    A value = tile.spare(0);
    A open = tile.spare(1);
    if (reversed) {
      tile.subtractProducts(gDecay, value, tile.spare(2), vectorGradients.get(0));
      timesMinus(tile, gDecay);
      tile.mapPullback(Unary.SOFTPLUS, f, value, gDecay, gradients.get(0));
    } else {
      tile.mapPullback(Unary.SIGMOID, f, value, gDecay, gradients.get(0));
    }
    tile.multiply(gx, open, gradients.get(2));
    tile.multiply(gx, tile.input(2), gx);
    tile.mapPullback(Unary.SIGMOID, tile.input(1), open, gx, gradients.get(1));
  }
}
