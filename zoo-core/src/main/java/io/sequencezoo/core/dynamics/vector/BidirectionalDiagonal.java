package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.op.Dense;
import java.util.List;
import java.util.Map;

/**
 * The sum of two readings: of the system of {@link DiagonalRecurrence} in time, and of the same one
 * against it. It has no state to hand over.
 */
final class BidirectionalDiagonal extends Recurrence {
  BidirectionalDiagonal(DiagonalRecurrence causal) {
    super(causal);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    DiagonalRecurrence.check(coefficients, 2);
    return List.of();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Variable u = coefficients.get(DiagonalRecurrence.INPUT);
    Variable log = coefficients.get(DiagonalRecurrence.LOG_LAMBDA);
    Variable c = coefficients.get(DiagonalRecurrence.READ);
    int width = 2 * log.size(1);
    boolean segmented = DiagonalRecurrence.segmented(solver, u);
    Variable written = Dense.linear(tape, u, coefficients.get(DiagonalRecurrence.WRITE), null);
    Variable[] forth = ComplexScan.scan(tape, written, log, null, false, segmented, lengths);
    Variable[] back = ComplexScan.scan(tape, written, log, null, true, segmented, lengths);
    Variable past = Primitives.slice(tape, c, 0, 0, width);
    Variable future = Primitives.slice(tape, c, 0, width, 2L * width);
    Variable y =
        Primitives.add(
            tape,
            Dense.linear(tape, forth[0], past, null),
            Dense.linear(tape, back[0], future, null));
    return new Advance(DiagonalRecurrence.feedThrough(tape, coefficients, y), Map.of());
  }
}
