package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.MixerSubject.outside;
import static io.sequencezoo.core.contract.MixerSubject.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Law 6 for sequences packed into one row: each is what it is alone, gradients included. */
final class PackingLaws {

  private static final long SEED = 6;

  private PackingLaws() {}

  /** So that more than one batch is run: the long one would make too much padding of the others. */
  private static PackedSequences sequences(MixerSubject subject) {
    return PackedSequences.ofLengths(3, 1, Math.max(40, subject.chunk() + 6), 5, 2);
  }

  static void packedIsAlone(MixerSubject subject) {
    PackedSequences sequences = sequences(subject);
    assertThat(sequences.batches()).hasSizeGreaterThan(1);
    INDArray x = subject.input(61, 1, sequences.total());
    INDArray cotangent = subject.input(62, 1, sequences.total());
    for (Solver solver : subject.solvers()) {
      List<INDArray> together = gradients(subject, solver, sequences, x, cotangent);
      List<INDArray> sums = new ArrayList<>();
      for (int i = 0; i < sequences.count(); i++) {
        int from = sequences.start(i);
        int to = sequences.start(i + 1);
        String what = solver + " sequence " + i;
        List<INDArray> alone =
            subject.gradients(solver, slice(x, from, to), slice(cotangent, from, to), null);
        assertClose(
            what + " outputs", slice(together.get(0), from, to), alone.get(0), subject.tolerance());
        assertClose(
            what + " gradient",
            slice(together.get(1), from, to),
            alone.get(1),
            subject.tolerance());
        for (int p = 2; p < alone.size(); p++) {
          if (i == 0) {
            sums.add(alone.get(p));
          } else {
            sums.get(p - 2).addi(alone.get(p));
          }
        }
      }
      for (int p = 0; p < sums.size(); p++) {
        String what = solver + " gradient of " + subject.parameters().specs().get(p).name();
        assertClose(what, together.get(p + 2), sums.get(p), subject.tolerance());
      }
    }
  }

  /** Outputs, gradient of the input, and gradients of the parameters. */
  private static List<INDArray> gradients(
      MixerSubject subject,
      Solver solver,
      PackedSequences sequences,
      INDArray x,
      INDArray cotangent) {
    subject.parameters().zeroGradients();
    try (Tape tape = Tape.training()) {
      Context context =
          MixerSubject.offering(Context.training(tape, subject.parameters(), SEED), x)
              .withSequences(sequences);
      Variable input = tape.variable(x);
      Variable y = subject.mixer(solver).forward(context, input, null).outputs();
      tape.backward(List.of(y), List.of(cotangent));
      List<INDArray> results = new ArrayList<>();
      results.add(outside(y.value()));
      results.add(outside(input.gradient()));
      for (ParameterSpec spec : subject.parameters().specs()) {
        results.add(outside(subject.parameters().gradient(spec.name())));
      }
      return results;
    }
  }

  /** The packed states continue other packed sequences, as each would alone. */
  static void packedContinue(MixerSubject subject) {
    PackedSequences sequences = sequences(subject);
    INDArray x = subject.input(61, 1, sequences.total());
    for (Solver solver : subject.solvers()) {
      continues(subject, solver, sequences, x);
    }
  }

  private static void continues(
      MixerSubject subject, Solver solver, PackedSequences sequences, INDArray x) {
    PackedSequences next = PackedSequences.ofLengths(1, subject.chunk() + 2, 2, 3, 1);
    INDArray more = subject.input(63, 1, next.total());
    Result first = run(subject, solver, sequences, x, null);
    Result second = run(subject, solver, next, more, first.state());
    for (int i = 0; i < sequences.count(); i++) {
      State state =
          subject
              .forward(solver, slice(x, sequences.start(i), sequences.start(i + 1)), null, null)
              .state();
      INDArray own = slice(more, next.start(i), next.start(i + 1));
      Result alone = subject.forward(solver, own, state, null);
      String what = solver + " sequence " + i + " continued";
      assertClose(
          what,
          slice(second.y(), next.start(i), next.start(i + 1)),
          alone.y(),
          subject.tolerance());
      assertThat(second.state().consumed()[i]).as(what).isEqualTo(alone.state().consumed()[0]);
    }
  }

  private static Result run(
      MixerSubject subject, Solver solver, PackedSequences sequences, INDArray x, State initial) {
    try (Tape tape = Tape.inference()) {
      Context context =
          MixerSubject.offering(Context.inference(tape, subject.parameters()), x)
              .withSequences(sequences);
      Evolution evolution = subject.mixer(solver).forward(context, tape.constant(x), initial);
      return Result.of(evolution);
    }
  }
}
