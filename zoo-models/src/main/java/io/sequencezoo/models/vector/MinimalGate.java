package io.sequencezoo.models.vector;

import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.List;

/**
 * The coefficients of minGRU, from update logits z and candidates c, and of minLSTM, from forget
 * and input logits f, i and candidates:
 *
 * <pre>{@code
 * minGRU      d = -z                              a = σ(d)      x = σ(-d) p(c)
 * minLSTM     d = softplus(-i) - softplus(-f)     a = f' = σ(f) / (σ(f) + σ(i)), 1 - a = i'
 * p(c) = c + ½ where c >= 0, σ(c) elsewhere       = relu(c) + σ(-relu(-c))
 * }</pre>
 *
 * <p>Normalising the gates in log space loses nothing where both are nearly closed.
 */
final class MinimalGate implements Gate {
  private final boolean lstm;

  private MinimalGate(boolean lstm) {
    this.lstm = lstm;
  }

  /** From z and c. */
  static MinimalGate gru() {
    return new MinimalGate(false);
  }

  /** From f, i and c. */
  static MinimalGate lstm() {
    return new MinimalGate(true);
  }

  @Override
  public int spares() {
    return 5;
  }

  /** Leaves {@code σ(-d), p(c), σ(-relu(-c))} and {@code σ(d)} in the spares, in this order. */
  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    A open = tile.spare(0);
    A positive = tile.spare(1);
    A decay = tile.spare(3);
    difference(tile, open);
    tile.map(Unary.SIGMOID, open, decay);
    tile.sigmoidOfMinus(open, open);
    positive(tile, positive, tile.spare(2));
    tile.copy(decay, outputs.get(0));
    tile.multiply(open, positive, outputs.get(1));
  }

  private static <A> A candidate(Tile<A> tile) {
    return tile.input(tile.inputs().size() - 1);
  }

  private <A> void difference(Tile<A> tile, A d) {
    if (!lstm) {
      tile.affine(-1, tile.input(0), 0, d);
      return;
    }
    A spare = tile.spare(4);
    tile.affine(-1, tile.input(0), 0, spare);
    tile.map(Unary.SOFTPLUS, spare, spare);
    tile.affine(-1, tile.input(1), 0, d);
    tile.map(Unary.SOFTPLUS, d, d);
    tile.subtract(d, spare, d);
  }

  /** {@code p(c)}, and {@code σ(-relu(-c))}. */
  private static <A> void positive(Tile<A> tile, A positive, A below) {
    A c = candidate(tile);
    tile.affine(-1, c, 0, below);
    tile.map(Unary.RELU, below, below);
    tile.sigmoidOfMinus(below, below);
    tile.map(Unary.RELU, c, positive);
    tile.add(positive, below, positive);
  }

  /**
   * {@code gd = (ga - gx p(c)) σ(d) σ(-d)}; {@code p'(c) = 1 where c > 0, σ(c) σ(-c) elsewhere}.
   */
  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    A ga = cotangents.get(0);
    A gx = cotangents.get(1);
    A open = tile.spare(0);
    A positive = tile.spare(1);
    A decay = tile.spare(3);
    A gPositive = tile.spare(4);
    tile.multiply(gx, open, gPositive);
    candidateGradient(tile, gPositive, gx, positive, gradients.get(gradients.size() - 1));
    tile.subtract(ga, positive, ga);
    tile.multiply(ga, decay, ga);
    tile.multiply(ga, open, ga);
    if (!lstm) {
      tile.affine(-1, ga, 0, gradients.get(0));
      return;
    }
    // dd/df = σ(-f), dd/di = -σ(-i)
    A slope = decay;
    tile.sigmoidOfMinus(tile.input(0), slope);
    tile.multiply(ga, slope, gradients.get(0));
    tile.sigmoidOfMinus(tile.input(1), slope);
    tile.multiply(ga, slope, slope);
    tile.affine(-1, slope, 0, gradients.get(1));
  }

  /** The gradient of c from that of {@code p(c)}; leaves {@code gx p(c)} in positive. */
  private static <A> void candidateGradient(Tile<A> tile, A gPositive, A gx, A positive, A gc) {
    A c = candidate(tile);
    A below = tile.spare(2);
    tile.multiply(positive, gx, positive);
    tile.mapPullback(Unary.SIGMOID, below, below, gPositive, below);
    // below where c < 0, the gradient itself where c > 0
    tile.subtract(gPositive, below, gPositive);
    tile.mapPullback(Unary.RELU, c, c, gPositive, gc);
    tile.add(gc, below, gc);
  }
}
