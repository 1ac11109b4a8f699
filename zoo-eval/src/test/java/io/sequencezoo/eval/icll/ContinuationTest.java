package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.datasets.icll.Automaton;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.icll.Vocabulary;
import org.junit.jupiter.api.Test;

/** A continuation followed by hand. */
final class ContinuationTest {
  private static final Vocabulary AB = new Vocabulary(2);
  // 0 -a-> 1, 0 -b-> 1, 1 -a-> 0
  private static final Problem PROBLEM =
      new Problem(
          Split.TEST,
          0,
          Automaton.of(new int[][] {{1, 1}, {0, Automaton.NONE}}),
          AB.tokens("b a | b a"));

  @Test
  void steps_followTheAutomatonUntilTheStringIsLost() {
    Continuation continuation = Continuation.of(PROBLEM, 4, AB.tokens("a b b a | a"));
    assertThat(continuation.given()).isEqualTo("b a | b");
    assertThat(continuation.steps())
        .containsExactly(
            new Continuation.Step("a", "a", true),
            new Continuation.Step("b", "ab", true),
            new Continuation.Step("b", "a", false),
            new Continuation.Step("a", "", false),
            new Continuation.Step("|", "", false),
            new Continuation.Step("a", "ab", true));
  }

  @Test
  void nothingGiven_isRefused() {
    assertThatThrownBy(() -> Continuation.of(PROBLEM, 0, new int[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("continuation: given must be between 1 and 5 tokens, got 0");
  }
}
