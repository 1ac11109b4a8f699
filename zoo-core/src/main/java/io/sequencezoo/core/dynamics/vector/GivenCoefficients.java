package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.op.Gate;
import java.util.List;

/** The gate that there is where decays and inputs are given: the identity. */
enum GivenCoefficients implements Gate {
  /** From a and x. */
  DECAY(false),

  /** From log a and x. */
  LOG_DECAY(true);

  private final boolean log;

  GivenCoefficients(boolean log) {
    this.log = log;
  }

  @Override
  public boolean isLog() {
    return log;
  }

  @Override
  public int spares() {
    return 0;
  }

  @Override
  public <A> void forward(Tile<A> tile, List<A> outputs) {
    copy(tile, tile.inputs(), outputs);
  }

  @Override
  public <A> void backward(
      Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients) {
    copy(tile, cotangents, gradients);
  }

  private static <A> void copy(Tile<A> tile, List<A> from, List<A> to) {
    for (int i = 0; i < to.size(); i++) {
      tile.copy(from.get(i), to.get(i));
    }
  }
}
