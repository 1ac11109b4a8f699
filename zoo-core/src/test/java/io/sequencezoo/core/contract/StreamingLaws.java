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
import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Law 2 over files: a stream may stop after any token and go on in another process. */
final class StreamingLaws {
  private static final int BATCH = 2;

  /** In a chunk of 64. */
  private static final int[] ODD_CUTS = {3, 10, 23, 24, 57};

  private StreamingLaws() {}

  /** Pieces, with the state on disk between them, are the whole sequence. */
  static void throughFiles(MixerSubject subject) {
    int chunk = subject.chunk();
    int[] atRandom = {chunk / 4 + 1, chunk / 4 + 2, chunk * 3 / 4 + 1, chunk + 2};
    for (Solver solver : subject.solvers()) {
      check(subject, solver, atRandom);
    }
    int[] tokenByToken = {1, 2, 3, 4, 5};
    int[] oddPieces =
        Arrays.stream(ODD_CUTS).map(cut -> 1 + (cut - 1) * chunk / 64).distinct().toArray();
    int[] aroundChunk = {chunk - 1, chunk, chunk + 1};
    for (int[] cuts : new int[][] {tokenByToken, oddPieces, aroundChunk}) {
      check(subject, Solver.AUTO, cuts);
    }
  }

  private static void check(MixerSubject subject, Solver solver, int[] cuts) {
    int steps = subject.chunk() + 6;
    INDArray x = subject.input(51, BATCH, steps);
    Result whole = subject.forward(solver, x, null, null);
    State state = null;
    int from = 0;
    for (int i = 0; i <= cuts.length; i++) {
      int to = i < cuts.length ? cuts[i] : steps;
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
