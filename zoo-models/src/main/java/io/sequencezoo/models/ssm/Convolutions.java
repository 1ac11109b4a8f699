package io.sequencezoo.models.ssm;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;

/** The convolution of four tokens that most gated recurrent units have before their gates. */
final class Convolutions {
  private Convolutions() {}

  /** PyTorch's default for a depthwise convolution {@code [F, W]}: uniform on ±1/√W. */
  static Initialiser uniform() {
    return (shape, random) -> {
      double bound = 1 / Math.sqrt((double) shape[1]);
      return Initialisers.uniform(-bound, bound).values(shape, random);
    };
  }

  /** The same for its bias. */
  static Initialiser uniformBias(int span) {
    double bound = 1 / Math.sqrt(Math.max(1, span));
    return Initialisers.uniform(-bound, bound);
  }
}
