package io.sequencezoo.datasets.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Inputs, labels, states and batches of hand-made prompts. */
final class ProblemTest {
  private static final int NONE = Automaton.NONE;
  private static final Vocabulary ABC = new Vocabulary(3);
  // 0 -a-> 1, 0 -b-> 0, 1 -c-> 0
  private static final Automaton AUTOMATON =
      Automaton.of(new int[][] {{1, 0, NONE}, {NONE, NONE, 0}});

  private static Problem problem(String prompt) {
    return new Problem(Split.TEST, 3, AUTOMATON, ABC.tokens(prompt));
  }

  @Test
  void labels_areTheNextTokensExceptSeparators() {
    PromptBatch batch = new PromptBatch(List.of(problem("a c | b a"), problem("b b a")));
    assertThat(batch.inputs()).isDeepEqualTo(new int[][] {{1, 3, 4, 2}, {2, 2, 0, 0}});
    assertThat(batch.labels()).isDeepEqualTo(new int[][] {{3, -100, 2, 1}, {2, 1, -100, -100}});
    assertThat(batch.lengths()).containsExactly(4, 2);
    assertThat(batch.steps()).isEqualTo(4);
  }

  @Test
  void states_followTheStringAndStartAgainAfterSeparators() {
    Problem problem = problem("a c | b a");
    assertThat(List.of(problem.state(0), problem.state(1), problem.state(2), problem.state(3)))
        .containsExactly(1, 0, 0, 0);
    assertThat(problem.legalCount(0)).isEqualTo(1);
    assertThat(problem.isLegal(0, 3)).isTrue();
    assertThat(problem.isLegal(0, 1)).isFalse();
    assertThat(problem.legalCount(2)).isEqualTo(2);
  }

  @Test
  void separatorAndPad_areNeverLegal() {
    Problem problem = problem("a c | b a");
    for (int t = 0; t < problem.length(); t++) {
      assertThat(problem.isLegal(t, ABC.separator())).isFalse();
      assertThat(problem.isLegal(t, Vocabulary.PAD)).isFalse();
    }
  }

  @Test
  void rejectedStrings_areRefused() {
    assertThatThrownBy(() -> problem("a c | a a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "icll problem: the automaton must accept every string, got token 1 at position 4");
    assertThatThrownBy(() -> problem("a ."))
        .hasMessage(
            "icll problem: the automaton must accept every string, got token 0 at position 1");
  }

  @Test
  void description_isReadableJson() throws Exception {
    String json = Configs.json().writeValueAsString(problem("a c | b a").describe());
    assertThat(json)
        .isEqualTo(
            "{\"split\":\"test\",\"index\":3,\"symbols\":3,\"transitions\":[{\"a\":1,\"b\":0},"
                + "{\"c\":0}],\"prompt\":\"a c | b a\"}");
  }

  @Test
  void vocabulary_isNumberedAsInTheReference() {
    Vocabulary regBench = new Vocabulary(18);
    assertThat(regBench.size()).isEqualTo(20);
    assertThat(regBench.text(new int[] {0, 1, 18, 19})).isEqualTo(". a r |");
    assertThat(regBench.tokens(".ar|")).containsExactly(0, 1, 18, 19);
    assertThatThrownBy(() -> regBench.tokens("s"))
        .hasMessage("icll vocabulary: characters must be a to r, | or ., got s");
  }
}
