package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertSame;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.io.ParameterFiles;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Laws 7, 8 and 10: the same bits again, from other threads, from files, in used memory. */
final class ReproducibilityLaws {
  /** Tokens that one tape steps through: more than a cache of attention has room for at first. */
  private static final int REPEATED = 40;

  private ReproducibilityLaws() {}

  /** Law 7: same seed, same bits, whatever the number of threads. */
  static void threadsChangeNoBit(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      sameForAnyThreads(solver + ": ", () -> everything(subject, solver));
    }
    Parameters again = Parameters.of(subject.mixer(Solver.AUTO), subject.type(), subject.seed());
    MixerSubject.stir(again);
    assertSame("parameters of the same seed", again.values(), subject.parameters().values());
  }

  /** Runs with 1, 2 and 3 threads and compares all arrays. */
  static void sameForAnyThreads(String what, Supplier<List<INDArray>> run) {
    int before = Parallel.threads();
    try {
      Parallel.setThreads(1);
      List<INDArray> reference = run.get();
      for (int threads = 2; threads <= 3; threads++) {
        Parallel.setThreads(threads);
        assertAllSame(what + threads + " threads", run.get(), reference);
      }
    } finally {
      Parallel.setThreads(before);
    }
  }

  /** Law 8: JSON, YAML and safetensors and back, byte for byte and bit for bit. */
  static void roundTrip(MixerSubject subject) {
    MixerConfig again = (MixerConfig) roundTrip(subject.config());
    Parameters loaded =
        Parameters.of(again.build(MixerConfig.Place.alone(subject.width())), subject.type(), 99);
    throughFile(subject.parameters(), loaded);
    INDArray x = subject.input(41, 2, 9);
    Result expected = subject.forward(Solver.AUTO, x, null, null);
    Result actual = subject.forward(Solver.AUTO, loaded, x, null, null);
    assertSame("outputs after the round trip", actual.y(), expected.y());
  }

  /** Writes and reads a configuration as JSON and YAML; returns what was read. */
  static BlockConfig roundTrip(BlockConfig config) {
    try {
      String json = Configs.write(config);
      BlockConfig again = Configs.read("contract", json, BlockConfig.class);
      assertThat(again).isEqualTo(config);
      assertThat(Configs.write(again)).isEqualTo(json);
      String yaml = Configs.yaml().writeValueAsString(config);
      BlockConfig fromYaml = Configs.read("contract", yaml, BlockConfig.class);
      assertThat(fromYaml).isEqualTo(config);
      assertThat(Configs.yaml().writeValueAsString(fromYaml)).isEqualTo(yaml);
      return again;
    } catch (JsonProcessingException e) {
      throw new AssertionError(config + ": can't be written", e);
    }
  }

  /** Saves some parameters and loads them into others, which then hold the same bits. */
  static void throughFile(Parameters from, Parameters to) {
    try {
      Path file = Files.createTempFile("contract", ".safetensors");
      try {
        ParameterFiles.save(from, file, Map.of());
        ParameterFiles.load(file, to);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertSame("weights after the round trip", to.values(), from.values());
  }

  /** Law 10: memory that holds NaN before use changes nothing. */
  static void poisonChangesNoBit(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      List<INDArray> clean = everything(subject, solver);
      List<INDArray> poisoned = new ArrayList<>();
      Poison.during(() -> poisoned.addAll(everything(subject, solver)));
      assertAllSame(solver + ": poisoned", poisoned, clean);
    }
  }

  /** Outputs, states and gradients of ragged and of whole batches. */
  private static List<INDArray> everything(MixerSubject subject, Solver solver) {
    List<INDArray> results = new ArrayList<>();
    int steps = subject.chunkAndRest();
    for (int[] lengths : new int[][] {null, {steps, steps / 3, 1}}) {
      INDArray x = subject.input(42, 3, steps);
      Result result = subject.forward(solver, x, null, lengths);
      addValid(results, result, lengths);
      INDArray cotangent = subject.input(43, 3, steps);
      List<INDArray> gradients = subject.gradients(solver, x, cotangent, lengths);
      results.addAll(gradients.subList(lengths == null ? 0 : 2, gradients.size()));
    }
    return results;
  }

  /** Laws 7 and 10 for a step after ragged and whole batches. */
  static void stepsAreReproducible(MixerSubject subject) {
    sameForAnyThreads("step: ", () -> steps(subject));
    List<INDArray> clean = steps(subject);
    List<INDArray> poisoned = new ArrayList<>();
    Poison.during(() -> poisoned.addAll(steps(subject)));
    assertAllSame("step: poisoned", poisoned, clean);
  }

  /**
   * Law 10: steps that write to each other's arrays give what steps with arrays of their own do.
   */
  static void startingOverChangesNoBit(MixerSubject subject) {
    INDArray x = subject.input(45, 2, REPEATED);
    List<INDArray> apart = new ArrayList<>();
    State state = null;
    for (int t = 0; t < REPEATED; t++) {
      Result result = subject.step(MixerSubject.slice(x, t, t + 1), state);
      apart.add(result.y());
      state = result.state();
    }
    List<INDArray> repeated = new ArrayList<>();
    Poison.during(() -> repeated.addAll(subject.repeatedSteps(x)));
    assertAllSame("step after step", repeated, apart);
  }

  private static List<INDArray> steps(MixerSubject subject) {
    List<INDArray> results = new ArrayList<>();
    int steps = subject.chunkAndRest();
    for (Solver solver : subject.solvers()) {
      for (int[] lengths : new int[][] {null, {steps, steps / 3, 1}}) {
        State state = subject.forward(solver, subject.input(42, 3, steps), null, lengths).state();
        results.add(subject.step(subject.input(44, 3, 1), state).y());
      }
    }
    return results;
  }

  private static void addValid(List<INDArray> results, Result result, int[] lengths) {
    for (int b = 0; b < 3; b++) {
      int length = lengths == null ? (int) result.y().size(1) : lengths[b];
      results.add(MixerSubject.slice(MixerSubject.row(result.y(), b), 0, length));
    }
    if (lengths == null) {
      State state = result.state();
      state.parts().values().forEach(part -> results.add(part.value()));
    }
  }

  /** Compares lists of arrays bit for bit. */
  static void assertAllSame(String what, List<INDArray> actual, List<INDArray> expected) {
    assertThat(actual.size()).as(what).isEqualTo(expected.size());
    for (int i = 0; i < expected.size(); i++) {
      assertSame(what + ", array " + i, actual.get(i), expected.get(i));
    }
  }
}
