package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.io.Halt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An experiment whose process ends at a step of its writing - a file or folder is forced, or
 * renamed - goes on to the results of one that was never interrupted.
 */
class HaltTest {
  private static final long SEED = Long.getLong("zoo.test.seed", 20261128L);
  private static final int SAMPLE = 3;

  @TempDir Path folder;

  @Test
  void someSteps_ofAllThatWriteSurviveAHalt() throws Exception {
    JsonNode expected = uninterrupted();
    int steps = Halt.steps();
    SplittableRandom random = new SplittableRandom(SEED);
    check(random.ints(SAMPLE, 0, steps).toArray(), expected);
  }

  @Test
  @Tag("fuzz")
  void everyStep_ofAllThatWriteSurvivesAHalt() throws Exception {
    JsonNode expected = uninterrupted();
    int steps = Halt.steps();
    check(IntStream.range(0, steps).toArray(), expected);
    System.out.println("halts: " + steps + " processes, one at every force and rename");
  }

  private JsonNode uninterrupted() throws IOException {
    Halt.before(-1);
    Path whole = folder.resolve("whole");
    HaltedRun.run(whole);
    return TinyExperiment.comparable(whole);
  }

  private void check(int[] steps, JsonNode expected) throws Exception {
    for (int step : steps) {
      Path own = folder.resolve("halted-" + step);
      assertThat(start(own, step))
          .as("exit code, halted before step %s", step)
          .isEqualTo(Halt.EXIT_CODE);
      HaltedRun.run(own);
      assertThat(TinyExperiment.comparable(own))
          .as("results after a halt before step %s, seed %s", step, SEED)
          .isEqualTo(expected);
      try (Stream<Path> files = Files.walk(own)) {
        assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
      }
    }
  }

  private static int start(Path folder, int step) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      // Bits are those of one kernel provider; the child must choose the one of this process.
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(HaltedRun.class.getName());
    command.add(folder.toString());
    command.add(Integer.toString(step));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
