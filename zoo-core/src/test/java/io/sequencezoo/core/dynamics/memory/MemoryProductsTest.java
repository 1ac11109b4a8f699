package io.sequencezoo.core.dynamics.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The fused operations of a memory's chunk against plain loops and differences. */
@Tag("double")
class MemoryProductsTest {
  private static final int BATCH = 2;
  private static final int HEADS = 2;
  private static final int TOKENS = 3;

  /** Matrices of this many rows and columns take BLAS, smaller ones heap tiles. */
  private static final int LARGE = 130;

  /** Sums of up to 130 products of numbers below 1, in another order. */
  private static final double TOLERANCE = 1e-12;

  private static INDArray random(long seed, long... shape) {
    long n = 1;
    for (long size : shape) {
      n *= size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(n, -1, 1).toArray())
        .reshape('c', shape);
  }

  private static List<ScaledProducts.Term> terms(Variable... in) {
    return List.of(
        new ScaledProducts.Term(in[0], in[1], in[2]), new ScaledProducts.Term(null, in[1], in[3]));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, LARGE})
  void scaledProducts_areTheLoops(int size) {
    INDArray c = random(1, BATCH, HEADS, TOKENS, 1);
    INDArray x = random(2, BATCH, HEADS, TOKENS, size);
    INDArray first = random(3, BATCH, HEADS, size, size);
    INDArray second = random(4, BATCH, HEADS, size, size);
    Tape tape = Tape.detached();
    INDArray z =
        ScaledProducts.sum(
                tape,
                terms(
                    tape.constant(c),
                    tape.constant(x),
                    tape.constant(first),
                    tape.constant(second)))
            .value();
    for (int b = 0; b < BATCH; b++) {
      for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < TOKENS; t++) {
          for (int j : new int[] {0, size - 1}) {
            double sum = 0;
            for (int i = 0; i < size; i++) {
              sum +=
                  x.getDouble(b, h, t, i)
                      * (c.getDouble(b, h, t, 0) * first.getDouble(b, h, i, j)
                          + second.getDouble(b, h, i, j));
            }
            assertThat(z.getDouble(b, h, t, j)).isCloseTo(sum, within(TOLERANCE));
          }
        }
      }
    }
    GradientCheck.ofOne((own, in) -> ScaledProducts.sum(own, terms(in)))
        .input("c", c)
        .input("x", x)
        .input("first", first)
        .input("second", second)
        .samples(4)
        .run()
        .assertPassed();
  }

  private static List<MovedMatrix.Kept> kept(Variable... in) {
    return List.of(new MovedMatrix.Kept(in[0], in[1]), new MovedMatrix.Kept(null, in[2]));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, LARGE})
  void movedMatrix_isTheLoops(int size) {
    INDArray a = random(1, BATCH, HEADS, 1, 1);
    INDArray m = random(2, BATCH, HEADS, size, size);
    INDArray s = random(3, BATCH, HEADS, size, size);
    INDArray w = random(4, BATCH, HEADS, 1, TOKENS);
    INDArray x = random(5, BATCH, HEADS, TOKENS, size);
    INDArray d = random(6, BATCH, HEADS, TOKENS, size);
    Tape tape = Tape.detached();
    INDArray y =
        MovedMatrix.of(
                tape,
                kept(tape.constant(a), tape.constant(m), tape.constant(s)),
                tape.constant(w),
                tape.constant(x),
                tape.constant(d))
            .value();
    for (int b = 0; b < BATCH; b++) {
      for (int h = 0; h < HEADS; h++) {
        for (int i : new int[] {0, size - 1}) {
          for (int j = 0; j < size; j++) {
            double sum =
                a.getDouble(b, h, 0, 0) * m.getDouble(b, h, i, j) + s.getDouble(b, h, i, j);
            for (int t = 0; t < TOKENS; t++) {
              sum += w.getDouble(b, h, 0, t) * x.getDouble(b, h, t, i) * d.getDouble(b, h, t, j);
            }
            assertThat(y.getDouble(b, h, i, j)).isCloseTo(sum, within(TOLERANCE));
          }
        }
      }
    }
    GradientCheck.ofOne(
            (own, in) -> MovedMatrix.of(own, kept(in[0], in[1], in[2]), in[3], in[4], in[5]))
        .input("a", a)
        .input("m", m)
        .input("s", s)
        .input("w", w)
        .input("x", x)
        .input("d", d)
        .samples(4)
        .run()
        .assertPassed();
  }

  @Test
  void activationSlope_isTheDifferenceOfTheActivation() {
    INDArray s = random(1, 2, 5);
    INDArray x = random(2, 2, 5).mul(3);
    for (InnerActivation activation : InnerActivation.values()) {
      // Differentiating f gives f', to which the slope is held; differences of the slope f''.
      Tape tape = Tape.detached();
      Variable in = tape.variable(x);
      tape.backward(List.of(activation.apply(tape, in)), List.of(s));
      Tape other = Tape.detached();
      INDArray y =
          ActivationSlope.apply(other, activation, other.constant(s), other.constant(x)).value();
      for (int i = 0; i < x.length(); i++) {
        assertThat(y.getDouble(i)).isCloseTo(in.gradient().getDouble(i), within(TOLERANCE));
      }
      GradientCheck.ofOne((own, both) -> ActivationSlope.apply(own, activation, both[0], both[1]))
          .input("s", s)
          .input("x", x)
          .run()
          .assertPassed();
    }
  }
}
