package io.sequencezoo.core.dynamics.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Recurrences that are built of matrix states. */
class ComposedStatesTest {
  /** Reordered double sums. */
  private static final double DOUBLE = 1e-12;

  private static final int STEPS = 19;

  private final SplittableRandom random = new SplittableRandom(1);
  private final Tape tape = Tape.detached();

  private Variable random(double low, double high, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    double[] values = random.doubles(length, low, high).toArray();
    return tape.constant(Nd4j.createFromArray(values).reshape('c', shape));
  }

  private static double at(Variable x, long... place) {
    return x.value().getDouble(place);
  }

  @Test
  void slots_holdDecayingKeysAndValues() {
    Map<String, Variable> c = new LinkedHashMap<>();
    c.put("q", random(-1, 1, 1, STEPS, 1, 3));
    c.put("k", random(-1, 1, 1, STEPS, 1, 3));
    c.put("v", random(-1, 1, 1, STEPS, 1, 2));
    c.put("s", random(0, 1, 1, STEPS, 1, 4));
    c.put("g", random(-1, 0, 1, STEPS, 1, 4));
    for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.CHUNKED}) {
      Variable o = new GatedSlotRecurrence(.5).evolve(tape, solver, c, null, null).outputs();
      double[][] keys = new double[4][3];
      double[][] values = new double[4][2];
      for (int t = 0; t < STEPS; t++) {
        double[] weights = new double[4];
        double total = 0;
        for (int m = 0; m < 4; m++) {
          double keep = Math.exp(at(c.get("g"), 0, t, 0, m));
          double take = at(c.get("s"), 0, t, 0, m);
          double logit = 0;
          for (int d = 0; d < 3; d++) {
            keys[m][d] = keep * keys[m][d] + take * at(c.get("k"), 0, t, 0, d);
            logit += .5 * at(c.get("q"), 0, t, 0, d) * keys[m][d];
          }
          for (int e = 0; e < 2; e++) {
            values[m][e] = keep * values[m][e] + take * at(c.get("v"), 0, t, 0, e);
          }
          weights[m] = Math.exp(logit);
          total += weights[m];
        }
        for (int e = 0; e < 2; e++) {
          double expected = 0;
          for (int m = 0; m < 4; m++) {
            expected += weights[m] / total * values[m][e];
          }
          assertThat(at(o, 0, t, 0, e)).isCloseTo(expected, within(DOUBLE));
        }
      }
    }
  }

  @Test
  void ranks_writeTogetherAndReadAfter() {
    Map<String, Variable> c = ranked(3);
    for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.CHUNKED}) {
      Evolution evolution = new RankedStateRecurrence().evolve(tape, solver, c, null, null);
      double[][] s = new double[4][2];
      for (int t = 0; t < STEPS; t++) {
        for (int d = 0; d < 4; d++) {
          for (int e = 0; e < 2; e++) {
            s[d][e] *= Math.exp(at(c.get("g"), 0, t, 0));
            for (int r = 0; r < 3; r++) {
              s[d][e] += at(c.get("k"), 0, t, 0, r, d) * at(c.get("v"), 0, t, 0, r, e);
            }
          }
        }
        for (int r = 0; r < 3; r++) {
          for (int e = 0; e < 2; e++) {
            double expected = 0;
            for (int d = 0; d < 4; d++) {
              expected += at(c.get("q"), 0, t, 0, r, d) * s[d][e];
            }
            assertThat(at(evolution.outputs(), 0, t, 0, r * 2 + e))
                .isCloseTo(expected, within(DOUBLE));
          }
        }
      }
      assertThat(at(evolution.state().get("S"), 0, 0, 3, 1)).isCloseTo(s[3][1], within(DOUBLE));
    }
  }

  /** One rank: the plain state. */
  @Test
  void oneRank_isTheMatrixState() {
    Map<String, Variable> c = ranked(1);
    Map<String, Variable> plain = new LinkedHashMap<>();
    c.forEach(
        (name, x) ->
            plain.put(
                name,
                name.equals("g")
                    ? x
                    : tape.constant(x.value().reshape('c', 1, STEPS, 1, x.size(4)))));
    CausalRecurrence ranks = new RankedStateRecurrence();
    CausalRecurrence rows = MatrixStateRecurrence.scaled(1);
    assertThat(ranks.evolve(tape, Solver.AUTO, c, null, null).outputs().value())
        .isEqualTo(rows.evolve(tape, Solver.AUTO, plain, null, null).outputs().value());
  }

  private Map<String, Variable> ranked(int ranks) {
    Map<String, Variable> c = new LinkedHashMap<>();
    c.put("q", random(-1, 1, 1, STEPS, 1, ranks, 4));
    c.put("k", random(-1, 1, 1, STEPS, 1, ranks, 4));
    c.put("v", random(-1, 1, 1, STEPS, 1, ranks, 2));
    c.put("g", random(-1, 0, 1, STEPS, 1));
    return c;
  }

  @Test
  void wrongCoefficients_areRefused() {
    Map<String, Variable> c = ranked(2);
    c.remove("g");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RankedStateRecurrence().evolve(tape, Solver.AUTO, c, null, null))
        .withMessage("ranked_state: needs coefficients q, k, v and g, got [q, k, v]; add g");
    Map<String, Variable> both = new LinkedHashMap<>();
    both.put("q", random(-1, 1, 1, 3, 1, 4));
    both.put("k", random(-1, 1, 1, 3, 1, 4));
    both.put("v", random(-1, 1, 1, 3, 1, 2));
    both.put("gv", random(-1, 0, 1, 3, 1, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GatedSlotRecurrence(1).evolve(tape, Solver.AUTO, both, null, null))
        .withMessageContaining("needs coefficients q, k, v, s and g");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                MatrixStateRecurrence.normalised(1, 0).evolve(tape, Solver.AUTO, both, null, null))
        .withMessageContaining("matrix_state gv: decays of value channels must be alone");
    both.put("gv", tape.constant(Nd4j.zeros(DataType.DOUBLE, 1, 3, 1, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> MatrixStateRecurrence.scaled(1).evolve(tape, Solver.AUTO, both, null, null))
        .withMessageContaining("matrix_state gv: V must be 2, got 3");
  }
}
