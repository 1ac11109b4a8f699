package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.MixerSubject.row;
import static io.sequencezoo.core.contract.MixerSubject.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Solver;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Laws 1, 4 and 6 where numbers aren't finite: nothing that was broken may look whole again. */
final class NonFiniteLaws {
  private static final int STEPS = 4;

  /** What a diverged model, uninitialised memory, or an overflow leaves behind. */
  static final double[] POISONS = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e30
  };

  private NonFiniteLaws() {}

  /**
   * A step after NaN is finite exactly where the whole sequence is. After infinity it isn't finite
   * where no solver is: which infinities meet, and cancel to NaN, depends on the order of sums.
   */
  static void stepEqualsSequence(MixerSubject subject) {
    for (double poison : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      for (int at : new int[] {1, STEPS - 1}) {
        INDArray x = subject.input(31, 2, STEPS);
        x.get(NDArrayIndex.point(0), NDArrayIndex.point(at), NDArrayIndex.all()).assign(poison);
        step(subject, x, poison + " at t=" + at, Double.isNaN(poison));
      }
    }
  }

  private static void step(MixerSubject subject, INDArray x, String what, boolean exactly) {
    boolean[] finiteSomewhere = new boolean[subject.width()];
    boolean[] finiteEverywhere = new boolean[subject.width()];
    Arrays.fill(finiteEverywhere, true);
    double[] stepped = null;
    for (Solver solver : subject.solvers()) {
      INDArray last = slice(subject.forward(solver, x, null, null).y(), STEPS - 1, STEPS);
      Result before = subject.forward(solver, slice(x, 0, STEPS - 1), null, null);
      INDArray y = subject.step(slice(x, STEPS - 1, STEPS), before.state()).y();
      assertClose(solver + ": other row, " + what, row(y, 1), row(last, 1), subject.tolerance());
      double[] whole = Close.values(row(last, 0));
      stepped = Close.values(row(y, 0));
      for (int i = 0; i < whole.length; i++) {
        finiteSomewhere[i] |= Double.isFinite(whole[i]);
        finiteEverywhere[i] &= Double.isFinite(whole[i]);
      }
    }
    for (int i = 0; i < stepped.length; i++) {
      boolean finite = Double.isFinite(stepped[i]);
      assertThat(finite ? finiteSomewhere[i] : !(exactly && finiteEverywhere[i]))
          .as("%s: entry %s of the step's output, %s, must be as finite as", what, i, stepped[i])
          .isTrue();
    }
  }

  /**
   * NaN in a valid token reaches the gradients of parameters, so that training notices; a block
   * that has none leaves it to those that see its outputs.
   */
  static void gradientsShowNaN(MixerSubject subject) {
    if (subject.parameters().specs().isEmpty()) {
      return;
    }
    INDArray x = subject.input(32, 2, STEPS);
    x.get(NDArrayIndex.point(0), NDArrayIndex.point(1), NDArrayIndex.all()).assign(Double.NaN);
    INDArray cotangent = subject.input(33, 2, STEPS);
    for (Solver solver : subject.solvers()) {
      List<INDArray> results = subject.gradients(solver, x, cotangent, null);
      assertThat(results.subList(2, results.size()))
          .as("%s: gradients of parameters after NaN at t=1", solver)
          .anyMatch(gradient -> !Arrays.stream(Close.values(gradient)).allMatch(Double::isFinite));
    }
  }

  /** What padding holds changes no bit of valid outputs, states, and gradients. */
  static void paddingHoldsAnything(MixerSubject subject) {
    int[] lengths = {7, 3, 0};
    INDArray x = subject.input(34, 3, 7);
    INDArray cotangent = subject.input(35, 3, 7);
    padding(cotangent, lengths, 0);
    padding(x, lengths, 0);
    for (Solver solver : subject.solvers()) {
      List<INDArray> expected = subject.gradients(solver, x, cotangent, lengths);
      Result clean = subject.forward(solver, x, null, lengths);
      for (double poison : POISONS) {
        INDArray poisoned = padding(x.dup('c'), lengths, poison);
        String what = solver + ": padding of " + poison;
        List<INDArray> actual = subject.gradients(solver, poisoned, cotangent, lengths);
        for (int i = 0; i < expected.size(); i++) {
          Close.assertSame(what + ", result " + i, actual.get(i), expected.get(i));
        }
        Result result = subject.forward(solver, poisoned, null, lengths);
        Close.assertSame(what, result.y(), clean.y());
        clean
            .state()
            .parts()
            .forEach(
                (name, part) ->
                    Close.assertSame(
                        what + ", state " + name, result.state().get(name).value(), part.value()));
      }
    }
  }

  /** Sets what padded positions hold. */
  static INDArray padding(INDArray x, int[] lengths, double value) {
    for (int b = 0; b < lengths.length; b++) {
      if (lengths[b] < x.size(1)) {
        x.get(
                NDArrayIndex.point(b),
                NDArrayIndex.interval(lengths[b], x.size(1)),
                NDArrayIndex.all())
            .assign(value);
      }
    }
    return x;
  }
}
