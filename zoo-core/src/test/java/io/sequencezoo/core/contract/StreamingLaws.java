package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.Close.assertSame;
import static io.sequencezoo.core.contract.MixerSubject.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.io.StateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Law 2 over files: a stream may stop after any token and go on in another process. */
final class StreamingLaws {
  private static final int STEPS = 70;
  private static final int BATCH = 2;

  /** At random. */
  private static final int[] CUTS = {17, 18, 49, 66};

  /** Token by token, in odd pieces, around the size of a chunk. */
  private static final int[][] MORE_CUTS = {{1, 2, 3, 4, 5}, {3, 10, 23, 24, 57}, {63, 64, 65}};

  private StreamingLaws() {}

  /** Pieces, with the state on disk between them, are the whole sequence. */
  static void throughFiles(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      check(subject, solver, CUTS);
    }
    for (int[] cuts : MORE_CUTS) {
      check(subject, Solver.AUTO, cuts);
    }
  }

  private static void check(MixerSubject subject, Solver solver, int[] cuts) {
    INDArray x = subject.input(51, BATCH, STEPS);
    Result whole = subject.forward(solver, x, null, null);
    State state = null;
    int from = 0;
    for (int i = 0; i <= cuts.length; i++) {
      int to = i < cuts.length ? cuts[i] : STEPS;
      INDArray piece = slice(x, from, to);
      // Single tokens take turns between a step and a sequence of one.
      Result result =
          to - from == 1 && i % 2 == 1
              ? subject.step(piece, state)
              : subject.forward(solver, piece, state, null);
      String what = solver + " tokens " + from + " to " + to;
      assertClose(what, result.y(), slice(whole.y(), from, to), subject.tolerance());
      state = throughFile(subject, result.state());
      from = to;
    }
    assertClose(solver + " at the end", state, whole.state(), subject.tolerance());
  }

  /** Writes and reads a state; every bit must come back. */
  private static State throughFile(MixerSubject subject, State state) {
    State like =
        subject
            .mixer(Solver.AUTO)
            .initialState(
                Context.inference(Tape.detached(), subject.parameters()), BATCH, subject.type());
    State loaded;
    try {
      Path file = Files.createTempFile("contract", ".safetensors");
      try {
        StateFiles.save(file, state, Map.of());
        loaded = StateFiles.load(file, like);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(loaded.parts().keySet()).containsExactlyElementsOf(state.parts().keySet());
    assertThat(loaded.consumed()).containsExactly(state.consumed());
    state
        .parts()
        .forEach(
            (name, part) -> {
              assertThat(loaded.get(name).type()).isEqualTo(part.type());
              assertSame("state " + name, loaded.get(name).value(), part.value());
            });
    return loaded;
  }
}
