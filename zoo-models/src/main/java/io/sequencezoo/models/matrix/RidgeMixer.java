package io.sequencezoo.models.matrix;

import io.sequencezoo.core.dynamics.matrix.RidgeRecurrence;
import io.sequencezoo.core.kernel.Unary;

/**
 * What the layers have in common that solve a ridge regression at every token: queries and keys of
 * length 1, weights of the tokens, and a state of keys with keys beside that of keys with values.
 */
abstract class RidgeMixer extends MatrixStateMixer {
  /** The projection behind the tokens' weights, per head, with a bias. */
  final Projection weight;

  private final int iterations;

  /**
   * A layer.
   *
   * @param iterations the most steps of conjugate gradients per token
   * @param convolvesValues whether the short convolution is on values as well
   */
  RidgeMixer(
      HeadSizes sizes,
      MatrixStateConfig config,
      int iterations,
      boolean convolvesValues,
      Decay decay,
      RidgeRecurrence recurrence) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU, convolvesValues),
        new OutputStage(sizes, config.outputGate(), config.norm()),
        decay,
        recurrence);
    this.iterations = iterations;
    this.weight = perHead(RidgeRecurrence.BETA);
  }

  /** A number per head from the input, with a bias. */
  final Projection perHead(String name) {
    return new Projection(name, sizes().width(), 0, sizes().heads(), true);
  }

  /** Gives queries and keys length 1. */
  static void normalise(Stretch stretch) {
    stretch.map(RidgeRecurrence.QUERY, q -> DeltaMixer.unit(stretch.tape(), q));
    stretch.map(RidgeRecurrence.KEY, k -> DeltaMixer.unit(stretch.tape(), k));
  }

  final long keyNumbers() {
    return (long) sizes().heads() * sizes().keys() * sizes().keys();
  }

  @Override
  final long stateNumbers() {
    return sizes().state() + keyNumbers();
  }

  @Override
  long ownMultiplyAdds() {
    // A product with H an iteration; the read of H is counted with the state's.
    return weight.multiplyAddsPerToken() + (iterations - 1) * keyNumbers();
  }
}
