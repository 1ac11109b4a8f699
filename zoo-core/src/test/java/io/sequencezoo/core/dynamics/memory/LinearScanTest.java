package io.sequencezoo.core.dynamics.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The scan against its loop and its differences. */
@Tag("double")
class LinearScanTest {
  private static INDArray random(long seed, double low, double high, long... shape) {
    int n = 1;
    for (long size : shape) {
      n *= (int) size;
    }
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(n, low, high).toArray())
        .reshape('c', shape);
  }

  @Test
  void scan_isTheLoop() {
    INDArray a = random(1, 0, 1, 2, 1, 5, 1);
    INDArray x = random(2, -1, 1, 2, 1, 5, 3);
    INDArray start = random(3, -1, 1, 2, 1, 3);
    INDArray tau = random(4, 0, 0.3, 2, 1, 5, 1);
    Tape tape = Tape.detached();
    INDArray y =
        LinearScan.run(
                tape, tape.constant(a), tape.constant(x), tape.constant(start), tape.constant(tau))
            .value();
    for (int b = 0; b < 2; b++) {
      for (int i = 0; i < 3; i++) {
        double last = start.getDouble(b, 0, i);
        for (int t = 0; t < 5; t++) {
          double next = a.getDouble(b, 0, t, 0) * last + x.getDouble(b, 0, t, i);
          double rest = Math.max(Math.abs(next) - tau.getDouble(b, 0, t, 0), 0);
          last = Math.signum(next) * rest;
          assertThat(y.getDouble(b, 0, t, i)).isCloseTo(last, within(1e-15));
        }
      }
    }
  }

  @Test
  void products_areThoseBetween() {
    INDArray a = random(1, 0, 1, 1, 1, 4, 1);
    Tape tape = Tape.detached();
    INDArray products = LinearScan.products(tape, tape.constant(a)).value();
    for (int t = 0; t < 4; t++) {
      for (int s = 0; s < 4; s++) {
        double expected = s <= t ? 1 : 0;
        for (int r = s + 1; r <= t; r++) {
          expected *= a.getDouble(0, 0, r, 0);
        }
        assertThat(products.getDouble(0, 0, t, s)).isCloseTo(expected, within(1e-15));
      }
    }
  }

  @Test
  void pullbacks_areTheDifferences() {
    GradientCheck.ofOne((tape, in) -> LinearScan.run(tape, in[0], in[1], in[2], in[3]))
        .input("a", random(1, 0, 1, 2, 2, 5, 1))
        .input("x", random(2, -1, 1, 2, 2, 5, 3))
        .input("start", random(3, -1, 1, 2, 2, 3))
        .input("tau", random(4, 0, 0.05, 2, 2, 5, 1))
        .run()
        .assertPassed();
    GradientCheck.ofOne((tape, in) -> LinearScan.products(tape, in[0]))
        .input("a", random(1, 0, 1, 2, 2, 5, 1))
        .run()
        .assertPassed();
  }
}
