package io.sequencezoo.core.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.diagonal.ElementwiseRecurrence;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

/** What all recurrences check and count alike, on the simplest. */
class RecurrenceTest {
  private final Tape tape = Tape.detached();
  private final CausalRecurrence recurrence = new ElementwiseRecurrence();

  private Map<String, Variable> coefficients(int batch, int steps) {
    return Map.of(
        ElementwiseRecurrence.INPUT, tape.constant(Nd4j.ones(batch, steps, 3)),
        ElementwiseRecurrence.DECAY, tape.constant(Nd4j.ones(batch, steps, 3)));
  }

  private State state(int... consumed) {
    Variable h = tape.constant(Nd4j.zeros(consumed.length, 3));
    return new State(Map.of(ElementwiseRecurrence.STATE, h), consumed);
  }

  @Test
  void tokens_areCounted() {
    int[] lengths = {2, 0};
    State after =
        recurrence.evolve(tape, Solver.AUTO, coefficients(2, 4), state(3, 4), lengths).state();
    assertThat(after.consumed()).containsExactly(5, 4);
    assertThat(recurrence.step(tape, coefficients(2, 1), after).state().consumed())
        .containsExactly(6, 5);
    assertThat(
            recurrence.evolve(tape, Solver.AUTO, coefficients(2, 4), null, null).state().consumed())
        .containsExactly(4, 4);
  }

  @Test
  void lengthsAndRows_areChecked() {
    refused(new int[] {1}, state(0, 0), "elementwise: lengths must have B=2 entries, got 1");
    refused(new int[] {1, 5}, null, "elementwise: length of a row must be from 0 to T=4, got 5");
    refused(new int[] {-1, 1}, null, "elementwise: length of a row must be from 0 to T=4, got -1");
    refused(null, state(0), "elementwise: state must have B=2 rows, got 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recurrence.step(tape, coefficients(2, 2), state(0, 0)))
        .withMessage("elementwise: step takes T=1, got T=2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recurrence.step(tape, Map.of(), state(0, 0)))
        .withMessage("elementwise: needs coefficient x [B, T, ...], got []; add x");
  }

  private void refused(int[] lengths, State initial, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> recurrence.evolve(tape, Solver.AUTO, coefficients(2, 4), initial, lengths))
        .withMessage(message);
  }
}
