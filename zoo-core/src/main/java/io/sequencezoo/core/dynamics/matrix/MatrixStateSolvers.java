package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Decay;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/** Which solver advances a chunk: the chunked one, which is the faster at every shape, for AUTO. */
final class MatrixStateSolvers {
  private MatrixStateSolvers() {}

  /** The solver of this kind for what a shape's tokens do to the state. */
  static <A> MatrixStateSolver<A> of(
      Solver kind,
      Precision<A> precision,
      MatrixStateShape shape,
      boolean backward,
      Scratch<A> scratch) {
    if (kind == Solver.SEQUENTIAL) {
      return new SequentialMatrixState<>(precision, shape, backward, scratch);
    }
    return switch (shape.update()) {
      case SUM ->
          shape.decay() == Decay.VALUE
              ? new ChunkedFadingSum<>(precision, shape, backward, scratch)
              : new ChunkedSum<>(precision, shape, backward, scratch);
      case DELTA, LOW_RANK -> new ChunkedCorrectedSum<>(precision, shape, backward, scratch);
    };
  }
}
