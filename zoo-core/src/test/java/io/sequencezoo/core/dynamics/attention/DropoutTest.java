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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Dropout of attention weights. */
final class DropoutTest {
  // Sums of at most 600 terms of size one in another order.
  private static final double DOUBLE = 1e-12;
  private static final Cases CASE = new Cases(2, 7, 4, 2, 3, 2, 4, false, false, 0, true, true);

  @Test
  void weights_areDroppedAtTheRateAndScaled() {
    // Equal logits and values of one: an output is the sum of the weights that stay.
    int steps = 600;
    Cases c = new Cases(1, steps, 2, 1, 3, 1, 0, false, false, 0);
    Map<String, INDArray> arrays = c.arrays(DataType.DOUBLE, 1);
    arrays.get("q").assign(0);
    arrays.get("v").assign(1);
    double rate = 0.25;
    double[] y = evolve(c, rate, arrays, 5, null).outputs().value().data().asDouble();
    double kept = 0;
    double pairs = 0;
    for (int t = 0; t < steps; t++) {
      for (int h = 0; h < 2; h++) {
        double ofRow = y[2 * t + h] * (1 - rate) * (t + 1);
        assertThat(ofRow).isCloseTo(Math.rint(ofRow), within(DOUBLE * steps));
        kept += ofRow;
        pairs += t + 1;
      }
    }
    // Five standard deviations of a binomial distribution.
    double deviation = Math.sqrt(rate * (1 - rate) / pairs);
    assertThat(kept / pairs).isCloseTo(1 - rate, within(5 * deviation));
    assertThat(y[2 * steps - 1]).isNotEqualTo(y[2 * steps - 2]);
  }

  @Test
  void gradients_equalCentralDifferences() {
    Map<String, INDArray> arrays = CASE.arrays(DataType.DOUBLE, 2);
    String[] names = arrays.keySet().toArray(new String[0]);
    GradientCheck check =
        GradientCheck.of(
            (tape, in) -> {
              Map<String, Variable> variables = new java.util.LinkedHashMap<>();
              for (int i = 0; i < names.length; i++) {
                variables.put(names[i], in[i]);
              }
              variables.put("dropoutSeed", seed(tape, 6));
              return List.of(
                  CASE.causalRecurrence()
                      .withDropout(0.4)
                      .evolve(tape, Solver.AUTO, variables, null, new int[] {7, 5})
                      .outputs());
            });
    arrays.forEach(check::input);
    check.run().assertPassed();
  }

  @Test
  void pieces_dropWhatTheWholeDoes() {
    Map<String, INDArray> arrays = CASE.arrays(DataType.DOUBLE, 3);
    INDArray whole = evolve(CASE, 0.5, arrays, 7, null).outputs().value();
    for (int split = 1; split < CASE.steps(); split++) {
      Evolution first = evolve(CASE, 0.5, Cases.slice(arrays, 0, split), 7, null);
      Evolution second = evolve(CASE, 0.5, Cases.slice(arrays, split, 7), 7, first.state());
      assertThat(second.outputs().value().dup('c').data().asDouble())
          .containsExactly(Cases.slice(whole, split, 7).dup('c').data().asDouble(), within(DOUBLE));
    }
    assertThat(evolve(CASE, 0.5, arrays, 8, null).outputs().value()).isNotEqualTo(whole);
  }

  @Test
  void rate_mustLeaveSomething() {
    assertThatThrownBy(() -> AttentionRecurrence.causal().withDropout(1))
        .hasMessage("softmax_attention: dropout must be in [0, 1), got 1.0");
    assertThatThrownBy(() -> AttentionRecurrence.causal().withDropout(-0.1))
        .hasMessage("softmax_attention: dropout must be in [0, 1), got -0.1");
  }

  private static Evolution evolve(
      Cases c, double rate, Map<String, INDArray> arrays, long seed, State state) {
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    in.put("dropoutSeed", seed(tape, seed));
    return c.causalRecurrence().withDropout(rate).evolve(tape, Solver.AUTO, in, state, null);
  }

  private static Variable seed(Tape tape, long seed) {
    return tape.constant(Nd4j.createFromArray(seed));
  }
}
