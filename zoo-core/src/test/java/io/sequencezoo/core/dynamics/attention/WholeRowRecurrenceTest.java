package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention by whole rows over several blocks of queries, after a state and on a padded row; the
 * equations are in the blocks' tests.
 */
@Tag("double")
final class WholeRowRecurrenceTest {
  private static final int BATCH = 1;
  private static final int HEADS = 1;
  private static final int QUERY_HEADS = 2;

  /** With what is held, more than two blocks. */
  private static final int STEPS = 72;

  private static final int[] BEFORE = {60};
  private static final int[] LENGTHS = {70};

  static Stream<WholeRowRecurrence> recurrences() {
    return Stream.of(
        StickBreakingRecurrence.causal(false).withRemainder(),
        StickBreakingRecurrence.causal(true).withScale(0.7),
        PathRecurrence.causal());
  }

  @ParameterizedTest
  @MethodSource("recurrences")
  void gradients_equalCentralDifferencesAcrossBlocks(WholeRowRecurrence recurrence) {
    boolean path = recurrence instanceof PathRecurrence;
    Tape start = Tape.detached();
    State state =
        recurrence
            .evolve(
                start,
                Solver.AUTO,
                Cases.variables(start, arrays(path, BEFORE[0], 5)),
                null,
                BEFORE)
            .state();
    Map<String, INDArray> arrays = arrays(path, STEPS, 6);
    state.parts().forEach((name, part) -> arrays.put("state." + name, part.value()));
    String[] names = arrays.keySet().toArray(new String[0]);
    GradientCheck check =
        GradientCheck.of(
            (tape, in) -> {
              Map<String, Variable> given = new LinkedHashMap<>();
              Map<String, Variable> parts = new LinkedHashMap<>();
              for (int i = 0; i < names.length; i++) {
                if (names[i].startsWith("state.")) {
                  parts.put(names[i].substring("state.".length()), in[i]);
                } else {
                  given.put(names[i], in[i]);
                }
              }
              Evolution evolution =
                  recurrence.evolve(tape, Solver.AUTO, given, new State(parts, BEFORE), LENGTHS);
              return List.of(evolution.outputs(), evolution.state().get("k"));
            });
    arrays.forEach(check::input);
    check.run().assertPassed();
  }

  @Test
  void mistakes_areNamed() {
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays(true, 2, 7));
    PathRecurrence recurrence = PathRecurrence.causal();
    in.put("beta", in.get("g"));
    assertThatThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, in, null, null))
        .hasMessageContaining("path beta");
    in.remove("w");
    assertThatThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, in, null, null))
        .hasMessageContaining("path: needs coefficient w");
    assertThatThrownBy(() -> recurrence.withScale(0))
        .hasMessage("path: scale must be positive, got 0.0");
  }

  private static Map<String, INDArray> arrays(boolean path, int steps, long seed) {
    Random random = new Random(seed);
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("q", Cases.normal(random, BATCH, steps, QUERY_HEADS, 2));
    arrays.put("k", Cases.normal(random, BATCH, steps, HEADS, 2));
    arrays.put("v", Cases.normal(random, BATCH, steps, HEADS, 1));
    if (path) {
      // Of length below one, so that reflections don't grow.
      arrays.put("w", Cases.normal(random, BATCH, steps, HEADS, 2).muli(0.3));
      arrays.put("beta", Cases.normal(random, BATCH, steps, HEADS));
      arrays.put("g", Cases.normal(random, BATCH, steps, QUERY_HEADS).muli(0.1));
    }
    return arrays;
  }
}
