package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a training run leaves when its process dies or its disk is full. */
@Tag("any-kernels")
class CrashTest {
  private static final long SEED = Long.getLong("zoo.test.seed", 20261122L);
  private static final int KILLS = 2;

  @TempDir Path folder;

  @Test
  void killedRun_endsInTheBitsOfAnUninterruptedOne() throws Exception {
    TrainResult expected = ChildRun.run(folder.resolve("whole"));
    Path killed = folder.resolve("killed");
    SplittableRandom random = new SplittableRandom(SEED);
    int kills = 0;
    while (kills < KILLS) {
      Process child = start(killed, List.of());
      awaitProgress(child, killed);
      Thread.sleep(random.nextInt(400));
      boolean alive = child.isAlive();
      child.destroyForcibly().waitFor();
      assertThat(Checkpoints.latest(killed.resolve("checkpoints"))).isDirectory();
      if (!alive) {
        break;
      }
      kills++;
    }
    assertThat(kills).as("kills before the run ended, seed %s", SEED).isPositive();
    TrainResult result = ChildRun.run(killed);
    assertThat(result.bestScore()).isEqualTo(expected.bestScore());
    assertThat(result.equals(expected)).as("the same history").isTrue();
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertThat(killed.resolve("checkpoints/step-150").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole/checkpoints/step-150").resolve(file));
    }
    assertThat(steps(killed.resolve("log.jsonl")))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, 150).boxed().toList());
  }

  @Test
  void secondProcess_isRefusedInOneLine() throws Exception {
    try (Checkpoints checkpoints = Checkpoints.open(folder.resolve("checkpoints"), 2)) {
      Process child = start(folder, List.of());
      String error = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(child.waitFor()).isEqualTo(3);
      assertThat(error).contains("must be used by one run at a time, got a second");
      assertThat(checkpoints.steps()).isEmpty();
    }
  }

  @Test
  void fullDisk_isReportedAndTheCheckpointBeforeStands() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a shell with ulimit");
    // A limit on file sizes fails a write as a full disk does; the log grows until it is reached.
    Process child = start(folder, List.of("/bin/sh", "-c", "ulimit -f 16; exec \"$@\"", "sh"));
    String error = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isEqualTo(3);
    assertThat(error).contains("can't be written");
    try (Stream<Path> entries = Files.list(folder.resolve("checkpoints"))) {
      assertThat(entries.map(entry -> entry.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".tmp"))
          .anyMatch(name -> name.startsWith("step-"));
    }
    assertThat(ChildRun.run(folder).end()).isEqualTo(TrainResult.End.FINISHED);
  }

  private static void awaitProgress(Process child, Path run) throws Exception {
    long before = lastStep(run);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (child.isAlive() && lastStep(run) == before) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  private static long lastStep(Path run) {
    Path checkpoints = run.resolve("checkpoints");
    try {
      Path name = Checkpoints.latest(checkpoints).getFileName();
      return Long.parseLong(name.toString().substring("step-".length()));
    } catch (IllegalArgumentException e) {
      return 0;
    }
  }

  private static Process start(Path run, List<String> prefix) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      // Bits are those of one kernel provider; the child must choose the one of this process.
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(ChildRun.class.getName());
    command.add(run.toString());
    Files.createDirectories(run);
    return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static List<Long> steps(Path log) throws IOException {
    List<Long> steps = new ArrayList<>();
    for (String text : Files.readAllLines(log)) {
      JsonNode line = Configs.json().readTree(text);
      if (line.path("event").asText().equals("step")) {
        steps.add(line.path("step").asLong());
      }
    }
    return steps;
  }
}
