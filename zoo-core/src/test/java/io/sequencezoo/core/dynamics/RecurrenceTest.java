package io.sequencezoo.core.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.dynamics.lookup.LookupRecurrence;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** What the template checks for all recurrences, once. */
@Tag("double")
class RecurrenceTest {
  private final Tape tape = Tape.detached();
  private final CausalRecurrence elementwise = new ElementwiseRecurrence();
  private final Map<String, Variable> gates = Map.of("x", zeros(2, 1, 3), "a", zeros(2, 1, 3));
  private final CausalRecurrence attention = AttentionRecurrence.causal();
  private final Map<String, Variable> heads =
      Map.of("q", zeros(2, 1, 4, 3), "k", zeros(2, 1, 2, 3), "v", zeros(2, 1, 2, 5));

  @Test
  void initialState_hasThePartsAndNoTokens() {
    State state = attention.initialState(heads, DataType.DOUBLE);
    assertThat(state.parts().keySet()).containsExactly("k", "v");
    assertThat(state.get("v").value().shape()).containsExactly(2, 0, 2, 5);
    assertThat(state.consumed()).containsExactly(0, 0);
    assertThat(elementwise.initialState(gates, DataType.DOUBLE).get("h").shape())
        .containsExactly(2, 3);
  }

  @Test
  void states_ofOtherShapesAreRefused() {
    State wide = new State(Map.of("h", zeros(2, 4)), new int[2]);
    for (Runnable call :
        new Runnable[] {
          () -> elementwise.evolve(tape, Solver.AUTO, gates, wide, null),
          () -> elementwise.step(tape, gates, wide),
          () -> elementwise.linearize(gates, wide, 0, 0)
        }) {
      assertThatThrownBy(call::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("elementwise state h: D must be 3, got 4 in shape [2, 4]");
    }
  }

  @Test
  void coefficients_thatAreNotThereAreNamed() {
    Map<String, Variable> links = Map.of("v", zeros(2, 5, 3), "match", zeros(2, 5, 1));
    assertThatThrownBy(() -> new LookupRecurrence().initialState(links, DataType.DOUBLE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("drive: must have prev, got [")
        .hasMessageEndingWith("]; add prev");
  }

  @Test
  void states_whosePartsHoldOtherNumbersOfTokensAreRefused() {
    State state = new State(Map.of("k", zeros(2, 7, 2, 3), "v", zeros(2, 6, 2, 5)), new int[2]);
    assertThatThrownBy(() -> attention.step(tape, heads, state))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("softmax_attention state v: n must be 7, got 6 in shape [2, 6, 2, 5]");
  }

  @Test
  void heads_thatThereAreNotAreRefused() {
    assertThat(attention.linearize(heads, null, 1, 3)).isNotNull();
    for (int head : new int[] {-1, 4}) {
      assertThatThrownBy(() -> attention.linearize(heads, null, 0, head))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("softmax_attention: head must be from 0 to 3, got " + head);
    }
  }

  @Test
  void drives_thatAreMissingAreRefused() {
    assertThatThrownBy(() -> elementwise.initialState(Map.of(), DataType.DOUBLE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("elementwise: needs coefficient x [B, T, ...], got []; add x");
  }

  private Variable zeros(long... shape) {
    return tape.constant(Nd4j.zeros(DataType.DOUBLE, shape));
  }
}
