package io.sequencezoo.core.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The coarse operations against their equations in plain loops, and at their edges. */
class OpOraclesTest {
  /** Double precision, sums of a few terms in another order. */
  private static final double EXACT = 1e-12;

  private final Tape tape = Tape.detached();
  private final SplittableRandom random = new SplittableRandom(1);

  private Variable random(long... shape) {
    return tape.variable(OpCase.random(random, DataType.DOUBLE, shape));
  }

  private static double[] values(Variable x) {
    return OpCase.doubles(x.value());
  }

  @Test
  void linear_isTheMatrixProduct() {
    Variable x = random(2, 3, 5);
    Variable w = random(5, 4);
    Variable b = random(4);
    double[] expected = new double[24];
    for (int r = 0; r < 6; r++) {
      for (int o = 0; o < 4; o++) {
        expected[r * 4 + o] = values(b)[o];
        for (int i = 0; i < 5; i++) {
          expected[r * 4 + o] += values(x)[r * 5 + i] * values(w)[i * 4 + o];
        }
      }
    }
    Variable y = Dense.linear(tape, x, w, b);
    assertThat(y.shape()).containsExactly(2, 3, 4);
    assertThat(values(y)).containsExactly(expected, within(EXACT));
    Variable turned = tape.variable(w.value().transpose().dup('c'));
    assertThat(values(Dense.linearTransposed(tape, x, turned, b)))
        .containsExactly(expected, within(EXACT));
    assertThatThrownBy(() -> Dense.linear(tape, x, turned, b))
        .hasMessage("linear: weight must have shape [5, out] for input [2, 3, 5], got [4, 5]");
  }

  @Test
  void norms_divideByTheirStatistics() {
    Variable x = random(3, 6);
    Variable w = random(6);
    Variable b = random(6);
    double[] layer = new double[18];
    double[] rms = new double[18];
    for (int r = 0; r < 3; r++) {
      double[] row = Arrays.copyOfRange(values(x), 6 * r, 6 * r + 6);
      double mean = Arrays.stream(row).sum() / 6;
      double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / 6;
      for (int i = 0; i < 6; i++) {
        int group = i / 3 * 3;
        double square = 0;
        for (int j = group; j < group + 3; j++) {
          square += row[j] * row[j] / 3;
        }
        double wi = values(w)[i];
        double bi = values(b)[i];
        layer[6 * r + i] = (row[i] - mean) / Math.sqrt(variance + 1e-3) * wi + bi;
        rms[6 * r + i] = row[i] / Math.sqrt(square + 1e-3) * wi + bi;
      }
    }
    assertThat(values(Norms.layerNorm(tape, x, w, b, 1e-3))).containsExactly(layer, within(EXACT));
    assertThat(values(Norms.rmsNorm(tape, x, w, b, 1e-3, 3))).containsExactly(rms, within(EXACT));
    assertThatThrownBy(() -> Norms.rmsNorm(tape, x, w, b, 1e-3, 4))
        .hasMessage("rms norm: width 6 must be divisible by group size 4");
  }

  @Test
  void crossEntropy_isTheMeanOverWhatCounts() {
    Variable logits = random(2, 2, 3);
    INDArray targets = Nd4j.createFromArray(new int[][] {{2, -1}, {0, 1}});
    double sum = 0;
    int[] classes = {2, -1, 0, 1};
    for (int r = 0; r < 4; r++) {
      if (classes[r] >= 0) {
        double[] row = Arrays.copyOfRange(values(logits), 3 * r, 3 * r + 3);
        sum += Math.log(Arrays.stream(row).map(Math::exp).sum()) - row[classes[r]];
      }
    }
    Losses.CrossEntropy loss = Losses.crossEntropy(tape, logits, targets, -1, null);
    assertThat(loss.loss().shape()).isEmpty();
    assertThat(loss.loss().value().getDouble(0)).isCloseTo(sum / 3, within(EXACT));
    assertThat(values(loss.tokenLoss())[1]).isZero();
    assertThatThrownBy(() -> Losses.crossEntropy(tape, logits, targets, -100, null))
        .hasMessage(
            "cross-entropy: targets must be in [0, 3) or ignored (-100), got -1 at position 1");
  }

