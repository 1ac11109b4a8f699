package io.sequencezoo.core.dynamics.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Solver;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class BidirectionalMatrixStateTest {
  /** Reordered double sums of a hundred terms. */
  private static final double DOUBLE = 1e-12;

  private static final int STEPS = 71;
  private static final int HEADS = 2;
  private static final int KEYS = 3;
  private static final int VALUES = 5;
  private static final double SCALE = .7;
  private static final double EPS = 1e-6;

  private static INDArray positive(long seed, int last) {
    double[] values =
        new SplittableRandom(seed).doubles(2L * STEPS * HEADS * last, .1, 1).toArray();
    return Nd4j.createFromArray(values).reshape(2, STEPS, HEADS, last);
  }

  private static BidirectionalMatrixState recurrence(boolean normalised) {
    return normalised
        ? BidirectionalMatrixState.normalised(SCALE, EPS)
        : BidirectionalMatrixState.scaled(SCALE);
  }

  private static Variable evolve(boolean normalised, Tape tape, Variable[] in, int[] lengths) {
    return recurrence(normalised)
        .evolve(tape, Solver.AUTO, Map.of("q", in[0], "k", in[1], "v", in[2]), null, lengths)
        .outputs();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyPosition_readsTheSumOverValidOnes(boolean normalised) {
    INDArray q = positive(1, KEYS);
    INDArray k = positive(2, KEYS);
    INDArray v = positive(3, VALUES);
    int[] lengths = {STEPS, 66};
    Tape tape = Tape.detached();
    INDArray o =
        evolve(
                normalised,
                tape,
                new Variable[] {tape.constant(q), tape.constant(k), tape.constant(v)},
                lengths)
            .value();
    for (int b = 0; b < 2; b++) {
      for (int t = 0; t < STEPS; t++) {
        for (int h = 0; h < HEADS; h++) {
          double[] sum = new double[VALUES];
          double below = 0;
          for (int s = 0; s < lengths[b]; s++) {
            double weight = 0;
            for (int d = 0; d < KEYS; d++) {
              weight += SCALE * q.getDouble(b, t, h, d) * k.getDouble(b, s, h, d);
            }
            below += weight;
            for (int e = 0; e < VALUES; e++) {
              sum[e] += weight * v.getDouble(b, s, h, e);
            }
          }
          for (int e = 0; e < VALUES; e++) {
            double expected = t >= lengths[b] ? 0 : sum[e] / (normalised ? below + EPS : 1);
            assertThat(o.getDouble(b, t, h, e)).isCloseTo(expected, within(DOUBLE * STEPS));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradients_areCentralDifferences(boolean normalised) {
    GradientCheck.of((tape, in) -> List.of(evolve(normalised, tape, in, new int[] {STEPS, 66})))
        .samples(20)
        .input("q", positive(1, KEYS))
        .input("k", positive(2, KEYS))
        .input("v", positive(3, VALUES))
        .run()
        .assertPassed();
  }

  @Test
  void whatItIsNot_isRefused() {
    Tape tape = Tape.detached();
    Variable q = tape.constant(positive(1, KEYS));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                recurrence(false)
                    .evolve(tape, Solver.AUTO, Map.of("q", q, "k", q, "v", q, "g", q), null, null))
        .withMessageStartingWith(
            "bidirectional_matrix_state: needs coefficients [q, k, v] and no others, got [");
    assertThat((Object) recurrence(false)).isNotInstanceOf(CausalRecurrence.class);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                recurrence(false)
                    .evolve(tape, Solver.AUTO, Map.of("q", q, "k", q, "v", q), null, new int[] {1}))
        .withMessage("bidirectional_matrix_state: lengths must have B=2 entries, got 1");
  }
}
