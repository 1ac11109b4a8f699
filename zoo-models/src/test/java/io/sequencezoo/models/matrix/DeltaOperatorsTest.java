package io.sequencezoo.models.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Norms;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The forms of the family become each other where their equations do. */
class DeltaOperatorsTest {
  /** Reordered sums of doubles. */
  private static final double DOUBLE = 1e-10;

  private static final int BATCH = 2;
  private static final int STEPS = 37;
  private static final int HEADS = 2;
  private static final int KEYS = 5;
  private static final int VALUES = 3;

  private final Tape tape = Tape.detached();
  private final Variable q = random(1, -1, BATCH, STEPS, HEADS, KEYS);
  private final Variable k = Norms.l2Norm(tape, random(2, -1, BATCH, STEPS, HEADS, KEYS), 0);
  private final Variable v = random(3, -1, BATCH, STEPS, HEADS, VALUES);
  private final Variable beta = random(4, 0, BATCH, STEPS, HEADS);
  private final Variable perHead = random(5, -1, BATCH, STEPS, HEADS);
  private final Variable perChannel = random(6, -1, BATCH, STEPS, HEADS, KEYS);
  private final State initial =
      new State(Map.of("S", random(7, -1, BATCH, HEADS, KEYS, VALUES)), new int[BATCH]);

  private Variable random(long seed, double low, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    double[] values = new SplittableRandom(seed).doubles(length, low, 1).toArray();
    return tape.constant(Nd4j.createFromArray(values).reshape('c', shape));
  }

  private Variable zeros(Variable like) {
    return tape.constant(Nd4j.zeros(DataType.DOUBLE, like.shape()));
  }

  private Evolution delta(Solver solver, Variable rates, Variable g) {
    return DeltaOperators.deltaRule(tape, solver, q, k, v, rates, g, initial, 1);
  }

  private static void assertSame(Evolution actual, Evolution expected) {
    assertThat(values(actual.outputs()))
        .containsExactly(values(expected.outputs()), within(DOUBLE));
    assertThat(values(actual.state().get("S")))
        .containsExactly(values(expected.state().get("S")), within(DOUBLE));
  }

  private static double[] values(Variable variable) {
    return variable.value().ravel().toDoubleVector();
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void openGates_areNone(Solver solver) {
    assertSame(delta(solver, beta, zeros(perHead)), delta(solver, beta, null));
    assertSame(delta(solver, beta, zeros(perChannel)), delta(solver, beta, null));
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void rateZero_onlyDecays(Solver solver) {
    assertSame(
        delta(solver, zeros(beta), perChannel),
        LinearOperators.gatedLinearAttention(tape, solver, q, zeros(k), v, perChannel, initial, 1));
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void productOfOne_isTheDeltaRule(Solver solver) {
    assertSame(
        DeltaOperators.deltaProduct(tape, solver, q, k, v, beta, perHead, initial, 1),
        delta(solver, beta, perHead));
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void lowRankForm_containsTheDeltaRule(Solver solver) {
    Variable rates = Primitives.reshape(tape, beta, BATCH, STEPS, HEADS, 1);
    Variable scaled = Primitives.multiply(tape, k, rates);
    Variable decay = Primitives.map(tape, Unary.EXP, perChannel);
    assertSame(
        DeltaOperators.lowRank(
            tape,
            solver,
            q,
            scaled,
            v,
            Primitives.multiply(tape, k, decay),
            Primitives.affine(tape, -1, scaled, 0),
            perChannel,
            initial,
            1),
        delta(solver, beta, perChannel));
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void orthonormalKeys_recallWhatTheyWroteLast(Solver solver) {
    INDArray keys = Nd4j.zeros(DataType.DOUBLE, 1, 3 * KEYS, 1, KEYS);
    for (int t = 0; t < 3 * KEYS; t++) {
      keys.putScalar(new int[] {0, t, 0, t * 2 % KEYS}, 1);
    }
    Variable key = tape.constant(keys);
    Variable written = random(8, -1, 1, 3 * KEYS, 1, VALUES);
    Variable ones = tape.constant(Nd4j.ones(DataType.DOUBLE, 1, 3 * KEYS, 1));
    Evolution evolution =
        DeltaOperators.deltaRule(tape, solver, key, key, written, ones, null, null, 1);
    assertThat(values(evolution.outputs())).containsExactly(values(written), within(DOUBLE));
    for (int t = 2 * KEYS; t < 3 * KEYS; t++) {
      for (int e = 0; e < VALUES; e++) {
        assertThat(evolution.state().get("S").value().getDouble(0, 0, t * 2 % KEYS, e))
            .isCloseTo(written.value().getDouble(0, t, 0, e), within(DOUBLE));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void misfits_areRefusedByName(Solver solver) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                DeltaOperators.deltaProduct(
                    tape, solver, random(9, 0, 1, 3, 1, 2), k, v, beta, null, null, 1))
        .withMessage("delta product: k must have a multiple of T=3 rows, got 37");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> delta(solver, random(9, 0, BATCH, STEPS, 3), null))
        .withMessage("matrix_state beta: heads must divide those of v, H=2, got 3");
  }
}