  @Test
  void crossEntropy_ofNothingIsZero() {
    Variable logits = random(2, 3, 4);
    INDArray targets = Nd4j.createFromArray(new int[2][3]).subi(100);
    Variable loss = Losses.crossEntropy(tape, logits, targets, Losses.IGNORE, null).loss();
    tape.backward(loss);
    assertThat(loss.value().getDouble(0)).isZero();
    assertThat(OpCase.doubles(logits.gradient())).containsOnly(0);
  }

  @Test
  void crossEntropy_survivesLargeLogits() {
    Variable logits = tape.variable(Nd4j.createFromArray(new float[][] {{1e4f, -1e4f, 0}}));
    INDArray targets = Nd4j.createFromArray(0);
    Variable loss = Losses.crossEntropy(tape, logits, targets, Losses.IGNORE, null).loss();
    tape.backward(loss);
    assertThat(loss.value().getDouble(0)).isZero();
    assertThat(OpCase.doubles(logits.gradient())).containsOnly(0);
  }

  @Test
  void embedding_refusesUnknownIds() {
    INDArray ids = Nd4j.createFromArray(new int[][] {{0, 5}});
    assertThatThrownBy(() -> Embedding.lookup(tape, random(5, 2), ids))
        .hasMessage("embedding: ids must be in [0, 5), got 5 at element 1");
  }

  @Test
  void dropout_keepsTheMeanAndFollowsTheSeed() {
    int n = 200_000;
    Variable ones = tape.constant(Nd4j.ones(DataType.FLOAT, (long) n));
    double[] y = values(Dropout.apply(tape, ones, .25, 3));
    double kept = Arrays.stream(y).filter(v -> v != 0).count() / (double) n;
    // Five standard deviations of a share of 200000 draws.
    assertThat(kept).isCloseTo(.75, within(.005));
    assertThat(Arrays.stream(y).filter(v -> v != 0).distinct().toArray())
        .containsExactly(new double[] {1 / .75}, within(1e-6));
    assertThat(values(Dropout.apply(tape, ones, .25, 4))).isNotEqualTo(y);
    assertThat(Dropout.apply(tape, ones, 0, 4)).isSameAs(ones);
  }

  @Test
  void rotary_productsDependOnDistanceAlone() {
    Variable q = random(1, 1, 1, 6);
    Variable k = random(1, 1, 1, 6);
    for (Rotary.Convention convention : Rotary.Convention.values()) {
      double near = product(q, 7, k, 3, convention);
      assertThat(product(q, 17004, k, 17000, convention)).isCloseTo(near, within(1e-9));
      assertThat(product(q, 8, k, 3, convention)).isNotCloseTo(near, within(1e-6));
    }
  }

  private double product(Variable q, int s, Variable k, int t, Rotary.Convention convention) {
    double[] a = values(Rotary.rotate(tape, q, new int[] {s}, convention, 100, 6));
    double[] b = values(Rotary.rotate(tape, k, new int[] {t}, convention, 100, 6));
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Test
  void convolution_handsOverItsCache() {
    Variable x = random(2, 7, 3);
    Variable w = random(3, 4);
    double[] whole = values(ShortConvolution.apply(tape, x, w, null, null, null, null)[0]);
    Variable head = tape.constant(part(x.value(), 0, 2));
    Variable tail = tape.constant(part(x.value(), 2, 7));
    Variable cache = ShortConvolution.apply(tape, head, w, null, null, null, null)[1];
    Variable rest = ShortConvolution.apply(tape, tail, w, null, cache, null, null)[0];
    for (int b = 0; b < 2; b++) {
      for (int i = 0; i < 15; i++) {
        assertThat(values(rest)[b * 15 + i]).isEqualTo(whole[b * 21 + 6 + i]);
      }
    }
    double expected = 0;
    for (int j = 0; j < 4; j++) {
      expected += values(w)[j] * values(x)[(3 + j) * 3];
    }
    assertThat(whole[6 * 3]).isCloseTo(expected, within(EXACT));
  }

  private static INDArray part(INDArray x, int from, int end) {
    INDArray part = Nd4j.create(DataType.DOUBLE, 2, end - from, 3);
    for (int b = 0; b < 2; b++) {
      for (int i = 0; i < (end - from) * 3; i++) {
        part.data().put((long) b * (end - from) * 3 + i, x.getDouble(b, from + i / 3, i % 3));
      }
    }
    return part;
  }
}
