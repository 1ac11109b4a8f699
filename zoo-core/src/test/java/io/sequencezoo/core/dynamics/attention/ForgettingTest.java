package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Forget gates at their extremes, in single precision. */
final class ForgettingTest {
  // Logits of a few units carry an error of an ulp each; sums over some hundred weights.
  private static final double FLOAT = 1e-5;

  @Test
  void gatesOfOne_changeNothing() {
    Cases plain = new Cases(1, 600, 2, 1, 3, 3, 0, false, false, 0);
    Map<String, INDArray> arrays = plain.arrays(DataType.FLOAT, 1);
    float[] expected = outputs(arrays);
    arrays.put("g", plain.cotangent(DataType.FLOAT, 1).sum(3).muli(0));
    assertThat(outputs(arrays)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NEGATIVE_INFINITY, -1e38, -1e5, -200})
  void closedGate_startsTheSequenceAnew(double closed) {
    int cut = 300;
    Cases c = new Cases(1, 600, 2, 1, 3, 3, 0, false, false, 0, true, false);
    Map<String, INDArray> arrays = c.arrays(DataType.FLOAT, 2);
    for (int t = cut; t < cut + 3; t++) {
      for (int h = 0; h < 2; h++) {
        arrays.get("g").putScalar(new int[] {0, t, h}, t == cut || closed < -1000 ? closed : -0.5);
      }
    }
    int start = closed < -1000 ? cut + 2 : cut;
    INDArray gy = c.cotangent(DataType.FLOAT, 2);
    Map<String, Variable> whole = passes(arrays, gy);
    Map<String, Variable> rest =
        passes(Cases.slice(arrays, start, 600), Cases.slice(gy, start, 600));
    for (String name : rest.keySet()) {
      // A gate before which nothing is left gets no gradient, the first of the rest neither.
      INDArray part = Cases.slice(whole.get(name).gradient(), start, 600);
      INDArray alone = rest.get(name).gradient();
      double largest = Math.max(1, alone.amaxNumber().doubleValue());
      assertThat(part.dup('c').data().asDouble())
          .as(name)
          .containsExactly(alone.dup('c').data().asDouble(), within(FLOAT * largest));
      assertThat(whole.get(name).gradient().isNaN().any()).as(name).isFalse();
    }
  }

  @Test
  void smallGatesAfterLargeOnes_keepTheirPrecision() {
    // The running sum reaches -80,000, where floats are 0.008 apart, before gates of -0.001.
    int steps = 16_384;
    int open = 40;
    Cases c = new Cases(1, steps, 1, 1, 2, 2, 0, false, false, 0, true, false);
    Map<String, INDArray> arrays = c.arrays(DataType.FLOAT, 3);
    for (int t = 0; t < steps; t++) {
      arrays.get("g").putScalar(new int[] {0, t, 0}, t < steps - open ? -5 : -0.001);
    }
    Map<String, INDArray> last = Cases.slice(arrays, steps - open - 20, steps);
    Cases end = new Cases(1, open + 20, 1, 1, 2, 2, 0, false, false, 0, true, false);
    // Older keys have weights below e^-90.
    double[] expected = end.oracle(last, 0, open + 20).y[open + 19][0];
    float[] y = outputs(arrays);
    for (int i = 0; i < 2; i++) {
      assertThat((double) y[2 * (steps - 1) + i]).isCloseTo(expected[i], within(FLOAT));
    }
  }

  @Test
  void mistakes_areNamed() {
    Cases c = new Cases(1, 3, 2, 1, 3, 3, 0, false, false, 0, true, true);
    Map<String, INDArray> arrays = c.arrays(DataType.FLOAT, 4);
    Map<String, Variable> in = Cases.variables(Tape.detached(), arrays);
    assertThatThrownBy(
            () -> AttentionRecurrence.causal().bidirectional().initialState(in, DataType.FLOAT))
        .hasMessage(
            "softmax_attention: forget gates need an order of tokens; leave them out of"
                + " bidirectional attention");
    in.put("g", in.get("sink"));
    assertThatThrownBy(() -> AttentionRecurrence.causal().initialState(in, DataType.FLOAT))
        .hasMessageContaining("softmax_attention g");
  }

  private static float[] outputs(Map<String, INDArray> arrays) {
    try (Tape tape = Tape.inference()) {
      Map<String, Variable> in = Cases.variables(tape, arrays);
      return AttentionRecurrence.causal()
          .evolve(tape, Solver.AUTO, in, null, null)
          .outputs()
          .value()
          .dup('c')
          .data()
          .asFloat();
    }
  }

  private static Map<String, Variable> passes(Map<String, INDArray> arrays, INDArray gy) {
    Tape tape = Tape.detached();
    Map<String, Variable> in = Cases.variables(tape, arrays);
    Variable y = AttentionRecurrence.causal().evolve(tape, Solver.AUTO, in, null, null).outputs();
    tape.backward(List.of(y), List.of(gy));
    return in;
  }
}
