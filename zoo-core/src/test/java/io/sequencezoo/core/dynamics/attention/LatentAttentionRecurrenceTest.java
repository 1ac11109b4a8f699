package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Latent attention on rows of different lengths; its blocks' tests have the equations. */
@Tag("double")
final class LatentAttentionRecurrenceTest {
  // Sums of a few dozen products in double, in another order.
  private static final double DOUBLE = 1e-12;
  private static final int BATCH = 2;
  private static final int HEADS = 3;

  private final LatentAttentionRecurrence recurrence = LatentAttentionRecurrence.causal();

  @Test
  void unusedSlotsOfSteppedStates_leaveNoTrace() {
    // Rows of 3 and 5 tokens, then one more token each: slots 5 and 6 of the first row mean
    // nothing.
    Map<String, INDArray> before = arrays(5, 1);
    Map<String, INDArray> token = arrays(1, 2);
    Map<String, INDArray> after = arrays(4, 3);
    Tape start = Tape.detached();
    Evolution first =
        recurrence.evolve(
            start, Solver.AUTO, Cases.variables(start, before), null, new int[] {3, 5});
    State stepped = recurrence.step(start, Cases.variables(start, token), first.state()).state();
    State whole =
        recurrence
            .evolve(start, Solver.AUTO, Cases.variables(start, token), first.state(), null)
            .state();
    List<Variable> viaStep = gradients(after, stepped.detach());
    List<Variable> viaEvolve = gradients(after, whole.detach());
    for (int i = 0; i < viaStep.size(); i++) {
      double[] actual = viaStep.get(i).gradient().dup('c').data().asDouble();
      double[] expected = viaEvolve.get(i).gradient().dup('c').data().asDouble();
      assertThat(actual).containsExactly(expected, within(DOUBLE * 10));
    }
  }

  private List<Variable> gradients(Map<String, INDArray> arrays, State state) {
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    State leaves = state.asVariables(tape);
    Variable y = recurrence.evolve(tape, Solver.AUTO, in, leaves, null).outputs();
    tape.backward(List.of(y), List.of(Cases.normal(new Random(4), y.shape())));
    List<Variable> all = new ArrayList<>(in.values());
    all.addAll(leaves.parts().values());
    return all;
  }

  @Test
  void gradients_equalCentralDifferencesAlsoForTheInitialState() {
    Tape start = Tape.detached();
    State state =
        recurrence
            .evolve(
                start, Solver.AUTO, Cases.variables(start, arrays(5, 5)), null, new int[] {3, 5})
            .state();
    Map<String, INDArray> arrays = arrays(4, 6);
    arrays.put("stateLatent", state.get("latent").value());
    arrays.put("stateRopeKey", state.get("ropeKey").value());
    String[] names = arrays.keySet().toArray(new String[0]);
    GradientCheck check =
        GradientCheck.of(
            (tape, in) -> {
              Map<String, Variable> variables = new LinkedHashMap<>();
              for (int i = 0; i < names.length; i++) {
                variables.put(names[i], in[i]);
              }
              Map<String, Variable> parts =
                  Map.of(
                      "latent", variables.remove("stateLatent"),
                      "ropeKey", variables.remove("stateRopeKey"));
              Evolution evolution =
                  recurrence.evolve(
                      tape,
                      Solver.AUTO,
                      variables,
                      new State(parts, new int[] {3, 5}),
                      new int[] {4, 2});
              return List.of(evolution.outputs(), evolution.state().get("latent"));
            });
    arrays.forEach(check::input);
    check.run().assertPassed();
  }

  @Test
  void mistakes_areNamed() {
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays(2, 7));
    assertThatThrownBy(() -> recurrence.evolve(tape, Solver.CHUNKED, in, null, null))
        .hasMessage("latent_attention: solver must be AUTO or one of [BLOCKWISE], got CHUNKED");
    Variable keyUp = in.put("keyUp", in.get("valueUp"));
    assertThatThrownBy(() -> recurrence.initialState(in, DataType.DOUBLE))
        .hasMessageContaining("latent_attention keyUp");
    in.put("keyUp", keyUp);
    in.remove("latent");
    assertThatThrownBy(() -> recurrence.initialState(in, DataType.DOUBLE))
        .hasMessageContaining("latent_attention: needs coefficient latent");
  }

  private static Map<String, INDArray> arrays(int steps, long seed) {
    Random random = new Random(seed);
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("q", Cases.normal(random, BATCH, steps, HEADS, 2 + 3));
    arrays.put("latent", Cases.normal(random, BATCH, steps, 1, 4));
    arrays.put("ropeKey", Cases.normal(random, BATCH, steps, 1, 2));
    Random shared = new Random(0);
    arrays.put("keyUp", Cases.normal(shared, 4, HEADS * 3));
    arrays.put("valueUp", Cases.normal(shared, 4, HEADS * 2));
    return arrays;
  }
}
