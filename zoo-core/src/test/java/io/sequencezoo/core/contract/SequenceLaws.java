package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.MixerSubject.row;
import static io.sequencezoo.core.contract.MixerSubject.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Laws 1, 2, 3 and 6: what a sequence mixer does with time and batch. */
final class SequenceLaws {
  private SequenceLaws() {}

  /** One, two, and around the size of a chunk. */
  private static int[] steps(MixerSubject subject) {
    int chunk = subject.chunk();
    return new int[] {1, 2, chunk - 1, chunk, chunk + 1};
  }

  private static int longest(MixerSubject subject) {
    return subject.chunk() + 1;
  }

  /** Law 1: folding step over time gives what every solver gives, outputs and final state. */
  static void stepEqualsSequence(MixerSubject subject) {
    for (int batch : new int[] {1, 3}) {
      INDArray x = subject.input(11, batch, longest(subject));
      List<Result> folded = new ArrayList<>();
      State state = null;
      for (int t = 0; t < longest(subject); t++) {
        folded.add(subject.step(slice(x, t, t + 1), state));
        state = folded.get(t).state();
      }
      for (Solver solver : subject.solvers()) {
        for (int steps : steps(subject)) {
          String what = solver + " B=" + batch + " T=" + steps;
          Result whole = subject.forward(solver, slice(x, 0, steps), null, null);
          assertThat(whole.y().shape()).as(what).containsExactly(batch, steps, subject.width());
          for (int t = 0; t < steps; t++) {
            assertClose(
                what + " t=" + t,
                slice(whole.y(), t, t + 1),
                folded.get(t).y(),
                subject.tolerance());
          }
          assertClose(what, whole.state(), folded.get(steps - 1).state(), subject.tolerance());
        }
      }
    }
  }

  /** Law 2: a sequence in two parts, with the state handed over, is the whole sequence. */
  static void handOver(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      for (int split = 1; split < 9; split++) {
        handOver(subject, solver, 9, split);
      }
      handOver(subject, solver, 2, 1);
      int chunk = subject.chunk();
      for (int split : new int[] {1, chunk / 2, chunk - 1, chunk}) {
        handOver(subject, solver, longest(subject), split);
      }
    }
  }

  private static void handOver(MixerSubject subject, Solver solver, int steps, int split) {
    String what = solver + " T=" + steps + " split at " + split;
    INDArray x = subject.input(12, 3, steps);
    Result whole = subject.forward(solver, x, null, null);
    Result first = subject.forward(solver, slice(x, 0, split), null, null);
    Result second = subject.forward(solver, slice(x, split, steps), first.state(), null);
    assertClose(what, first.y(), slice(whole.y(), 0, split), subject.tolerance());
    assertClose(what, second.y(), slice(whole.y(), split, steps), subject.tolerance());
    assertClose(what, second.state(), whole.state(), subject.tolerance());
    if (split == steps - 1) {
      Result stepped = subject.step(slice(x, split, steps), first.state());
      assertClose(what + ", then a step", stepped.y(), second.y(), subject.tolerance());
    }
  }

  /** Law 3: changing {@code x_t} changes no {@code y_s} with s before t. */
  static void causality(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      INDArray x = subject.input(13, 2, longest(subject));
      INDArray y = subject.forward(solver, x, null, null).y();
      int chunk = subject.chunk();
      for (int t : new int[] {1, Math.max(1, chunk / 8), chunk / 2 + 1, chunk - 1, chunk}) {
        INDArray changed = x.dup('c');
        changed
            .get(NDArrayIndex.all(), NDArrayIndex.point(t), NDArrayIndex.all())
            .assign(subject.input(14, 2, 1).reshape(2, subject.width()).muli(2));
        INDArray other = subject.forward(solver, changed, null, null).y();
        String what = solver + " x changed at " + t;
        assertClose(what, slice(other, 0, t), slice(y, 0, t), subject.tolerance());
        assertThat(Close.values(slice(other, t, longest(subject))))
            .as("%s must change later outputs", what)
            .isNotEqualTo(Close.values(slice(y, t, longest(subject))));
      }
    }
  }

  /** Law 6, first half: rows are independent. */
  static void rowsAreIndependent(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      for (int steps : new int[] {7, longest(subject)}) {
        INDArray x = subject.input(15, 3, steps);
        INDArray together = subject.forward(solver, x, null, null).y();
        for (int b = 0; b < 3; b++) {
          INDArray alone = subject.forward(solver, row(x, b), null, null).y();
          String what = solver + " T=" + steps + " row " + b;
          assertClose(what, row(together, b), alone, subject.tolerance());
        }
      }
    }
  }

  /** Law 6, second half: padded positions change no valid outputs. */
  static void paddingChangesNothing(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      for (int[] lengths : new int[][] {{9, 4, 1}, {longest(subject), subject.chunk(), 3}}) {
        int steps = lengths[0];
        INDArray x = padded(subject, lengths);
        Result padded = subject.forward(solver, x, null, lengths);
        assertThat(Arrays.stream(Close.values(padded.y())).allMatch(Double::isFinite))
            .as("%s: padded outputs must be finite, since products over time read them", solver)
            .isTrue();
        for (int b = 0; b < 3; b++) {
          String what = solver + " T=" + steps + " length " + lengths[b];
          Result alone = subject.forward(solver, slice(row(x, b), 0, lengths[b]), null, null);
          INDArray valid = slice(row(padded.y(), b), 0, lengths[b]);
          assertClose(what, valid, alone.y(), subject.tolerance());
          assertThat(padded.state().consumed()[b]).as(what).isEqualTo(lengths[b]);
        }
      }
    }
  }

  /** An input whose padding is large enough to be seen wherever it leaks. */
  private static INDArray padded(MixerSubject subject, int[] lengths) {
    INDArray x = subject.input(16, 3, lengths[0]);
    for (int b = 0; b < 3; b++) {
      for (int t = lengths[b]; t < lengths[0]; t++) {
        x.get(NDArrayIndex.point(b), NDArrayIndex.point(t), NDArrayIndex.all()).muli(50);
      }
    }
    return x;
  }

  /** Nor do they change what follows. */
  static void paddedStatesContinue(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      for (int[] lengths : new int[][] {{9, 4, 1}, {longest(subject), subject.chunk(), 3}}) {
        INDArray x = padded(subject, lengths);
        INDArray more = subject.input(17, 3, 2);
        State state = subject.forward(solver, x, null, lengths).state();
        INDArray after = subject.forward(solver, more, state, null).y();
        for (int b = 0; b < 3; b++) {
          INDArray valid = slice(row(x, b), 0, lengths[b]);
          State alone = subject.forward(solver, valid, null, null).state();
          INDArray next = subject.forward(solver, row(more, b), alone, null).y();
          String what = solver + " T=" + lengths[0] + " continued after " + lengths[b];
          assertClose(what, row(after, b), next, subject.tolerance());
        }
      }
    }
  }
}
