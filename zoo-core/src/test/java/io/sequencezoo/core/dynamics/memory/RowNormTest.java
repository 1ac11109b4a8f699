package io.sequencezoo.core.dynamics.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The norm and its pullback against the same in primitives, and their differences. */
@Tag("double")
class RowNormTest {
  private static final double EPS = 1e-3;
  private static final int SIZE = 5;

  private final INDArray z = random(1, 2, 3, 4, SIZE);
  private final INDArray g = random(2, 2, 3, 4, SIZE);
  private final INDArray r = random(3, 2, 3, 4, 1).addi(2);

  private static INDArray random(long seed, long... shape) {
    long n = 1;
    for (long size : shape) {
      n *= size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(n, -1, 1).toArray())
        .reshape('c', shape);
  }

  private static void assertSame(INDArray actual, INDArray expected) {
    assertThat(actual.shape()).containsExactly(expected.shape());
    double[] a = actual.dup('c').data().asDouble();
    double[] e = expected.dup('c').data().asDouble();
    for (int i = 0; i < e.length; i++) {
      assertThat(a[i]).isCloseTo(e[i], within(1e-13));
    }
  }

  private static Variable[] normPrimitives(Tape tape, Variable z) {
    Variable centred = Primitives.subtract(tape, z, Primitives.mean(tape, z, -1, true));
    Variable variance =
        Primitives.mean(tape, Primitives.map(tape, Unary.SQUARE, centred), -1, true);
    Variable inverse = Primitives.power(tape, Primitives.affine(tape, 1, variance, EPS), -0.5);
    return new Variable[] {Primitives.multiply(tape, centred, inverse), inverse};
  }

  private static Variable pullbackPrimitives(Tape tape, Variable g, Variable hat, Variable r) {
    Variable along = Primitives.mean(tape, Primitives.multiply(tape, g, hat), -1, true);
    Variable centred = Primitives.subtract(tape, g, Primitives.mean(tape, g, -1, true));
    Variable rest = Primitives.subtract(tape, centred, Primitives.multiply(tape, hat, along));
    return Primitives.multiply(tape, rest, r);
  }

  @Test
  void norm_isThatOfPrimitives() {
    Tape tape = Tape.detached();
    Variable[] expected = normPrimitives(tape, tape.constant(z));
    Variable[] actual = RowNorm.normalise(tape, tape.constant(z), EPS);
    assertSame(actual[0].value(), expected[0].value());
    assertSame(actual[1].value(), expected[1].value());
  }

  @Test
  void pullback_isThatOfPrimitives() {
    Tape tape = Tape.detached();
    Variable hat = tape.constant(z);
    Variable expected = pullbackPrimitives(tape, tape.constant(g), hat, tape.constant(r));
    Variable actual = RowNorm.pullback(tape, tape.constant(g), hat, tape.constant(r));
    assertSame(actual.value(), expected.value());
  }

  @Test
  void gradients_areThoseOfPrimitives() {
    Tape tape = Tape.detached();
    Variable[] own = {tape.variable(z), tape.variable(g)};
    Variable[] norm = RowNorm.normalise(tape, own[0], EPS);
    Variable actual = RowNorm.pullback(tape, own[1], norm[0], norm[1]);
    tape.backward(List.of(actual), List.of(random(4, 2, 3, 4, SIZE)));
    Tape other = Tape.detached();
    Variable[] theirs = {other.variable(z), other.variable(g)};
    Variable[] primitives = normPrimitives(other, theirs[0]);
    Variable expected = pullbackPrimitives(other, theirs[1], primitives[0], primitives[1]);
    other.backward(List.of(expected), List.of(random(4, 2, 3, 4, SIZE)));
    assertSame(own[0].gradient(), theirs[0].gradient());
    assertSame(own[1].gradient(), theirs[1].gradient());
  }

  @Test
  void pullbacks_areTheDifferences() {
    GradientCheck.of((tape, in) -> List.of(RowNorm.normalise(tape, in[0], EPS)))
        .input("z", z)
        .run()
        .assertPassed();
    GradientCheck.ofOne((tape, in) -> RowNorm.pullback(tape, in[0], in[1], in[2]))
        .input("g", g)
        .input("hat", z)
        .input("r", r)
        .run()
        .assertPassed();
  }
}
